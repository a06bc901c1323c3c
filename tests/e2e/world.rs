//! A world for one test: a folder of its own, a clean environment, programs that end with it.

use std::{
    ffi::OsStr,
    fmt,
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use share_relay_api::{Bytes32, ShareId};
use tempfile::TempDir;

use crate::{clocked_relay::ClockedRelay, stock_tools::need};

/// How long a test waits for what must happen.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with a home in it. Every program runs with a clean environment and knows no other.
pub struct World {
    root: TempDir,
}

impl World {
    pub fn new() -> Self {
        let world = Self { root: TempDir::with_prefix("share-e2e-").unwrap() };
        fs::create_dir(world.path("home")).unwrap();
        world
    }

    /// A path in this world.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub fn file(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The `share` program, to be run in this world's folder, in English.
    pub fn share<I: IntoIterator<Item: AsRef<OsStr>>>(&self, arguments: I) -> Run {
        self.program(env!("CARGO_BIN_EXE_tested-share"), arguments)
    }

    /// The `share-relay` program.
    pub fn share_relay<I: IntoIterator<Item: AsRef<OsStr>>>(&self, arguments: I) -> Run {
        self.program(env!("CARGO_BIN_EXE_tested-share-relay"), arguments)
    }

    /// Any program.
    pub fn program<I: IntoIterator<Item: AsRef<OsStr>>>(&self, program: &str, arguments: I) -> Run {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.root.path()).env_clear();
        command.env("HOME", self.path("home")).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("LANG", "en_US.UTF-8").env("TZ", "UTC").env("RUST_BACKTRACE", "1");
        command.stdin(Stdio::null());
        Run { command, root: self.root.path().to_owned() }
    }

    /// A relay process on a free port, with its data in `relay/`.
    pub fn relay(&self) -> Relay {
        self.relay_with(["--listen", "127.0.0.1:0"])
    }

    /// A relay process with these options; `--data` is added.
    pub fn relay_with<I: IntoIterator<Item: AsRef<OsStr>>>(&self, options: I) -> Relay {
        self.start_relay(|run| run.args(options))
    }

    /// A relay process that logs at this level, whole or by module.
    pub fn relay_logging(&self, level: &str) -> Relay {
        self.start_relay(|run| run.args(["--listen", "127.0.0.1:0"]).env("RUST_LOG", level))
    }

    /// A relay process whose data lies on a disk of this size, with `--data` and a free port; see [`on_small_disk`].
    pub fn relay_on_small_disk(&self, size: &str) -> Relay {
        let data = self.path("relay");
        fs::create_dir(&data).unwrap();
        let relay = env!("CARGO_BIN_EXE_tested-share-relay");
        let mount =
            "mount -t tmpfs -o size=$0 none \"$1\" && exec \"$2\" serve --init --data \"$1\" --listen 127.0.0.1:0";
        let run = self.program("unshare", SMALL_DISK).args(["sh", "-c", mount, size]).arg(&data).arg(relay);
        self.start(run, data)
    }

    /// A relay process on a free port that sees other mounts: `prepare` makes them, with `$0` as the relay's folder, which
    /// is there. See [`can_mount`].
    pub fn relay_with_mounts(&self, prepare: &str) -> Relay {
        let data = self.path("relay");
        let relay = env!("CARGO_BIN_EXE_tested-share-relay");
        let script = format!("{prepare} && exec \"$1\" serve --data \"$0\" --listen 127.0.0.1:0");
        let run = self.program("unshare", SMALL_DISK).args(["sh", "-c", &script]).arg(&data).arg(relay);
        self.start(run, data)
    }

    /// A relay process started by another program that watches it.
    pub fn relay_under<I: IntoIterator<Item: AsRef<OsStr>>>(&self, wrapper: I) -> Relay {
        self.start_relay(|run| run.args(["--listen", "127.0.0.1:0"]).under(wrapper))
    }

    /// A relay process, run in another way; `--data` is added.
    pub fn start_relay(&self, prepare: impl FnOnce(Run) -> Run) -> Relay {
        let data = self.path("relay");
        let run = prepare(self.share_relay(["serve", "--init", "--data"]).arg(&data));
        self.start(run, data)
    }

    fn start(&self, mut run: Run, data: PathBuf) -> Relay {
        run.command.stdout(Stdio::piped());
        run.command.stderr(File::options().create(true).append(true).open(self.path("relay.log")).unwrap());
        let mut child = run.command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().map(|line| line.unwrap()).unwrap_or_default();
        let Some(url) = first.strip_prefix("listening on ").map(str::to_owned) else {
            let log = fs::read_to_string(self.path("relay.log")).unwrap_or_default();
            panic!("the relay did not start: {first:?}\n{log}");
        };
        std::thread::spawn(move || lines.for_each(drop));
        Relay { url, data, child }
    }

    /// A relay in this process whose clock the test sets, with its data in `relay/`.
    pub fn clocked_relay(&self) -> ClockedRelay {
        ClockedRelay::start(&self.path("relay"))
    }

    /// `share` as someone who may not touch what the file modes forbid, also when the tests run as root.
    pub fn share_without_rights<I: IntoIterator<Item: AsRef<OsStr>>>(&self, arguments: I) -> Run {
        match fs::metadata("/proc/self").unwrap().uid() {
            0 => self.share(arguments).under(["setpriv", "--bounding-set=-dac_override,-dac_read_search"]),
            _ => self.share(arguments),
        }
    }

    /// Sends with words in a file; gives the link and the words file.
    pub fn send<I: IntoIterator<Item: AsRef<OsStr>>>(&self, relay: &str, arguments: I) -> Sent {
        let words = self.path(format!("words-{}", fs::read_dir(self.root.path()).unwrap().count()));
        let run = self.share(["send", "--json", "--relay", relay, "--passphrase-file"]).arg(&words).args(arguments);
        let lines = run.succeeds().json();
        assert_eq!((lines[0]["event"].as_str(), lines[1]["event"].as_str()), (Some("created"), Some("ready")));
        Sent { link: lines[0]["link"].as_str().unwrap().to_owned(), words }
    }

    /// Waits for something that nothing tells of, and fails the test if it does not come true soon.
    #[track_caller]
    pub fn until(&self, come_true: impl Fn() -> bool, otherwise: &str) {
        let begun = Instant::now();
        while !come_true() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{otherwise}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Fetches into `output`.
    pub fn get(&self, sent: &Sent, output: impl AsRef<Path>) -> Run {
        let run = self.share(["get", &sent.link, "--yes", "--passphrase-file"]).arg(&sent.words);
        run.arg("--output").arg(self.path(output))
    }

    /// What the ledger keeps of a share.
    pub fn ledger_entry(&self, sent: &Sent) -> Value {
        let path = self.path(format!("home/.local/share/share/ledger/{}.json", sent.id()));
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    /// What the relay tells the sender of a share.
    #[track_caller]
    pub fn status(&self, sent: &Sent) -> Value {
        self.share(["status", &sent.link, "--json"]).succeeds().json().remove(0)
    }

    /// The kinds of the events the relay tells the sender, in order.
    #[track_caller]
    pub fn events(&self, sent: &Sent) -> Vec<String> {
        let status = self.status(sent);
        status["events"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect()
    }
}

/// Options of `unshare` for a mount that only the program sees, and that goes away with it.
pub const SMALL_DISK: [&str; 2] = ["--mount", "--map-root-user"];

/// Whether this machine lets tests mount a small disk. Where it does not, the test cannot show what it promises.
pub fn can_mount() -> bool {
    let tried = Command::new("unshare").args(SMALL_DISK).args(["sh", "-c", "mount -t tmpfs none /mnt"]).output();
    let can = tried.is_ok_and(|output| output.status.success());
    if !can {
        eprintln!("SKIPPED: a full disk cannot be staged here; it takes root, or user namespaces");
    }
    can
}

/// Waits until something is there, with a bound.
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Something that was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    pub link: String,
    pub words: PathBuf,
}

impl Sent {
    /// The id at the link's end.
    pub fn id(&self) -> &str {
        self.link.rsplit('/').next().unwrap()
    }

    /// The id as the protocol has it.
    pub fn share_id(&self) -> ShareId {
        self.id().parse().unwrap()
    }

    /// The link through another address: that of a proxy, say.
    pub fn through(&self, relay: &str) -> Self {
        Self { link: format!("{relay}/s/{}", self.id()), words: self.words.clone() }
    }

    /// What shows the relay that one knows the words.
    pub fn proof(&self) -> Bytes32 {
        share_format::envelope::proof(&self.passphrase(), &self.share_id())
    }

    /// The words joined by `-`.
    pub fn passphrase(&self) -> String {
        fs::read_to_string(&self.words).unwrap().trim().to_owned()
    }
}

/// A program about to run.
pub struct Run {
    pub command: Command,
    root: PathBuf,
}

impl Run {
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

    /// Runs it to its end.
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

    /// Runs it and expects success.
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
    pub fn spawn(mut self) -> Child {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn outcome(self, output: Output) -> Outcome {
        Outcome { command: format!("{:?}", self.command), root: self.root, output }
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
        serde_json::from_slice(&self.read[start..]).unwrap_or_else(|error| {
            let _ = self.child.kill();
            panic!("{error} in {:?}", String::from_utf8_lossy(&self.read[start..]))
        })
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
        let (command, root) = (format!("{:?}", self.run.command), self.run.root.clone());
        Outcome { command, root, output }
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
    pub fn stdout(&self) -> String {
        String::from_utf8(self.output.stdout.clone()).unwrap()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// Asserts the exit code.
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

/// Every path below a folder, sorted, without following links.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if item.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(item.path());
            }
            found.push(item.path());
        }
    }
    found.sort();
    found
}

/// A relay process; killed when dropped.
pub struct Relay {
    pub url: String,
    pub data: PathBuf,
    pub child: Child,
}

impl Relay {
    /// The share's folder.
    pub fn share(&self, sent: &Sent) -> PathBuf {
        self.data.join("shares").join(sent.id())
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // Fails only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
