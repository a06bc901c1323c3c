//! Clocks that are wrong, or jump. Nothing that is still of use goes, whatever this computer's clock says, or one
//! relay's; and what is over by both goes in the end.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::support::{
    PATIENCE,
    clocked_relay::ClockedRelay,
    downloads::{age_files, cut_off_with_clock, get_one, staging},
    fault_proxy::FaultProxy,
    keys::age_key,
    random::noise,
    test_env::{Sent, TestEnv, files_below},
    until_some,
    uploads::{BYTES, cut_off_upload, journals, killed_at, send_case},
};

const DAY: Duration = Duration::from_secs(24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);
const FORTY_DAYS: i64 = 40 * 24 * 3600;

/// How far a clock is off when something is begun, as libfaketime takes it and in hours, and when it goes on. The last
/// was long ago.
const CLOCKS: [(&str, i64, &str); 5] =
    [("+3d", 72, "+3d"), ("+0", 0, "+40d"), ("+40d", 960, "+0"), ("-3d", -72, "-3d"), ("-50y", -438_000, "+0")];

/// What is kept of tickets.
fn tickets(env: &TestEnv) -> Vec<PathBuf> {
    files_below(&env.path("home/.local/share/share/tickets"))
}

/// A relay whose clock is far ahead, with a small share on it, to be fetched with `key.txt`.
fn elsewhere(env: &TestEnv) -> (ClockedRelay, Sent) {
    let relay = ClockedRelay::start(&env.path("elsewhere"));
    relay.pass(400 * DAY);
    let key = fs::read_to_string(env.path("key.txt")).unwrap();
    let key = key.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let send = env.share(["send", "--json", "--recipient", key, "--relay", &relay.url]).arg(env.file("small", "x"));
    let link = send.succeeds().link();
    (relay, Sent { link, words: PathBuf::new() })
}

#[test]
fn a_download_goes_on_by_whatever_clock_it_was_begun_and_goes_on() {
    for (then, hours, now) in CLOCKS {
        let case = format!("begun at {then}, at {now}");
        let (env, _relay, proxy, sent) = cut_off_with_clock("7d", then);
        // As files are that were written by such a clock.
        for folder in [staging(&env), env.path("home")] {
            age_files(&folder, -hours);
        }
        let (_elsewhere, other) = elsewhere(&env);
        get_one(&env, &other).clock(now).within(PATIENCE).exits(0);
        assert!(staging(&env).exists() && tickets(&env).len() == 1, "{case}");
        let outcome = get_one(&env, &sent.through(&proxy.url)).clock(now).within(PATIENCE).exits(0);
        outcome.says("Going on with an earlier download: ");
        assert!(fs::read(env.path("in/case.bin")).unwrap() == noise(24 << 20), "{case}");
        assert_eq!(env.events(&sent), ["created", "ready", "ticket", "receipt", "collected"], "{case}");
        assert_eq!(tickets(&env), [] as [PathBuf; 0], "{case}");
    }
}

#[test]
fn what_was_left_of_a_download_goes_when_both_clocks_say_so() {
    for end in ["time", "revoke"] {
        let (env, relay, _proxy, sent) = cut_off_with_clock("100d", "+0");
        let (staging, (_elsewhere, other)) = (staging(&env), elsewhere(&env));
        let all_old = || [&staging, &env.path("home")].into_iter().for_each(|folder| age_files(folder, 62 * 24));
        let get = || get_one(&env, &other).within(PATIENCE).exits(0);
        all_old();
        get();
        assert!(staging.exists() && tickets(&env).len() == 1, "{end}: by this computer's clock alone");
        match end {
            "time" => relay.pass(62 * DAY),
            _ => drop(env.share(["revoke", &sent.link]).succeeds()),
        }
        get();
        assert!(staging.exists() && tickets(&env).len() == 1, "{end}: by the relay's clock alone");
        all_old();
        get().says("Removed what was left of an old download of http://127.0.0.1:");
        assert_eq!((staging.exists(), tickets(&env)), (false, vec![]), "{end}");
    }
}

/// Removes a share under its relay, which may still be writing down what was not sent.
fn lose(share: &Path) {
    until_some("the share is gone", || {
        let _ = fs::remove_dir_all(share);
        (!share.exists()).then_some(())
    });
}

#[test]
fn what_its_relay_does_not_know_goes_when_both_clocks_say_so() {
    let (env, relay, _proxy, sent) = cut_off_with_clock("100d", "+0");
    lose(&env.path("relay/shares").join(sent.id()));
    let (staging, (_elsewhere, other)) = (staging(&env), elsewhere(&env));
    let all_old = || [&staging, &env.path("home")].into_iter().for_each(|folder| age_files(folder, 62 * 24));
    let get = || get_one(&env, &other).within(PATIENCE).exits(0);
    all_old();
    get();
    assert!(staging.exists() && tickets(&env).len() == 1, "by this computer's clock alone");
    relay.pass(62 * DAY);
    get();
    assert!(staging.exists() && tickets(&env).len() == 1, "by the relay's clock alone");
    all_old();
    get().says("Removed what was left of an old download of http://127.0.0.1:");
    assert_eq!((staging.exists(), tickets(&env)), (false, vec![]));
}

#[test]
fn an_upload_that_its_relay_does_not_know_stays_until_it_was_asked_again_and_again() {
    let (env, relay, _proxy, _) = cut_off_upload();
    let shares = fs::read_dir(env.path("relay/shares")).unwrap();
    shares.for_each(|share| lose(&share.unwrap().path()));
    let (kept, other) = (journals(&env), env.file("other", "x"));
    for asked in 1..=6 {
        assert_eq!(journals(&env), kept, "asked {asked} times");
        age_files(&env.path("home"), 73);
        env.share(["send", "--relay", &relay.url]).arg(&other).succeeds();
    }
    assert_eq!(journals(&env), [] as [PathBuf; 0]);
}

#[test]
fn what_was_left_of_a_download_goes_if_its_relay_was_asked_in_vain_for_long() {
    let (env, relay, proxy, _) = cut_off_with_clock("7d", "+0");
    let staging = staging(&env);
    drop((relay, proxy));
    let (_elsewhere, other) = elsewhere(&env);
    for asked in 1..=6 {
        assert!(staging.exists() && tickets(&env).len() == 1, "asked {asked} times");
        [&staging, &env.path("home")].into_iter().for_each(|folder| age_files(folder, 3650 * 24));
        get_one(&env, &other).within(PATIENCE).exits(0);
    }
    assert_eq!((staging.exists(), tickets(&env)), (false, vec![]));
}

#[test]
fn a_relay_that_says_too_early_that_it_is_over_costs_no_download() {
    let (env, relay, proxy, sent) = cut_off_with_clock("2h", "+0");
    relay.jump(FORTY_DAYS);
    let outcome = get_one(&env, &sent.through(&proxy.url)).within(PATIENCE).exits(5);
    outcome.says("It expired on ").says("By this computer's clock it has not, so what was downloaded is kept in ");
    relay.jump(-FORTY_DAYS);
    let outcome = get_one(&env, &sent.through(&proxy.url)).within(PATIENCE).exits(0);
    outcome.says("Going on with an earlier download: ");
    assert_eq!(env.events(&sent), ["created", "ready", "ticket", "receipt", "collected"]);
}

#[test]
fn an_upload_goes_on_by_whatever_clock_it_was_begun_and_goes_on() {
    for (then, hours, now) in CLOCKS {
        let case = format!("begun at {then}, at {now}");
        let (env, relay) = TestEnv::with_relay();
        let proxy = FaultProxy::holding_request(&relay.url, "/parts/3 ");
        env.file("case.bin", noise(BYTES));
        let link = killed_at(&proxy, &env, send_case(&env, &proxy.url, &[]).clock(then));
        age_files(&env.path("home"), -hours);
        let kept = journals(&env);
        // Each of these looks for what is over.
        env.share(["list"]).clock(now).succeeds();
        let (key, other) = (age_key(&env, "key.txt"), env.file("other", "x"));
        env.share(["send", "--recipient", &key, "--relay", &relay.url]).arg(other).clock(now).succeeds();
        assert_eq!(journals(&env), kept, "{case}");
        env.share(["resume"]).clock(now).succeeds();
        assert_eq!(journals(&env), [] as [PathBuf; 0], "{case}");
        env.get(&Sent { link, words: env.path("words") }.through(&relay.url), "in").succeeds();
        assert!(fs::read(env.path("in/case.bin")).unwrap() == noise(BYTES), "{case}");
    }
}

#[test]
fn what_was_left_of_an_upload_goes_when_both_clocks_say_so() {
    let (env, relay, _proxy, _) = cut_off_upload();
    let kept = journals(&env);
    let other = env.file("other", "x");
    let send = || drop(env.share(["send", "--relay", &relay.url]).arg(&other).succeeds());
    age_files(&env.path("home"), 73);
    send();
    assert_eq!(journals(&env), kept, "by this computer's clock alone");
    relay.pass(73 * HOUR);
    send();
    assert_eq!(journals(&env), kept, "by the relay's clock alone");
    age_files(&env.path("home"), 73);
    send();
    assert_eq!(journals(&env), [] as [PathBuf; 0]);
}

#[test]
fn a_relay_that_says_too_early_that_it_is_over_ends_no_upload() {
    let (env, relay, _proxy, _) = cut_off_upload();
    let kept = journals(&env);
    relay.jump(FORTY_DAYS);
    let told = env.share(["resume", "--json"]).output().fails(5, "expired");
    assert!(told["hint"].as_str().unwrap().starts_with("By this computer's clock it has not"), "{told}");
    assert_eq!(journals(&env), kept);
    assert!(env.path("words").exists());
    relay.jump(-FORTY_DAYS);
    env.share(["resume"]).succeeds();
}

/// A date so many days from now, and the time it ends, as standard output has it.
fn date(days: i64) -> (String, String) {
    let day = |days| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        share::time::rfc3339((now + days * 24 * 3600) as u64)[..10].to_owned()
    };
    (day(days), format!("{}T00:00:00Z", day(days + 1)))
}

#[test]
fn a_date_is_counted_to_by_the_relays_clock() {
    let (env, relay) = TestEnv::with_relay();
    let file = env.file("case.bin", "x");
    let send = |date: &str, clock: &str| {
        env.share(["send", "--json", "--relay", &relay.url, "--expires", date]).arg(&file).clock(clock)
    };
    let (near, end) = date(10);
    for clock in ["+0", "+40d", "-3d", "-50y"] {
        let sent = send(&near, clock).succeeds().json();
        // But for the seconds between asking the relay for its time and creating the share.
        let expires = sent[0]["expires"].as_str().unwrap();
        assert_eq!(expires[..18], end[..18], "{clock}");
    }
    let told = send(&date(-1).0, "-40d").output().fails(2, "usage");
    assert!(told["message"].as_str().unwrap().contains(" is over by the relay's clock, where it is "), "{told}");
}

#[test]
fn who_fetches_is_told_that_clocks_differ() {
    let (env, relay) = TestEnv::with_relay();
    let sent = env.send(&relay.url, [env.file("case.bin", "x")]);
    let told = "By the relay's clock it is ";
    env.get(&sent, "in").clock("+3d").succeeds().says(told);
    let outcome = env.get(&sent, "in").succeeds();
    assert!(!outcome.stderr().contains(told), "{outcome:?}");
}
