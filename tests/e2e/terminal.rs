//! What a person at a terminal sees and answers, on a pseudo-terminal made by `script`.

use std::fs;

use share_format::envelope::{Opener, header_len, open_bytes, open_header, seal_bytes};

use crate::support::{
    MIB, at_once,
    failures::{mistyped, send_something},
    fault_proxy::{Direction, FaultProxy, Line},
    http::public_status,
    random::noise,
    terminal::{SHARE, Terminal},
    test_env::{Relay, Sent, TestEnv, files_below},
    uploads::until_header_is_kept,
};

const ASK_WORDS: &str = "The words from the sender:";

fn get(env: &TestEnv, sent: &Sent, options: &str) -> Terminal {
    Terminal::run(env, &format!("exec {SHARE} get {} --output in {options}", sent.link))
}

#[test]
fn asks_for_words_shows_what_is_inside_and_saves() {
    let (env, relay) = TestEnv::with_relay();
    let other = send_something(&env, &relay.url, &[]);
    let (one, two) = (env.file("one.txt", "1"), env.file("two.bin", noise(3000)));
    let sent = env.send(
        &relay.url,
        [one.to_str().unwrap(), two.to_str().unwrap(), "--message", "for you\nand you", "--from", "Ann"],
    );

    let mut terminal = get(&env, &sent, "");
    terminal.answers(ASK_WORDS, &format!("{}\n", other.passphrase()));
    terminal.sees("warning: These words do not open it: 9 tries are left");
    terminal.answers(ASK_WORDS, &format!("{}\n", sent.passphrase().replace('-', " ")));
    terminal.sees("From: Ann (as the sender calls themselves)");
    for line in ["Message from the sender:", "  for you", "  and you", "2 files, ", "one.txt  1 B", "two.bin  2.93 KiB"]
    {
        terminal.sees(line);
    }
    terminal.sees("It can be downloaded until ");
    assert!(!env.path("in").exists(), "nothing is saved before the answer");
    terminal.answers("Save in ", "y\n");
    terminal.sees("Received unchanged:");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    for words in [sent.passphrase(), sent.passphrase().replace('-', " "), other.passphrase()] {
        assert!(!shown.contains(&words), "words are shown while typed: {shown}");
    }
    assert_eq!(fs::read(env.path("in/two.bin")).unwrap(), noise(3000));
    assert_eq!(env.events(&sent), ["created", "ready", "wrong_proof", "ticket", "receipt"]);
}

#[test]
fn a_question_finds_the_terminal_although_input_or_errors_go_elsewhere() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let words = fs::read_to_string(&sent.words).unwrap();
    for (number, line) in ["echo link | $share", "$share </dev/null", "$share 2>errors"].into_iter().enumerate() {
        let get = format!("{SHARE} get {} --output in{number}", sent.link);
        let mut terminal = Terminal::run(&env, &line.replace("$share", &get));
        terminal.answers(ASK_WORDS, "sekretly apple apple apple apple apple\n");
        terminal.sees("sekretly");
        terminal.answers(ASK_WORDS, &words);
        terminal.answers("Save in ", "y\n");
        let (code, shown) = terminal.finish();
        assert_eq!(code, 0, "{line}: {shown}");
        assert!(env.path(format!("in{number}/case.bin")).exists(), "{line}");
    }
    let errors = fs::read_to_string(env.path("errors")).unwrap();
    assert!(errors.contains("case.bin") && !errors.contains("sekretly"), "a mistyped word is in the log: {errors}");
    // Where there is none at all, it is a mistake to wait for one.
    let detached = format!("exec setsid --wait {SHARE} get {} </dev/null", sent.link);
    let (code, shown) = Terminal::run(&env, &detached).finish();
    assert!(code == 2 && shown.contains("nobody is at a terminal"), "{code}: {shown}");
}

#[test]
fn a_typing_mistake_is_told_before_a_try_is_spent() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let mut terminal = get(&env, &sent, "--yes");
    for mistake in ["", "only three words", &mistyped(&sent.passphrase())] {
        terminal.answers(ASK_WORDS, &format!("{mistake}\n"));
        terminal.sees("warning: ");
    }
    assert_eq!(public_status(&relay.url, &sent)["tries_left"], 10);
    terminal.answers(ASK_WORDS, &format!("{}\n", sent.passphrase()));
    assert_eq!(terminal.finish().0, 0);
    assert!(env.path("in/case.bin").exists());
    assert_eq!(env.events(&sent), ["created", "ready", "ticket", "receipt"]);
}

#[test]
fn answering_no_saves_nothing() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &["--once"]);
    let mut terminal = get(&env, &sent, &format!("--passphrase-file {}", sent.words.display()));
    terminal.answers("Save in ", "n\n");
    terminal.sees("share: Nothing was saved");
    assert_eq!(terminal.finish().0, 130);
    assert!(!env.path("in").exists());
    assert_eq!(env.events(&sent), ["created", "ready"]);
}

#[test]
fn the_last_wrong_words_end_the_questions() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let wrong = Sent { words: send_something(&env, &relay.url, &[]).words, ..sent.clone() };
    for _ in 0..8 {
        env.get(&wrong, "in").output().exits(4);
    }
    let mut terminal = get(&env, &sent, "");
    terminal.answers(ASK_WORDS, &format!("{}\n", wrong.passphrase()));
    terminal.sees("one try is left");
    terminal.answers(ASK_WORDS, &format!("{}\n", wrong.passphrase()));
    terminal.sees("that was the last try: it is locked until ");
    assert_eq!(terminal.finish().0, 6);
    // The next one is told before he is asked for words.
    let (code, shown) = get(&env, &sent, "").finish();
    assert!(code == 6 && !shown.contains(ASK_WORDS), "{code} {shown}");
}

#[test]
fn ctrl_c_at_a_question_leaves_the_terminal_as_it_was() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    for (options, question) in
        [(String::new(), ASK_WORDS), (format!("--passphrase-file {}", sent.words.display()), "Save in ")]
    {
        let command = format!("{SHARE} get {} --output in {options}; echo code $?; stty -a", sent.link);
        let mut terminal = Terminal::run(&env, &command);
        terminal.answers(question, "\x03");
        terminal.sees("share: Stopped");
        terminal.sees("code 130");
        let (_, shown) = terminal.finish();
        let modes: Vec<_> = shown.rsplit("code 130").next().unwrap().split_whitespace().collect();
        assert!(["echo", "icanon", "isig"].iter().all(|mode| modes.contains(mode)), "{modes:?}");
    }
    assert!(!env.path("in").exists());
}

#[test]
fn what_a_stranger_wrote_is_escaped() {
    let (env, relay) = TestEnv::with_relay();
    let message = "pay \u{202e}001\u{202c} \u{2066}now\u{200b}";
    let sent = send_something(&env, &relay.url, &["--message", message]);
    let listed = env.get(&sent, "in").arg("--list").succeeds();
    assert!(listed.stdout().contains(r"  pay \u{202e}001\u{202c} \u{2066}now\u{200b}"), "{listed:?}");
    let (code, shown) = get(&env, &sent, &format!("--yes --passphrase-file {}", sent.words.display())).finish();
    assert!(code == 0 && shown.contains(r"pay \u{202e}001"), "{shown}");
    assert!(!shown.contains(['\u{202e}', '\u{2066}', '\u{200b}']), "{shown}");
}

#[test]
fn hostile_names_never_reach_the_terminal() {
    const HOSTILE: &str = r"\u001b[2J\u001b]0;owned\u0007\u202egpj.exe";
    let (env, relay) = TestEnv::with_relay();
    for (place, what) in [("case.bin", "name"), (PADDING, "message"), ("Wijkteam Noord", "sender")] {
        let sent = send_something(&env, &relay.url, &["--message", PADDING, "--from", "Wijkteam Noord"]);
        rewrite_manifest(&relay, &sent, place, HOSTILE);
        for options in ["--yes", "--list"] {
            let options = format!("{options} --passphrase-file {}", sent.words.display());
            let (code, shown) = get(&env, &sent, &options).finish();
            assert_eq!(code, 8, "{what}: {shown}");
            assert!(!shown.contains(['\x1b', '\x07', '\u{202e}']), "{what}: {shown:?}");
        }
    }
    assert!(files_below(&env.path("in")).is_empty());
}

const PADDING: &str = "padding padding padding padding padding padding padding";

/// Puts other words in place of some in the manifest at the relay, sealed rightly by somebody who knows the words.
fn rewrite_manifest(relay: &Relay, sent: &Sent, from: &str, to: &str) {
    let path = relay.share(sent).join("manifest.age");
    let sealed = fs::read(&path).unwrap();
    let (header, rest) = sealed.split_at(header_len(&sealed).unwrap().unwrap());
    let file_key = open_header(header, &Opener::Passphrase(sent.passphrase().into())).unwrap();
    let json = String::from_utf8(open_bytes(&file_key, rest).unwrap()).unwrap();
    assert!(json.contains(from), "{json}");
    let mut changed = json.replace(from, to);
    if changed.len() > json.len() {
        changed = changed.replace(PADDING, "p");
    }
    // The relay knows its length.
    let changed = format!("{changed:width$}", width = json.len());
    assert_eq!(changed.len(), json.len());
    fs::write(path, seal_bytes(header, &[3; 16], &file_key, changed.as_bytes())).unwrap();
}

#[test]
fn a_bar_shows_progress_at_a_terminal_only() {
    let (env, relay) = TestEnv::with_relay();
    let sent = env.send(&relay.url, [env.file("case.bin", noise(20 << 20))]);
    let options = format!("--yes --force --passphrase-file {}", sent.words.display());
    for quiet in [false, true] {
        let proxy = FaultProxy::holding_answer(&relay.url, "/content ", 5 << 20);
        let flag = if quiet { "--quiet" } else { "" };
        let mut terminal = get(&env, &sent.through(&proxy.url), &format!("{options} {flag}"));
        proxy.wait_until_stopped();
        if !quiet {
            terminal.sees(" %  ");
            terminal.sees(" / 20.01 MiB");
        }
        proxy.open();
        let (code, shown) = terminal.finish();
        assert_eq!(code, 0, "{shown}");
        assert!(!quiet || !shown.contains('%'), "{shown}");
        assert!(shown.trim_end().ends_with("in/case.bin"), "{shown}");
    }
    let piped = env.get(&sent, "in").arg("--force").succeeds();
    assert!(!piped.stderr().contains(['%', '\x1b']), "{piped:?}");
}

#[test]
fn sending_shows_link_and_words_before_the_upload_ends() {
    let (env, relay) = TestEnv::with_relay();
    env.file("case.bin", noise(20 << 20));
    let proxy = FaultProxy::holding_request(&relay.url, "/parts/1 ");
    let mut terminal = Terminal::run(&env, &format!("exec {SHARE} send case.bin --relay {}", proxy.url));
    terminal.sees("Link:  http://127.0.0.1:");
    terminal.sees("Words: ");
    let words = terminal.sees("\n").trim().to_owned();
    terminal.sees("Read the words out by phone; never put them in the same message.");
    proxy.wait_until_stopped();
    terminal.sees(" %  ");
    proxy.open();
    terminal.sees("Ready. It can be downloaded until ");
    let (code, shown) = terminal.finish();
    assert_eq!((code, words.split(' ').count()), (0, 6), "{shown}");
}

#[test]
fn a_wait_shows_why_and_ends_when_bytes_move_again() {
    at_once([Direction::ToRelay, Direction::FromRelay], waits);
}

/// Sends or gets over a line that takes seconds for it, while the relay is away for a moment.
fn waits(direction: Direction) {
    let (env, mut relay) = TestEnv::with_relay();
    env.file("case.bin", noise(20 * MIB));
    let sent = env.send(&relay.url, ["case.bin"]);
    let line = Line { bytes_per_second: Some(4 << 20), ..Line::default() };
    let proxy = FaultProxy::line(&relay.url, line);
    let mut terminal = match direction {
        Direction::ToRelay => Terminal::run(&env, &format!("exec {SHARE} send case.bin --relay {}", proxy.url)),
        Direction::FromRelay => {
            let options = format!("--yes --passphrase-file {}", sent.words.display());
            get(&env, &sent.through(&proxy.url), &options)
        }
    };
    assert!(proxy.wait_for(direction, 2 << 20, || false));
    terminal.sees("B/s");
    relay.kill();
    terminal.sees(" / 20.0");
    terminal.sees("The relay cannot be reached, or the connection broke; trying again…");
    relay = env.relay();
    proxy.set_relay(&relay.url);
    terminal.sees("B/s");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    let after = shown.rsplit("trying again…").next().unwrap();
    assert!(after.contains("B/s"), "{after}");
    if direction == Direction::FromRelay {
        assert!(fs::read(env.path("in/case.bin")).unwrap() == noise(20 * MIB));
    }
}

#[test]
fn an_unfinished_upload_is_asked_about() {
    for (answer, goes_on) in [("y\n", true), ("n\n", false)] {
        let (env, relay) = TestEnv::with_relay();
        env.file("case.bin", noise(40 << 20));
        let proxy = FaultProxy::holding_request(&relay.url, "/parts/3 ");
        let mut sending = env.share(["send", "case.bin", "--json", "--relay", &proxy.url]).start();
        let told = sending.event();
        proxy.wait_until_stopped();
        until_header_is_kept(&env);
        sending.signal("KILL");
        sending.finish();
        proxy.open();
        let mut terminal = Terminal::run(&env, &format!("exec {SHARE} send case.bin --relay {}", proxy.url));
        terminal.answers("Go on with it?", answer);
        if !goes_on {
            terminal.sees("The unfinished upload was taken back");
        }
        terminal.sees("Link:  ");
        assert_eq!(terminal.sees("\n").trim() == told["link"].as_str().unwrap(), goes_on);
        terminal.sees("Words: ");
        let words = terminal.sees("\n").trim().replace(' ', "-");
        assert_eq!(words == told["words"].as_str().unwrap(), goes_on);
        terminal.sees("Ready. It can be downloaded until ");
        assert_eq!(terminal.finish().0, 0);
    }
}

#[test]
fn what_changed_since_is_offered_anew() {
    for anew in [false, true] {
        let (env, relay) = TestEnv::with_relay();
        env.file("case.bin", noise(40 << 20));
        let proxy = FaultProxy::holding_request(&relay.url, "/parts/3 ");
        let mut sending = env.share(["send", "case.bin", "--json", "--relay", &proxy.url]).start();
        let link = sending.link();
        proxy.wait_until_stopped();
        until_header_is_kept(&env);
        sending.signal("KILL");
        sending.finish();
        proxy.open();
        env.file("case.bin", noise(1000));
        let mut terminal = Terminal::run(&env, &format!("exec {SHARE} send case.bin --resume --relay {}", proxy.url));
        terminal.sees("case.bin changed since this upload began");
        terminal.answers("Send it again, and take the unfinished upload back?", if anew { "y\n" } else { "n\n" });
        if !anew {
            assert_eq!(terminal.finish().0, 12);
            env.share(["resume", "--json"]).output().fails(12, "file_changed");
            continue;
        }
        terminal.sees(&format!("The unfinished upload was taken back: {link}"));
        terminal.sees("Ready. It can be downloaded until ");
        assert_eq!(terminal.finish().0, 0);
        assert!(env.share(["resume"]).output().exits(10).stderr().contains("There is no unfinished upload"));
    }
}
