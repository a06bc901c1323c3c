//! Clocks that are wrong, or jump. Nothing that is still of use goes, whatever this computer's clock says, or one
//! relay's; and what is over by both goes in the end.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{
    clocked_relay::ClockedRelay,
    download_resume::{age, cut_off_with_clock, get_one, staging},
    interruptions::LIMIT,
    proxy::Proxy,
    round_trips::noise,
    stock_tools::age_key,
    upload_resume::{BYTES, journals, killed_at, send},
    world::{Sent, World, files_below, until},
};

const DAY: Duration = Duration::from_secs(24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);
const FORTY_DAYS: i64 = 40 * 24 * 3600;

/// How far a clock is off when something is begun, as libfaketime takes it and in hours, and when it goes on. The last
/// was long ago.
const CLOCKS: [(&str, i64, &str); 5] =
    [("+3d", 72, "+3d"), ("+0", 0, "+40d"), ("+40d", 960, "+0"), ("-3d", -72, "-3d"), ("-50y", -438_000, "+0")];

/// What is kept of tickets.
fn tickets(world: &World) -> Vec<PathBuf> {
    files_below(&world.path("home/.local/share/share/tickets"))
}

/// A relay whose clock is far ahead, with a small share on it, to be fetched with `key.txt`.
fn elsewhere(world: &World) -> (ClockedRelay, Sent) {
    let relay = ClockedRelay::start(&world.path("elsewhere"));
    relay.pass(400 * DAY);
    let key = fs::read_to_string(world.path("key.txt")).unwrap();
    let key = key.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let send = world.share(["send", "--json", "--recipient", key, "--relay", &relay.url]).arg(world.file("small", "x"));
    let link = send.succeeds().json()[0]["link"].as_str().unwrap().to_owned();
    (relay, Sent { link, words: PathBuf::new() })
}

#[test]
fn a_download_goes_on_by_whatever_clock_it_was_begun_and_goes_on() {
    for (then, hours, now) in CLOCKS {
        let case = format!("begun at {then}, at {now}");
        let (world, _relay, gate, sent) = cut_off_with_clock("7d", then);
        // As files are that were written by such a clock.
        for folder in [staging(&world), world.path("home")] {
            age(&folder, -hours);
        }
        let (_elsewhere, other) = elsewhere(&world);
        get_one(&world, &other).clock(now).within(LIMIT).exits(0);
        assert!(staging(&world).exists() && tickets(&world).len() == 1, "{case}");
        let outcome = get_one(&world, &sent.through(&gate.url)).clock(now).within(LIMIT).exits(0);
        outcome.says("Going on with an earlier download: ");
        assert!(fs::read(world.path("in/case.bin")).unwrap() == noise(24 << 20), "{case}");
        assert_eq!(world.events(&sent), ["created", "ready", "ticket", "receipt", "collected"], "{case}");
        assert_eq!(tickets(&world), [] as [PathBuf; 0], "{case}");
    }
}

#[test]
fn what_was_left_of_a_download_goes_when_both_clocks_say_so() {
    for end in ["time", "revoke"] {
        let (world, relay, _gate, sent) = cut_off_with_clock("100d", "+0");
        let (staging, (_elsewhere, other)) = (staging(&world), elsewhere(&world));
        let all_old = || [&staging, &world.path("home")].into_iter().for_each(|folder| age(folder, 62 * 24));
        let get = || get_one(&world, &other).within(LIMIT).exits(0);
        all_old();
        get();
        assert!(staging.exists() && tickets(&world).len() == 1, "{end}: by this computer's clock alone");
        match end {
            "time" => relay.pass(62 * DAY),
            _ => drop(world.share(["revoke", &sent.link]).succeeds()),
        }
        get();
        assert!(staging.exists() && tickets(&world).len() == 1, "{end}: by the relay's clock alone");
        all_old();
        get().says("Removed what was left of an old download of http://127.0.0.1:");
        assert_eq!((staging.exists(), tickets(&world)), (false, vec![]), "{end}");
    }
}

/// Removes a share under its relay, which may still be writing down what was not sent.
fn lose(share: &Path) {
    until("the share is gone", || {
        let _ = fs::remove_dir_all(share);
        (!share.exists()).then_some(())
    });
}

#[test]
fn what_its_relay_does_not_know_goes_when_both_clocks_say_so() {
    let (world, relay, _gate, sent) = cut_off_with_clock("100d", "+0");
    lose(&world.path("relay/shares").join(sent.id()));
    let (staging, (_elsewhere, other)) = (staging(&world), elsewhere(&world));
    let all_old = || [&staging, &world.path("home")].into_iter().for_each(|folder| age(folder, 62 * 24));
    let get = || get_one(&world, &other).within(LIMIT).exits(0);
    all_old();
    get();
    assert!(staging.exists() && tickets(&world).len() == 1, "by this computer's clock alone");
    relay.pass(62 * DAY);
    get();
    assert!(staging.exists() && tickets(&world).len() == 1, "by the relay's clock alone");
    all_old();
    get().says("Removed what was left of an old download of http://127.0.0.1:");
    assert_eq!((staging.exists(), tickets(&world)), (false, vec![]));
}

#[test]
fn an_upload_that_its_relay_does_not_know_stays_until_it_was_asked_again_and_again() {
    let world = World::new();
    let (relay, _gate) = cut_off_upload(&world);
    let shares = fs::read_dir(world.path("relay/shares")).unwrap();
    shares.for_each(|share| lose(&share.unwrap().path()));
    let (kept, other) = (journals(&world), world.file("other", "x"));
    for asked in 1..=6 {
        assert_eq!(journals(&world), kept, "asked {asked} times");
        age(&world.path("home"), 73);
        world.share(["send", "--relay", &relay.url]).arg(&other).succeeds();
    }
    assert_eq!(journals(&world), [] as [PathBuf; 0]);
}

#[test]
fn what_was_left_of_a_download_goes_if_its_relay_was_asked_in_vain_for_long() {
    let (world, relay, gate, _) = cut_off_with_clock("7d", "+0");
    let staging = staging(&world);
    drop((relay, gate));
    let (_elsewhere, other) = elsewhere(&world);
    for asked in 1..=6 {
        assert!(staging.exists() && tickets(&world).len() == 1, "asked {asked} times");
        [&staging, &world.path("home")].into_iter().for_each(|folder| age(folder, 3650 * 24));
        get_one(&world, &other).within(LIMIT).exits(0);
    }
    assert_eq!((staging.exists(), tickets(&world)), (false, vec![]));
}

#[test]
fn a_relay_that_says_too_early_that_it_is_over_costs_no_download() {
    let (world, relay, gate, sent) = cut_off_with_clock("2h", "+0");
    relay.jump(FORTY_DAYS);
    let outcome = get_one(&world, &sent.through(&gate.url)).within(LIMIT).exits(5);
    outcome.says("It expired on ").says("By this computer's clock it has not, so what was downloaded is kept in ");
    relay.jump(-FORTY_DAYS);
    let outcome = get_one(&world, &sent.through(&gate.url)).within(LIMIT).exits(0);
    outcome.says("Going on with an earlier download: ");
    assert_eq!(world.events(&sent), ["created", "ready", "ticket", "receipt", "collected"]);
}

#[test]
fn an_upload_goes_on_by_whatever_clock_it_was_begun_and_goes_on() {
    for (then, hours, now) in CLOCKS {
        let case = format!("begun at {then}, at {now}");
        let world = World::new();
        let relay = world.relay();
        let gate = Proxy::holding_request(&relay.url, "/parts/3 ");
        world.file("case.bin", noise(BYTES));
        let link = killed_at(&gate, &world, send(&world, &gate.url, &[]).clock(then));
        age(&world.path("home"), -hours);
        let kept = journals(&world);
        // Each of these looks for what is over.
        world.share(["list"]).clock(now).succeeds();
        let (key, other) = (age_key(&world, "key.txt"), world.file("other", "x"));
        world.share(["send", "--recipient", &key, "--relay", &relay.url]).arg(other).clock(now).succeeds();
        assert_eq!(journals(&world), kept, "{case}");
        world.share(["resume"]).clock(now).succeeds();
        assert_eq!(journals(&world), [] as [PathBuf; 0], "{case}");
        world.get(&Sent { link, words: world.path("words") }.through(&relay.url), "in").succeeds();
        assert!(fs::read(world.path("in/case.bin")).unwrap() == noise(BYTES), "{case}");
    }
}

/// An upload that was cut off, to a relay whose clock can be set.
fn cut_off_upload(world: &World) -> (ClockedRelay, Proxy) {
    let relay = world.clocked_relay();
    let gate = Proxy::holding_request(&relay.url, "/parts/3 ");
    world.file("case.bin", noise(BYTES));
    killed_at(&gate, world, send(world, &gate.url, &[]));
    (relay, gate)
}

#[test]
fn what_was_left_of_an_upload_goes_when_both_clocks_say_so() {
    let world = World::new();
    let (relay, _gate) = cut_off_upload(&world);
    let kept = journals(&world);
    let other = world.file("other", "x");
    let send = || drop(world.share(["send", "--relay", &relay.url]).arg(&other).succeeds());
    age(&world.path("home"), 73);
    send();
    assert_eq!(journals(&world), kept, "by this computer's clock alone");
    relay.pass(73 * HOUR);
    send();
    assert_eq!(journals(&world), kept, "by the relay's clock alone");
    age(&world.path("home"), 73);
    send();
    assert_eq!(journals(&world), [] as [PathBuf; 0]);
}

#[test]
fn a_relay_that_says_too_early_that_it_is_over_ends_no_upload() {
    let world = World::new();
    let (relay, _gate) = cut_off_upload(&world);
    let kept = journals(&world);
    relay.jump(FORTY_DAYS);
    let told = world.share(["resume", "--json"]).output().fails(5, "expired");
    assert!(told["hint"].as_str().unwrap().starts_with("By this computer's clock it has not"), "{told}");
    assert_eq!(journals(&world), kept);
    assert!(world.path("words").exists());
    relay.jump(-FORTY_DAYS);
    world.share(["resume"]).succeeds();
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
    let world = World::new();
    let relay = world.relay();
    let file = world.file("case.bin", "x");
    let send = |date: &str, clock: &str| {
        world.share(["send", "--json", "--relay", &relay.url, "--expires", date]).arg(&file).clock(clock)
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
    let world = World::new();
    let relay = world.relay();
    let sent = world.send(&relay.url, [world.file("case.bin", "x")]);
    let told = "By the relay's clock it is ";
    world.get(&sent, "in").clock("+3d").succeeds().says(told);
    let outcome = world.get(&sent, "in").succeeds();
    assert!(!outcome.stderr().contains(told), "{outcome:?}");
}
