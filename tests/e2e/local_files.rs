//! Problems with files and folders on this computer, and what has the name already.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
};

use crate::support::{
    failures::{NOWHERE, fails, send_something},
    fault_proxy::{FaultProxy, Reply},
    http::public_status,
    machine::{PRIVATE_MOUNTS, can_mount},
    random::noise,
    test_env::{Sent, TestEnv, files_below},
};

fn downloads_left(relay: &str, sent: &Sent) -> u64 {
    public_status(relay, sent)["downloads_left"].as_u64().unwrap()
}

#[test]
fn disk_full_while_saving() {
    if !can_mount() {
        return;
    }
    let (env, relay) = TestEnv::with_relay();
    let sent = env.send(&relay.url, [env.file("case.bin", noise(4 << 20))]);
    fs::create_dir(env.path("in")).unwrap();
    let script = "mount -t tmpfs -o size=1m none in && { \"$@\"; code=$?; ls -A in >left; exit $code; }";
    let get =
        || env.get(&sent, "in").under(["unshare"].iter().chain(&PRIVATE_MOUNTS).chain(&["sh", "-c", script, "sh"]));
    let hint = "Make room, or choose a place on another disk.";
    fails(get, 10, "disk_full", "There is not enough room in ", hint);
    assert_eq!(fs::read_to_string(env.path("left")).unwrap(), "");
    assert_eq!(env.events(&sent), ["created", "ready"], "a disk without room costs no download");
}

#[test]
fn standard_output_full() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let mut run = env.share(["get", &sent.link, "--yes", "--output", "-", "--passphrase-file"]).arg(&sent.words);
    run.command.stdout(File::options().write(true).open("/dev/full").unwrap());
    let status = run.command.status().unwrap();
    assert_eq!(status.code(), Some(10));
    assert_eq!(env.events(&sent), ["created", "ready", "ticket"], "no receipt for what was not delivered");
}

#[test]
fn no_permission_to_save() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &["--downloads", "2"]);
    let closed = env.path("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o555)).unwrap();
    for output in [closed.clone(), closed.join("new")] {
        let get = || {
            let run = env.share_without_rights(["get", &sent.link, "--yes", "--passphrase-file"]).arg(&sent.words);
            run.arg("--output").arg(&output)
        };
        fails(get, 10, "no_permission", "You are not allowed to write ", "Choose a place where you may write.");
    }
    let ciphertext = || {
        let run = env.share_without_rights(["get", &sent.link, "--passphrase-file"]).arg(&sent.words);
        run.arg("--ciphertext").arg(closed.join("saved.age"))
    };
    fails(ciphertext, 10, "no_permission", "You are not allowed to write ", "Choose a place where you may write.");
    assert_eq!(files_below(&closed), [] as [PathBuf; 0]);
    assert_eq!(downloads_left(&relay.url, &sent), 2, "a folder that cannot be written to costs no download");
}

#[test]
fn no_permission_to_read() {
    let (env, relay) = TestEnv::with_relay();
    let file = env.file("secret.txt", "x");
    fs::set_permissions(&file, Permissions::from_mode(0o000)).unwrap();
    let send = || env.share_without_rights(["send", "secret.txt", "--relay", &relay.url, "--passphrase-file", "w"]);
    fails(send, 10, "local_file", "secret.txt could not be read", "");
    let sent = send_something(&env, &relay.url, &[]);
    let get = || env.share_without_rights(["get", &sent.link, "--passphrase-file", "secret.txt"]);
    fails(get, 10, "local_file", "The words in secret.txt cannot be read", "");
    assert!(!env.path("w").exists());
}

#[test]
fn nothing_there_to_send() {
    let (env, relay) = TestEnv::with_relay();
    let send = |path: &str| env.share(["send", path, "--relay", &relay.url]);
    fails(|| send("absent"), 10, "local_file", "absent does not exist", "");
    std::os::unix::fs::symlink("absent", env.path("link")).unwrap();
    fails(|| send("link"), 10, "local_file", "link does not exist", "");
    fails(|| send("/dev/null"), 10, "local_file", "/dev/null is not an ordinary file or folder", "");
}

#[test]
fn where_nothing_can_be_kept_nothing_is_sent() {
    let (env, relay) = TestEnv::with_relay();
    env.file("case.bin", "x");
    let home = env.path("home");
    fs::set_permissions(&home, Permissions::from_mode(0o555)).unwrap();
    let send = ["send", "case.bin", "--json", "--relay", &relay.url, "--passphrase-file", "w"];
    let outcome = env.share_without_rights(send).output();
    let error = outcome.fails(10, "local_file");
    let says = "What it takes to go on with an upload later cannot be kept";
    assert!(error["message"].as_str().unwrap().starts_with(says), "{error}");
    assert_eq!(outcome.json().len(), 1, "no link is told that nobody could manage: {outcome:?}");
    assert!(!env.path("w").exists());
    assert_eq!(fs::read_dir(relay.data.join("shares")).unwrap().count(), 0);
    fs::set_permissions(&home, Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_name_that_is_taken() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let mine = env.file("in/case.bin", "mine");
    let outcome = env.get(&sent, "in").succeeds();
    let other = env.path("in/case (2).bin");
    assert_eq!(fs::read(&mine).unwrap(), b"mine");
    assert_eq!(fs::read(&other).unwrap(), noise(100_000));
    assert_eq!(outcome.stdout(), format!("{}\n", other.display()));
    outcome.says(&format!("warning: {} exists already; saved as {}", mine.display(), other.display()));
    let json = env.get(&sent, "in").arg("--json").succeeds();
    assert_eq!(json.json()[0]["files"][0], env.path("in/case (3).bin").to_str().unwrap());

    env.get(&sent, "in").arg("--force").succeeds();
    assert_eq!(fs::read(&mine).unwrap(), noise(100_000));
    assert_eq!(files_below(&env.path("in")).len(), 3);
}

#[test]
fn force_never_replaces_a_folder_by_a_file() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let theirs = env.file("in/case.bin/kept.txt", "kept");
    let saved = env.path("saved");
    fs::create_dir(&saved).unwrap();
    let ciphertext = || {
        let run = env.share(["get", &sent.link, "--force", "--passphrase-file"]).arg(&sent.words);
        run.arg("--ciphertext").arg(&saved)
    };
    fails(ciphertext, 10, "local_file", "saved is in the way", "");
    let get = || env.get(&sent, "in").arg("--force");
    fails(get, 10, "local_file", "case.bin is in the way", "");
    assert_eq!(fs::read(&theirs).unwrap(), b"kept");
    assert_eq!(files_below(&env.path("in")).len(), 2);
    assert_eq!(env.events(&sent), ["created", "ready"], "what is in the way costs no download");
}

#[test]
fn a_file_where_the_folder_should_be() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &["--downloads", "2"]);
    let file = env.file("in", "mine");
    let get = || env.get(&sent, "in");
    fails(get, 10, "output_exists", "in exists already", "Choose another name, or move what is there.");
    assert_eq!(fs::read(file).unwrap(), b"mine");
    assert_eq!(downloads_left(&relay.url, &sent), 2);
}

#[test]
fn ciphertext_never_overwrites_unasked() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &["--downloads", "2"]);
    let saved = env.file("saved.age", "mine");
    let get = || env.share(["get", &sent.link, "--ciphertext", "saved.age", "--passphrase-file"]).arg(&sent.words);
    let hint = "Choose another name, or move what is there.";
    fails(get, 10, "output_exists", "saved.age exists already", hint);
    assert_eq!(fs::read(&saved).unwrap(), b"mine");
    assert_eq!(downloads_left(&relay.url, &sent), 2);
    get().arg("--force").succeeds();
    assert_eq!(fs::read(&saved).unwrap(), fs::read(relay.share(&sent).join("content.age")).unwrap());
}

#[test]
fn a_words_file_that_exists() {
    let (env, relay) = TestEnv::with_relay();
    env.file("case.bin", "x");
    let words = env.file("words", "mine");
    let send = || env.share(["send", "case.bin", "--relay", &relay.url, "--passphrase-file", "words"]);
    fails(send, 10, "output_exists", "words exists already", "Choose another name, or move what is there.");
    assert_eq!(fs::read(words).unwrap(), b"mine");
    assert!(env.share(["list"]).succeeds().stdout().is_empty());
}

/// Something that was sent to be fetched once, from a folder.
fn sent_once(env: &TestEnv, relay: &str) -> Sent {
    env.file("d/case.bin", noise(100_000));
    env.send(relay, [env.path("d").to_str().unwrap(), "--once"])
}

#[test]
fn what_was_fetched_and_could_not_be_delivered_is_fetched_again_with_its_ticket() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &["--once"]);
    let mut run = env.share(["get", &sent.link, "--yes", "--output", "-", "--passphrase-file"]).arg(&sent.words);
    run.command.stdout(File::options().write(true).open("/dev/full").unwrap());
    assert_eq!(run.command.status().unwrap().code(), Some(10));
    let kept = files_below(&env.path("home"))
        .into_iter()
        .find(|path| path.parent().unwrap().ends_with("tickets") && path.to_str().unwrap().contains(sent.id()))
        .unwrap();
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    env.get(&sent, "in").succeeds();
    assert_eq!(env.events(&sent), ["created", "ready", "ticket", "receipt", "collected"]);
    assert!(!kept.exists());
}

#[test]
fn without_a_place_for_the_ticket_it_is_fetched_all_the_same() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &["--once"]);
    env.file("home/.local/share/share/tickets", "not a folder");
    env.get(&sent, "in")
        .succeeds()
        .says("warning: If this download fails, downloading it again counts as another one: ");
    assert_eq!(env.events(&sent), ["created", "ready", "ticket", "receipt", "collected"]);
}

#[test]
fn the_sender_hears_even_if_the_results_cannot_be_printed() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &["--once"]);
    let mut run = env.get(&sent, "in").arg("--json");
    run.command.stdout(File::options().write(true).open("/dev/full").unwrap());
    assert_eq!(run.command.status().unwrap().code(), Some(10));
    assert_eq!(env.events(&sent), ["created", "ready", "ticket", "receipt", "collected"]);
}

#[test]
fn what_is_in_the_way_inside_a_folder_costs_no_download() {
    let (env, relay) = TestEnv::with_relay();
    let sent = sent_once(&env, &relay.url);
    let theirs = env.file("in/d/case.bin/kept.txt", "kept");
    fails(|| env.get(&sent, "in").arg("--force"), 10, "local_file", "case.bin is in the way", "");
    assert_eq!(fs::read(theirs).unwrap(), b"kept");
    assert_eq!(env.events(&sent), ["created", "ready"]);
    env.get(&sent, "in").succeeds().says("d exists already; saved as ");
}

#[test]
fn a_folder_made_for_nothing_goes_away() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let content = relay.share(&sent).join("content.age");
    let mut bytes = fs::read(&content).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&content, bytes).unwrap();
    env.get(&sent, "new/in").output().exits(8);
    assert!(!env.path("new").exists());
    let stdout =
        env.share(["get", &sent.link, "--yes", "--output", "-", "--passphrase-file"]).arg(&sent.words).output();
    stdout.exits(8).says("What was written to standard output so far must not be used.");
}

#[test]
fn an_unfinished_download_is_not_sent_along() {
    let (env, relay) = TestEnv::with_relay();
    env.file("d/.share-0123456789abcdef.part/files/half", "half");
    env.file("d/whole", "whole");
    let run = env.share(["send", "d", "--json", "--relay", &relay.url, "--passphrase-file", "w"]).succeeds();
    let sent = Sent { link: run.link(), words: env.path("w") };
    run.says("the folder of a download that is not finished");
    env.get(&sent, "in").succeeds();
    assert_eq!(files_below(&env.path("in")).len(), 2);
}

#[test]
fn a_download_cut_off_is_repeated_with_its_ticket() {
    let (env, relay) = TestEnv::with_relay();
    let sent = env.send(&relay.url, [env.file("case.bin", noise(20 << 20)).to_str().unwrap(), "--once"]);
    let proxy = FaultProxy::holding_answer(&relay.url, "/content ", 1 << 20);
    let link = sent.through(&proxy.url);
    let getting = env.get(&link, "in").start();
    proxy.wait_until_stopped();
    getting.signal("KILL");
    drop(getting);
    proxy.open();
    env.get(&link, "in").succeeds();
    assert_eq!(env.events(&sent), ["created", "ready", "ticket", "receipt", "collected"]);
    assert_eq!(files_below(&env.path("in")), [env.path("in/case.bin")]);
}

#[test]
fn a_staging_folder_that_somebody_swaps_is_refused() {
    let (env, relay) = TestEnv::with_relay();
    let sent = env.send(&relay.url, [env.file("case.bin", noise(20 << 20)).to_str().unwrap()]);
    let proxy = FaultProxy::holding_answer(&relay.url, "/content ", 1 << 20);
    let getting = env.get(&sent.through(&proxy.url), "in").arg("--json").start();
    proxy.wait_until_stopped();
    let staging = fs::read_dir(env.path("in")).unwrap().next().unwrap().unwrap().path();
    fs::rename(&staging, env.path("in/moved")).unwrap();
    fs::create_dir_all(staging.join("files")).unwrap();
    fs::write(staging.join("files/case.bin"), "forged").unwrap();
    proxy.open();
    getting.finish().fails(10, "staging_swapped");
    assert!(!env.path("in/case.bin").exists());
    assert_eq!(env.events(&sent), ["created", "ready", "ticket"]);
}

#[test]
fn a_system_that_gives_too_little() {
    let env = TestEnv::new();
    let file = env.file("case.bin", "x");
    let send = |bytes: &str| {
        let limit = format!("--as={bytes}");
        env.share(["send", "--relay", NOWHERE, "--patience", "0s"]).arg(&file).under(["prlimit", &limit])
    };
    let hint = "Close other programs";
    fails(|| send("250000000"), 10, "system", "The computer could not do what encryption needs", hint);
    fails(|| send("26000000"), 10, "no_threads", "The system gives no threads", hint);
}

#[test]
fn files_of_our_own_that_are_damaged() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let kept = |path: &str| env.path(format!("home/.local/share/share/{path}"));
    let entry = kept(&format!("ledger/{}.json", sent.id()));
    let damaged = fs::read_to_string(&entry).unwrap().replace(&sent.link, "\u{1b}[2Jhttps://");
    fs::write(&entry, damaged).unwrap();
    fails(|| env.share(["status", &sent.link]), 10, "ledger_damaged", "The record of what was sent is damaged", "");

    let server = FaultProxy::rewriting(&relay.url, |request, response| match request.call() {
        "parts/0" => Reply::Raw(Vec::new()),
        _ => response.into(),
    });
    let send = env.share(["send", "case.bin", "--relay", &server.url, "--patience", "0s", "--json"]);
    let cut_off = send.output().exits(3).says("The upload is kept");
    let link = cut_off.link();
    let header = kept(&format!("uploads/{}/header", link.rsplit('/').next().unwrap()));
    let bytes = fs::read(&header).unwrap();
    fs::write(&header, &bytes[1..]).unwrap();
    let says = "What it takes to go on with an upload later cannot be kept";
    fails(|| env.share(["resume", &link]), 10, "local_file", says, "");
    fs::write(&header, bytes).unwrap();
    let record = kept(&format!("uploads/{}/journal.json", link.rsplit('/').next().unwrap()));
    let damaged = fs::read_to_string(&record).unwrap().replace(&link, "\u{1b}[2J");
    fs::write(&record, damaged).unwrap();
    fails(|| env.share(["resume"]), 10, "nothing_unfinished", "There is no unfinished upload", "`share list` shows");
}
