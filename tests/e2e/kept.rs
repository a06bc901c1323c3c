//! What a program keeps when it is killed in the first moment, when its home fills up, and when its relay does not know a
//! share: that may come back, so it is never taken for the end.

use std::{fs, path::PathBuf, time::Duration};

use crate::support::{
    MIB, PART, PATIENCE,
    downloads::DownloadFixture,
    fault_proxy::{Fault, FaultProxy, Place},
    machine::{PRIVATE_MOUNTS, can_mount},
    random::{Dice, noise, rounds},
    test_env::{Relay, Sent, TestEnv, files_below},
    until, until_some,
    uploads::{BYTES, created_event, journals, send_case, until_header_is_kept},
};

/// The moment in which link and words are printed, and the header is not made yet.
#[test]
fn a_link_that_was_printed_can_be_gone_on_with_from_the_first_moment() {
    let (mut dice, mut without) = (Dice::new(), 0);
    for round in 0..rounds() {
        let (env, relay) = TestEnv::with_relay();
        env.file("case.bin", noise(PART));
        let mut sending = send_case(&env, &relay.url, &[]).start();
        let link = sending.link();
        std::thread::sleep(Duration::from_millis(dice.below(50)));
        sending.signal("KILL");
        sending.finish();
        let left = journals(&env);
        if !left.is_empty() {
            without += u64::from(!left.iter().any(|path| path.ends_with("header")));
            let again = env.share(["resume", "--json"]).within(PATIENCE).exits(0);
            assert_eq!(created_event(&again)["link"], link.as_str(), "round {round}");
        }
        env.get(&Sent { link, words: env.path("words") }, "in").within(PATIENCE).exits(0);
        assert!(fs::read(env.path("in/case.bin")).unwrap() == noise(PART), "round {round}");
    }
    eprintln!("{without} of {} were killed without a header", rounds());
    assert!(without > 0, "no round came before the header");
}

/// A relay on the same port that holds nothing, as one has it whose volume is not mounted.
fn replaced_by_an_empty_one(relay: &mut Relay) -> (TestEnv, Relay) {
    relay.kill();
    let elsewhere = TestEnv::new();
    let empty = elsewhere.relay_with(["--listen", relay.address()]);
    (elsewhere, empty)
}

#[test]
fn an_upload_that_the_relay_does_not_know_for_a_while_is_kept() {
    let (env, mut relay) = TestEnv::with_relay();
    let proxy = FaultProxy::with_fault(&relay.url, Place::Request("/parts/3 ", 0), Fault::Hold, usize::MAX);
    env.file("case.bin", noise(BYTES));
    let mut sending = send_case(&env, &proxy.url, &[]).start();
    let link = sending.link();
    proxy.wait_until_stopped();
    until_header_is_kept(&env);
    let (_elsewhere, mut empty) = replaced_by_an_empty_one(&mut relay);
    proxy.relay_is_gone();
    proxy.set_relay(&empty.url);
    let outcome = sending.finish();
    let told = outcome.fails(5, "not_found");
    assert!(told["hint"].as_str().unwrap().ends_with("Go on with: share resume"), "{told}");
    let outcome = outcome.says("The relay does not know this share, or no longer").says("The upload is kept");
    assert!(!outcome.stderr().contains("taken back;"), "{outcome:?}");
    let ledger = env.path("home/.local/share/share/ledger");
    let kept = || (journals(&env), files_below(&ledger), env.path("words").exists());
    let before = kept();
    assert!(before.0.iter().any(|path| path.ends_with("header")) && before.1.len() == 1 && before.2, "{before:?}");
    for command in ["status", "revoke", "unlock"] {
        let told = env.share([command, &link, "--json"]).output().fails(5, "not_found");
        assert!(told["hint"].as_str().unwrap().contains("what this computer keeps of it stays"), "{told}");
        assert_eq!(kept(), before, "{command}");
    }
    empty.kill();
    let _back = env.relay_with(["--listen", empty.address()]);
    env.share(["resume"]).within(PATIENCE).exits(0).says("Going on; the relay has ");
    assert_eq!(journals(&env), [] as [PathBuf; 0]);
    env.get(&Sent { link, words: env.path("words") }, "in").within(PATIENCE).exits(0);
    assert!(fs::read(env.path("in/case.bin")).unwrap() == noise(BYTES));
}

/// Sends with a home on a small disk that somebody fills while it is sent, makes room, and goes on.
const FILLED_UP: &str = r#"
mount -t tmpfs -o size=4m none "$HOME" || exit 99
( until [ -e fill ]; do sleep 0.02; done; cat /dev/zero > "$HOME/fill" 2> /dev/null; : > filled ) &
"$0" send --json --passphrase-file words --relay "$1" case.bin > sent.out 2> sent.err
echo $? > sent.code
rm "$HOME/fill"
"$0" resume --json > resumed.out 2> resumed.err
"#;

#[test]
fn a_home_that_fills_up_in_mid_send_keeps_the_upload() {
    if !can_mount() {
        return;
    }
    let (env, relay) = TestEnv::with_relay();
    let proxy = FaultProxy::holding_request(&relay.url, "/parts/3 ");
    env.file("case.bin", noise(BYTES));
    let sending = env.program("unshare", PRIVATE_MOUNTS).args(["sh", "-c", FILLED_UP]);
    let sending = sending.arg(env!("CARGO_BIN_EXE_tested-share")).arg(&proxy.url).start();
    proxy.wait_until_stopped();
    until_some("a header at the relay", || {
        let sent = fs::read_to_string(env.path("sent.out")).ok()?;
        let link = sent.split('"').find(|text| text.contains("/s/"))?.to_owned();
        relay.share(&Sent { link, words: PathBuf::new() }).join("manifest.age").exists().then_some(())
    });
    env.file("fill", "");
    until("the disk is full", || env.path("filled").exists());
    proxy.open();
    let outcome = sending.finish().exits(0);
    let (told, said) = ("sent.out", "sent.err");
    let read = |name: &str| fs::read_to_string(env.path(name)).unwrap();
    assert_eq!(
        read("sent.code"),
        "10
",
        "{} {outcome:?}",
        read(said)
    );
    assert!(read(said).contains("The upload is kept") && !read(said).contains("taken back"), "{}", read(said));
    assert!(read(told).contains("after you have made room there, go on with: share resume"), "{}", read(told));
    let resumed = read("resumed.out");
    assert!(resumed.contains(r#""event":"ready""#), "{resumed} {}", read("resumed.err"));
    let link = resumed.split('"').find(|text| text.contains("/s/")).unwrap().to_owned();
    assert!(read(told).contains(&link));
    env.get(&Sent { link, words: env.path("words") }, "in").within(PATIENCE).exits(0);
    assert!(fs::read(env.path("in/case.bin")).unwrap() == noise(BYTES));
}

#[test]
fn a_download_that_the_relay_does_not_know_for_a_while_is_kept() {
    let mut fixture = DownloadFixture::new(24 * MIB);
    let proxy = fixture.cut_off();
    let (_elsewhere, mut empty) = replaced_by_an_empty_one(&mut fixture.relay);
    let outcome = fixture.get(&fixture.sent.through(&proxy.url).link).within(PATIENCE).exits(5);
    outcome.says("The relay does not know this link").says("What was downloaded of it before is kept in ");
    empty.kill();
    fixture.relay = fixture.env.relay_with(["--listen", empty.address()]);
    fixture.assert_continues(&proxy, "known again").says("Going on with an earlier download: ");
    assert_eq!((fixture.events("ticket"), fixture.events("receipt")), (1, 1));
}
