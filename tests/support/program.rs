//! Programs that a test runs, and what they did. What `share --json` prints has to be as its schemas describe it, in every
//! test.

use std::{
    ffi::OsStr,
    fmt,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::support::{machine::need, schemas, test_env::files_below};

/// A program about to run.
pub struct Run {
    pub command: Command,
    root: PathBuf,
}

impl Run {
    /// `root` is the folder that is shown when it fails.
    pub fn new(command: Command, root: &Path) -> Self {
        Self { command, root: root.to_owned() }
    }

    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub fn args<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, arguments: I) -> Self {
        self.command.args(arguments);
        self
    }

    /// The same, started by another program that ends in becoming it.
    pub fn under<I: IntoIterator<Item: AsRef<OsStr>>>(self, wrapper: I) -> Self {
        let mut command = Command::new("env");
        command.args(wrapper).arg(self.command.get_program()).args(self.command.get_args());
        let envs = self.command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        command.env_clear().envs(envs).current_dir(self.command.get_current_dir().unwrap_or(&self.root));
        command.stdin(Stdio::null());
        Self { command, root: self.root }
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// With a clock on the wall that is this far off: `+3d`, `-60y`. Times of files stay what they are.
    pub fn clock(self, off: &str) -> Self {
        need("faketime");
        let run = self.env("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1");
        run.env("FAKETIME", off).env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }

    pub fn output(mut self) -> Outcome {
        let output = self.command.output().unwrap();
        self.outcome(output)
    }

    /// Runs it to its end, with these bytes on standard input.
    pub fn output_with_input(mut self, input: &[u8]) -> Outcome {
        let mut child =
            self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        // A program that ends early closes its input; its outcome tells why.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        self.outcome(output)
    }

    /// Runs it to its end, and fails the test if that takes longer than this.
    #[track_caller]
    pub fn within(mut self, limit: Duration) -> Outcome {
        let mut child = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, stderr) = (drain(child.stdout.take().unwrap()), drain(child.stderr.take().unwrap()));
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > limit {
                child.kill().unwrap();
                panic!("still running after {limit:?}: {:?}", self.command);
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let output = Output { status, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() };
        self.outcome(output)
    }

    pub fn succeeds(self) -> Outcome {
        self.output().exits(0)
    }

    /// Starts it, to be watched while it runs.
    pub fn start(mut self) -> Started {
        let mut child =
            self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Started { run: self, child, stdin, stdout, read: Vec::new() }
    }

    /// Starts it without input; the caller ends it.
    pub fn spawn(&mut self) -> Child {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn outcome(self, output: Output) -> Outcome {
        Outcome::new(&self.command, self.root, output)
    }
}

/// A program that runs, its standard input open. Killed when dropped.
pub struct Started {
    run: Run,
    pub child: Child,
    pub stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    read: Vec<u8>,
}

impl Started {
    /// The next line of standard output, as an object.
    #[track_caller]
    pub fn event(&mut self) -> Value {
        let start = self.read.len();
        self.stdout.read_until(b'\n', &mut self.read).unwrap();
        let line = &self.read[start..];
        schemas::check(line).unwrap_or_else(|error| {
            let _ = self.child.kill();
            panic!("{error} in {:?}", String::from_utf8_lossy(line))
        });
        serde_json::from_slice(line).unwrap()
    }

    /// The link of what it sends, which its first event tells.
    #[track_caller]
    pub fn link(&mut self) -> String {
        self.event()["link"].as_str().unwrap().to_owned()
    }

    /// Sends a signal: `INT`, `TERM`, `KILL`.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Closes its input and waits for its end.
    pub fn finish(mut self) -> Outcome {
        drop(self.stdin.take());
        self.stdout.read_to_end(&mut self.read).unwrap();
        let mut stderr = Vec::new();
        self.child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
        let output = Output { status: self.child.wait().unwrap(), stdout: std::mem::take(&mut self.read), stderr };
        Outcome::new(&self.run.command, self.run.root.clone(), output)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Fails only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Everything a pipe gives until it closes.
fn drain(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// What a program did. Its `Debug` is what a failed assertion shows.
pub struct Outcome {
    command: String,
    root: PathBuf,
    pub output: Output,
}

impl Outcome {
    #[track_caller]
    fn new(command: &Command, root: PathBuf, output: Output) -> Self {
        let outcome = Self { command: format!("{command:?}"), root, output };
        if let Err(error) = schemas::check_output(command, &outcome.output) {
            panic!("{error}\n{outcome:?}");
        }
        outcome
    }

    pub fn stdout(&self) -> String {
        String::from_utf8(self.output.stdout.clone()).unwrap()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.output.status.code(), Some(code), "{self:?}");
        self
    }

    /// Asserts that it failed in this way: the exit code; and, the program being run with `--json`, an error object
    /// at the end of standard output that says the same as standard error. Gives that object.
    #[track_caller]
    pub fn fails(&self, exit: i32, code: &str) -> Value {
        assert_eq!(self.output.status.code(), Some(exit), "{self:?}");
        let error = self.json().pop().unwrap_or_else(|| panic!("no error object: {self:?}"));
        let expected = (Some("error"), Some(code), Some(i64::from(exit)));
        assert_eq!((error["event"].as_str(), error["code"].as_str(), error["exit"].as_i64()), expected, "{self:?}");
        let message = error["message"].as_str().unwrap_or_else(|| panic!("no message: {self:?}"));
        assert!(self.stderr().contains(&format!("share: {message}\n")), "{self:?}");
        if let Some(hint) = error.get("hint") {
            assert!(self.stderr().contains(&format!(": {}\n", hint.as_str().unwrap())), "{self:?}");
        }
        error
    }

    /// Asserts that standard error says this.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr().contains(text), "{text:?} is not said by {self:?}");
        self
    }

    /// The link of what it sent, which its first event tells.
    #[track_caller]
    pub fn link(&self) -> String {
        self.json()[0]["link"].as_str().unwrap_or_else(|| panic!("no link: {self:?}")).to_owned()
    }

    /// The lines of standard output, each an object.
    #[track_caller]
    pub fn json(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        self.stdout().lines().map(parse).collect()
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}", self.command, self.output.status)?;
        writeln!(f, "--- stdout\n{}", String::from_utf8_lossy(&self.output.stdout))?;
        writeln!(f, "--- stderr\n{}", String::from_utf8_lossy(&self.output.stderr))?;
        writeln!(f, "--- files")?;
        files_below(&self.root).iter().take(50).try_for_each(|path| writeln!(f, "{}", path.display()))
    }
}
