//! What a person at a terminal sees and answers, on a pseudo-terminal made by `script`.

use std::{
    fs,
    io::{Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread,
};

use share_format::envelope::{Opener, header_len, open_bytes, open_header, seal_bytes};

use crate::{
    failures::{mistyped, send_something},
    proxy::{Line, Proxy, Way},
    raw,
    round_trips::noise,
    upload_resume::until_header_is_kept,
    world::{PATIENCE, Relay, Sent, World, files_below, until},
};

pub const SHARE: &str = env!("CARGO_BIN_EXE_tested-share");

/// A program on a terminal of its own. Killed when dropped.
pub struct Terminal {
    child: Child,
    keyboard: ChildStdin,
    screen: Arc<Screen>,
    /// The terminal's device.
    device: String,
    /// How much of the screen has been read.
    seen: usize,
}

#[derive(Default)]
struct Screen {
    shown: Mutex<Shown>,
    changed: Condvar,
}

#[derive(Default)]
struct Shown {
    bytes: Vec<u8>,
    ended: bool,
}

impl Terminal {
    /// Runs a shell command line.
    pub fn run(world: &World, command: &str) -> Self {
        let mut run = world.program("script", ["-qefc", &format!("tty; {command}"), "/dev/null"]);
        run.command.env("TERM", "xterm").env("SHELL", "/bin/sh");
        let mut child = run.command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (keyboard, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let screen = Arc::new(Screen::default());
        thread::spawn({
            let screen = Arc::clone(&screen);
            move || screen.show(output)
        });
        let mut terminal = Self { child, keyboard, screen, device: String::new(), seen: 0 };
        terminal.device = terminal.sees("\n").trim().to_owned();
        terminal
    }

    /// Waits until this is shown after all that was waited for before. Gives what was shown up to it.
    #[track_caller]
    pub fn sees(&mut self, text: &str) -> String {
        let shown = self.screen.shown.lock().unwrap();
        let find = |shown: &Shown| shown.bytes[self.seen..].windows(text.len()).position(|w| w == text.as_bytes());
        let waited =
            self.screen.changed.wait_timeout_while(shown, PATIENCE, |shown| !shown.ended && find(shown).is_none());
        let shown = waited.unwrap().0;
        let all = String::from_utf8_lossy(&shown.bytes).into_owned();
        let place = find(&shown).unwrap_or_else(|| panic!("{text:?} is not shown:\n{all}"));
        let before = String::from_utf8_lossy(&shown.bytes[self.seen..][..place]).into_owned();
        self.seen += place + text.len();
        before
    }

    /// Types an answer once the terminal hides what is typed, which the question itself is a moment ahead of.
    #[track_caller]
    pub fn answers(&mut self, question: &str, answer: &str) {
        self.sees(question);
        until("the terminal hides what is typed", || self.modes().contains("-echo ").then_some(()));
        self.keyboard.write_all(answer.as_bytes()).unwrap();
    }

    fn modes(&self) -> String {
        let modes = Command::new("stty").args(["-F", &self.device, "-a"]).output().unwrap();
        String::from_utf8(modes.stdout).unwrap()
    }

    /// Waits for its end. Gives the exit code and all that was shown.
    pub fn finish(mut self) -> (i32, String) {
        let shown = self.screen.shown.lock().unwrap();
        let (shown, timeout) = self.screen.changed.wait_timeout_while(shown, PATIENCE, |shown| !shown.ended).unwrap();
        let all = String::from_utf8_lossy(&shown.bytes).into_owned();
        assert!(!timeout.timed_out(), "it does not end:\n{all}");
        drop(shown);
        (self.child.wait().unwrap().code().unwrap(), all)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Fails only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Screen {
    fn show(&self, mut output: impl Read) {
        let mut buffer = [0; 4096];
        loop {
            // The terminal is gone when its program is.
            let count = output.read(&mut buffer).unwrap_or(0);
            let mut shown = self.shown.lock().unwrap();
            shown.bytes.extend_from_slice(&buffer[..count]);
            shown.ended = count == 0;
            self.changed.notify_all();
            if count == 0 {
                return;
            }
        }
    }
}

const ASK_WORDS: &str = "The words from the sender:";

fn get(world: &World, sent: &Sent, options: &str) -> Terminal {
    Terminal::run(world, &format!("exec {SHARE} get {} --output in {options}", sent.link))
}

#[test]
fn asks_for_words_shows_what_is_inside_and_saves() {
    let world = World::new();
    let relay = world.relay();
    let other = send_something(&world, &relay.url, &[]);
    let (one, two) = (world.file("one.txt", "1"), world.file("two.bin", noise(3000)));
    let sent = world.send(
        &relay.url,
        [one.to_str().unwrap(), two.to_str().unwrap(), "--message", "for you\nand you", "--from", "Ann"],
    );

    let mut terminal = get(&world, &sent, "");
    terminal.answers(ASK_WORDS, &format!("{}\n", other.passphrase()));
    terminal.sees("warning: These words do not open it: 9 tries are left");
    terminal.answers(ASK_WORDS, &format!("{}\n", sent.passphrase().replace('-', " ")));
    terminal.sees("From: Ann (as the sender calls themselves)");
    for line in ["Message from the sender:", "  for you", "  and you", "2 files, ", "one.txt  1 B", "two.bin  2.93 KiB"]
    {
        terminal.sees(line);
    }
    terminal.sees("It can be downloaded until ");
    assert!(!world.path("in").exists(), "nothing is saved before the answer");
    terminal.answers("Save in ", "y\n");
    terminal.sees("Received unchanged:");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    for words in [sent.passphrase(), sent.passphrase().replace('-', " "), other.passphrase()] {
        assert!(!shown.contains(&words), "words are shown while typed: {shown}");
    }
    assert_eq!(fs::read(world.path("in/two.bin")).unwrap(), noise(3000));
    assert_eq!(world.events(&sent), ["created", "ready", "wrong_proof", "ticket", "receipt"]);
}

#[test]
fn a_question_finds_the_terminal_although_input_or_errors_go_elsewhere() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &[]);
    let words = fs::read_to_string(&sent.words).unwrap();
    for (number, line) in ["echo link | $share", "$share </dev/null", "$share 2>errors"].into_iter().enumerate() {
        let get = format!("{SHARE} get {} --output in{number}", sent.link);
        let mut terminal = Terminal::run(&world, &line.replace("$share", &get));
        terminal.answers(ASK_WORDS, &words);
        terminal.answers("Save in ", "y\n");
        let (code, shown) = terminal.finish();
        assert_eq!(code, 0, "{line}: {shown}");
        assert!(world.path(format!("in{number}/case.bin")).exists(), "{line}");
    }
    // Where there is none at all, it is a mistake to wait for one.
    let detached = format!("exec setsid --wait {SHARE} get {} </dev/null", sent.link);
    let (code, shown) = Terminal::run(&world, &detached).finish();
    assert!(code == 2 && shown.contains("nobody is at a terminal"), "{code}: {shown}");
}

#[test]
fn a_typing_mistake_is_told_before_a_try_is_spent() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &[]);
    let mut terminal = get(&world, &sent, "--yes");
    for mistake in ["", "only three words", &mistyped(&sent.passphrase())] {
        terminal.answers(ASK_WORDS, &format!("{mistake}\n"));
        terminal.sees("warning: ");
    }
    assert_eq!(raw::public_status(&relay.url, &sent)["tries_left"], 10);
    terminal.answers(ASK_WORDS, &format!("{}\n", sent.passphrase()));
    assert_eq!(terminal.finish().0, 0);
    assert!(world.path("in/case.bin").exists());
    assert_eq!(world.events(&sent), ["created", "ready", "ticket", "receipt"]);
}

#[test]
fn answering_no_saves_nothing() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &["--once"]);
    let mut terminal = get(&world, &sent, &format!("--passphrase-file {}", sent.words.display()));
    terminal.answers("Save in ", "n\n");
    terminal.sees("share: Nothing was saved");
    assert_eq!(terminal.finish().0, 130);
    assert!(!world.path("in").exists());
    assert_eq!(world.events(&sent), ["created", "ready"]);
}

#[test]
fn the_last_wrong_words_end_the_questions() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &[]);
    let wrong = Sent { words: send_something(&world, &relay.url, &[]).words, ..sent.clone() };
    for _ in 0..8 {
        world.get(&wrong, "in").output().exits(4);
    }
    let mut terminal = get(&world, &sent, "");
    terminal.answers(ASK_WORDS, &format!("{}\n", wrong.passphrase()));
    terminal.sees("one try is left");
    terminal.answers(ASK_WORDS, &format!("{}\n", wrong.passphrase()));
    terminal.sees("that was the last try: it is locked until ");
    assert_eq!(terminal.finish().0, 6);
    // The next one is told before he is asked for words.
    let (code, shown) = get(&world, &sent, "").finish();
    assert!(code == 6 && !shown.contains(ASK_WORDS), "{code} {shown}");
}

#[test]
fn ctrl_c_at_a_question_leaves_the_terminal_as_it_was() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &[]);
    for (options, question) in
        [(String::new(), ASK_WORDS), (format!("--passphrase-file {}", sent.words.display()), "Save in ")]
    {
        let command = format!("{SHARE} get {} --output in {options}; echo code $?; stty -a", sent.link);
        let mut terminal = Terminal::run(&world, &command);
        terminal.answers(question, "\x03");
        terminal.sees("share: Stopped");
        terminal.sees("code 130");
        let (_, shown) = terminal.finish();
        let modes: Vec<_> = shown.rsplit("code 130").next().unwrap().split_whitespace().collect();
        assert!(["echo", "icanon", "isig"].iter().all(|mode| modes.contains(mode)), "{modes:?}");
    }
    assert!(!world.path("in").exists());
}

#[test]
fn what_a_stranger_wrote_is_escaped() {
    let world = World::new();
    let relay = world.relay();
    let message = "pay \u{202e}001\u{202c} \u{2066}now\u{200b}";
    let sent = send_something(&world, &relay.url, &["--message", message]);
    let listed = world.get(&sent, "in").arg("--list").succeeds();
    assert!(listed.stdout().contains(r"  pay \u{202e}001\u{202c} \u{2066}now\u{200b}"), "{listed:?}");
    let (code, shown) = get(&world, &sent, &format!("--yes --passphrase-file {}", sent.words.display())).finish();
    assert!(code == 0 && shown.contains(r"pay \u{202e}001"), "{shown}");
    assert!(!shown.contains(['\u{202e}', '\u{2066}', '\u{200b}']), "{shown}");
}

#[test]
fn hostile_names_never_reach_the_terminal() {
    const HOSTILE: &str = r"\u001b[2J\u001b]0;owned\u0007\u202egpj.exe";
    let world = World::new();
    let relay = world.relay();
    for (place, what) in [("case.bin", "name"), (PADDING, "message"), ("Wijkteam Noord", "sender")] {
        let sent = send_something(&world, &relay.url, &["--message", PADDING, "--from", "Wijkteam Noord"]);
        rewrite_manifest(&relay, &sent, place, HOSTILE);
        for options in ["--yes", "--list"] {
            let options = format!("{options} --passphrase-file {}", sent.words.display());
            let (code, shown) = get(&world, &sent, &options).finish();
            assert_eq!(code, 8, "{what}: {shown}");
            assert!(!shown.contains(['\x1b', '\x07', '\u{202e}']), "{what}: {shown:?}");
        }
    }
    assert!(files_below(&world.path("in")).is_empty());
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
    let world = World::new();
    let relay = world.relay();
    let sent = world.send(&relay.url, [world.file("case.bin", noise(20 << 20))]);
    let options = format!("--yes --force --passphrase-file {}", sent.words.display());
    for quiet in [false, true] {
        let gate = Proxy::holding_answer(&relay.url, "/content ", 5 << 20);
        let flag = if quiet { "--quiet" } else { "" };
        let mut terminal = get(&world, &sent.through(&gate.url), &format!("{options} {flag}"));
        gate.wait_until_stopped();
        if !quiet {
            terminal.sees(" %  ");
            terminal.sees(" / 20.01 MiB");
        }
        gate.open();
        let (code, shown) = terminal.finish();
        assert_eq!(code, 0, "{shown}");
        assert!(!quiet || !shown.contains('%'), "{shown}");
        assert!(shown.trim_end().ends_with("in/case.bin"), "{shown}");
    }
    let piped = world.get(&sent, "in").arg("--force").succeeds();
    assert!(!piped.stderr().contains(['%', '\x1b']), "{piped:?}");
}

#[test]
fn sending_shows_link_and_words_before_the_upload_ends() {
    let world = World::new();
    let relay = world.relay();
    world.file("case.bin", noise(20 << 20));
    let gate = Proxy::holding_request(&relay.url, "/parts/1 ");
    let mut terminal = Terminal::run(&world, &format!("exec {SHARE} send case.bin --relay {}", gate.url));
    terminal.sees("Link:  http://127.0.0.1:");
    terminal.sees("Words: ");
    let words = terminal.sees("\n").trim().to_owned();
    terminal.sees("Read the words out by phone; never put them in the same message.");
    gate.wait_until_stopped();
    terminal.sees(" %  ");
    gate.open();
    terminal.sees("Ready. It can be downloaded until ");
    let (code, shown) = terminal.finish();
    assert_eq!((code, words.split(' ').count()), (0, 6), "{shown}");
}

#[test]
fn a_wait_shows_why_and_ends_when_bytes_move_again() {
    let world = World::new();
    let mut relay = world.relay();
    world.file("case.bin", noise(20 << 20));
    let sent = world.send(&relay.url, ["case.bin"]);
    let line = Line { bytes_per_second: Some(4 << 20), ..Line::default() };
    for (way, sending) in [(Way::ToRelay, true), (Way::FromRelay, false)] {
        let proxy = Proxy::line(&relay.url, line);
        let mut terminal = match sending {
            true => Terminal::run(&world, &format!("exec {SHARE} send case.bin --relay {}", proxy.url)),
            false => {
                get(&world, &sent.through(&proxy.url), &format!("--yes --passphrase-file {}", sent.words.display()))
            }
        };
        assert!(proxy.wait_for(way, 2 << 20, || false));
        terminal.sees("B/s");
        relay.kill();
        terminal.sees(" / 20.0");
        terminal.sees("The relay cannot be reached, or the connection broke; trying again…");
        relay = world.relay();
        proxy.leads_to(&relay.url);
        terminal.sees("B/s");
        let (code, shown) = terminal.finish();
        assert_eq!(code, 0, "{shown}");
        let after = shown.rsplit("trying again…").next().unwrap();
        assert!(after.contains("B/s"), "{after}");
    }
    assert!(fs::read(world.path("in/case.bin")).unwrap() == noise(20 << 20));
}

#[test]
fn an_unfinished_upload_is_asked_about() {
    for (answer, goes_on) in [("y\n", true), ("n\n", false)] {
        let world = World::new();
        let relay = world.relay();
        world.file("case.bin", noise(40 << 20));
        let gate = Proxy::holding_request(&relay.url, "/parts/3 ");
        let mut sending = world.share(["send", "case.bin", "--json", "--relay", &gate.url]).start();
        let told = sending.event();
        gate.wait_until_stopped();
        until_header_is_kept(&world);
        sending.signal("KILL");
        sending.finish();
        gate.open();
        let mut terminal = Terminal::run(&world, &format!("exec {SHARE} send case.bin --relay {}", gate.url));
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
        let world = World::new();
        let relay = world.relay();
        world.file("case.bin", noise(40 << 20));
        let gate = Proxy::holding_request(&relay.url, "/parts/3 ");
        let mut sending = world.share(["send", "case.bin", "--json", "--relay", &gate.url]).start();
        let link = sending.event()["link"].as_str().unwrap().to_owned();
        gate.wait_until_stopped();
        until_header_is_kept(&world);
        sending.signal("KILL");
        sending.finish();
        gate.open();
        world.file("case.bin", noise(1000));
        let mut terminal = Terminal::run(&world, &format!("exec {SHARE} send case.bin --resume --relay {}", gate.url));
        terminal.sees("case.bin changed since this upload began");
        terminal.answers("Send it again, and take the unfinished upload back?", if anew { "y\n" } else { "n\n" });
        if !anew {
            assert_eq!(terminal.finish().0, 12);
            world.share(["resume", "--json"]).output().fails(12, "file_changed");
            continue;
        }
        terminal.sees(&format!("The unfinished upload was taken back: {link}"));
        terminal.sees("Ready. It can be downloaded until ");
        assert_eq!(terminal.finish().0, 0);
        assert!(world.share(["resume"]).output().exits(10).stderr().contains("There is no unfinished upload"));
    }
}
