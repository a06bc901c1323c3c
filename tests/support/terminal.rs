//! Programs on a pseudo-terminal, which `script` makes.

use std::{
    io::{Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread,
};

use crate::support::{PATIENCE, machine::need, program::Outcome, test_env::TestEnv, until};

pub const SHARE: &str = env!("CARGO_BIN_EXE_tested-share");

/// A program on a terminal of its own. Killed when dropped.
pub struct Terminal {
    child: Child,
    keyboard: ChildStdin,
    screen: Arc<Screen>,
    /// The path of the terminal's device, which `stty` asks.
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
    pub fn run(env: &TestEnv, command: &str) -> Self {
        let mut run = env.program("script", ["-qefc", &format!("tty; {command}"), "/dev/null"]);
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
        until("the terminal hides what is typed", || self.modes().contains("-echo "));
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

/// Runs a shell command on a terminal of its own, with this line typed.
pub fn on_a_terminal(env: &TestEnv, command: &str, typed: &str) -> Outcome {
    need("script");
    let run = env.program("timeout", ["60", "script", "-qec", command, "/dev/null"]);
    run.output_with_input(format!("{typed}\n").as_bytes())
}
