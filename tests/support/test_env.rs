//! The environment of one test: a folder of its own, clean environment variables, and programs that end with it.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{BufRead, BufReader},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use share_relay_api::{Bytes32, ShareId};
use tempfile::TempDir;

use crate::support::{clocked_relay::ClockedRelay, http::host, machine::PRIVATE_MOUNTS, program::Run};

/// A folder with a home in it. Every program runs with a clean environment and knows no other.
pub struct TestEnv {
    root: TempDir,
}

impl TestEnv {
    pub fn new() -> Self {
        let env = Self { root: TempDir::with_prefix("share-e2e-").unwrap() };
        fs::create_dir(env.path("home")).unwrap();
        env
    }

    /// One in which a relay runs.
    pub fn with_relay() -> (Self, Relay) {
        let env = Self::new();
        let relay = env.relay();
        (env, relay)
    }

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

    /// The `share` program, to be run in its folder, in English.
    pub fn share<I: IntoIterator<Item: AsRef<OsStr>>>(&self, arguments: I) -> Run {
        self.program(env!("CARGO_BIN_EXE_tested-share"), arguments)
    }

    pub fn share_relay<I: IntoIterator<Item: AsRef<OsStr>>>(&self, arguments: I) -> Run {
        self.program(env!("CARGO_BIN_EXE_tested-share-relay"), arguments)
    }

    pub fn program<I: IntoIterator<Item: AsRef<OsStr>>>(&self, program: &str, arguments: I) -> Run {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.root.path()).env_clear();
        command.env("HOME", self.path("home")).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("LANG", "en_US.UTF-8").env("TZ", "UTC").env("RUST_BACKTRACE", "1");
        command.stdin(Stdio::null());
        Run::new(command, self.root.path())
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

    /// A relay process whose data lies on a disk of this size, on a free port. See `machine::can_mount`.
    pub fn relay_on_small_disk(&self, size: &str) -> Relay {
        let data = self.path("relay");
        fs::create_dir(&data).unwrap();
        let relay = env!("CARGO_BIN_EXE_tested-share-relay");
        let mount =
            "mount -t tmpfs -o size=$0 none \"$1\" && exec \"$2\" serve --init --data \"$1\" --listen 127.0.0.1:0";
        let run = self.program("unshare", PRIVATE_MOUNTS).args(["sh", "-c", mount, size]).arg(&data).arg(relay);
        self.start(run, data)
    }

    /// A relay process on a free port that sees other mounts: `prepare` makes them, with `$0` as the relay's folder, which
    /// is there. See `machine::can_mount`.
    pub fn relay_with_mounts(&self, prepare: &str) -> Relay {
        let data = self.path("relay");
        let relay = env!("CARGO_BIN_EXE_tested-share-relay");
        let script = format!("{prepare} && exec \"$1\" serve --data \"$0\" --listen 127.0.0.1:0");
        let run = self.program("unshare", PRIVATE_MOUNTS).args(["sh", "-c", &script]).arg(&data).arg(relay);
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

/// A relay process; killed when dropped.
pub struct Relay {
    pub url: String,
    pub data: PathBuf,
    pub child: Child,
}

impl Relay {
    pub fn share(&self, sent: &Sent) -> PathBuf {
        self.data.join("shares").join(sent.id())
    }

    pub fn address(&self) -> &str {
        host(&self.url)
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
