//! Interrupted downloads, and the state that a recipient stores about them.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use share_client::state::tag_file::TagFile;

use crate::support::{
    MIB, PATIENCE,
    clocked_relay::ClockedRelay,
    fault_proxy::FaultProxy,
    keys::{age_key, send_to},
    program::{Outcome, Run, Started},
    random::noise,
    test_env::{Relay, Sent, TestEnv, files_below},
    until,
};

/// A share of a file and a folder, and its recipient. It is sent to a key, which takes less time than a passphrase.
pub struct DownloadFixture {
    pub env: TestEnv,
    pub relay: Relay,
    pub sent: Sent,
}

impl DownloadFixture {
    pub fn new(bytes: usize) -> Self {
        let (env, relay) = TestEnv::with_relay();
        let key = age_key(&env, "key.txt");
        let file = env.file("case.bin", noise(bytes / 2));
        (0..40).for_each(|number| drop(env.file(format!("folder/{number}"), noise(bytes / 80 + number))));
        let sent = send_to(&env, &relay, std::slice::from_ref(&key), [file, env.path("folder")]);
        Self { env, relay, sent }
    }

    pub fn get(&self, link: &str) -> Run {
        self.env.share(["get", link, "--yes", "--identity", "key.txt", "--output", "in"])
    }

    /// Asserts that everything that was sent has been saved completely, and nothing else.
    #[track_caller]
    pub fn assert_complete(&self, case: &str) {
        assert_eq!(self.names(), ["case.bin", "folder"], "{case}");
        let same = |one: &Path, other: &Path| fs::read(one).unwrap() == fs::read(other).unwrap();
        let output = self.env.path("in");
        assert!(same(&self.env.path("case.bin"), &output.join("case.bin")), "{case}");
        let folder = output.join("folder");
        assert!((0..40).all(|n| same(&self.env.path(format!("folder/{n}")), &folder.join(n.to_string()))), "{case}");
        assert_eq!(files_below(&folder).len(), 40, "{case}");
    }

    pub fn names(&self) -> Vec<String> {
        let items = fs::read_dir(self.env.path("in")).into_iter().flatten();
        let mut names: Vec<_> = items.map(|item| item.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The only staging folder there is.
    #[track_caller]
    pub fn staging(&self) -> PathBuf {
        let names = self.names();
        assert_eq!((names.len(), names[0].starts_with(".share-")), (1, true), "{names:?}");
        self.env.path("in").join(&names[0])
    }

    /// The number of events of this kind that the sender sees.
    pub fn events(&self, kind: &str) -> usize {
        self.env.events(&self.sent).iter().filter(|event| *event == kind).count()
    }

    /// A download that has saved many chunks and is held up at this proxy.
    pub fn held_up(&self, proxy: &FaultProxy) -> Started {
        held_up(&self.env, self.get(&self.sent.through(&proxy.url).link).arg("--json"), proxy, 64)
    }

    /// A download that was held up at a proxy and killed. The proxy is open afterwards.
    pub fn cut_off(&self) -> FaultProxy {
        self.cut_off_from(&self.relay.url)
    }

    pub fn cut_off_from(&self, relay: &str) -> FaultProxy {
        let proxy = FaultProxy::holding_answer(relay, "/content ", 6 * MIB);
        end(self.held_up(&proxy), &proxy);
        proxy
    }

    /// Asserts that the download can be resumed and completes.
    #[track_caller]
    pub fn assert_continues(&self, proxy: &FaultProxy, case: &str) -> Outcome {
        let outcome = self.get(&self.sent.through(&proxy.url).link).within(PATIENCE).exits(0);
        self.assert_complete(case);
        outcome
    }
}

/// Starts a download that this proxy holds up, and waits until this many chunks of it are recorded.
fn held_up(env: &TestEnv, get: Run, proxy: &FaultProxy, chunks: u64) -> Started {
    let getting = get.start();
    proxy.wait_until_stopped_times(2);
    let noted = |tags: TagFile| tags.count(1000).unwrap() >= chunks;
    until("what has arrived is noted", || TagFile::open(&staging(env).join("tags")).is_ok_and(noted));
    getting
}

/// Kills a download, and opens the proxy that held it up.
fn end(getting: Started, proxy: &FaultProxy) {
    getting.signal("KILL");
    drop(getting);
    proxy.open();
}

/// More files than a manifest lists (10,000).
pub const MANY: usize = 10_100;

pub fn bytes_of(number: usize) -> usize {
    number % 900
}

/// An interrupted download of many files. The proxy is open.
pub fn many_cut_off() -> (TestEnv, Relay, FaultProxy, Sent) {
    let (env, relay) = TestEnv::with_relay();
    let key = age_key(&env, "key.txt");
    (0..MANY).for_each(|number| drop(env.file(many(number), noise(bytes_of(number)))));
    let sent = send_to(&env, &relay, &[key], [env.path("many")]);
    let proxy = FaultProxy::holding_answer(&relay.url, "/content ", 3 * MIB);
    let sent = sent.through(&proxy.url);
    end(held_up(&env, get_one(&env, &sent), &proxy, 32), &proxy);
    (env, relay, proxy, sent)
}

pub fn many(number: usize) -> String {
    format!("many/{}/{number}", number % 50)
}

/// An interrupted download of one file, from a relay whose clock can be set.
pub fn cut_off_before(expires: &str) -> (TestEnv, ClockedRelay, FaultProxy, Sent) {
    cut_off_with_clock(expires, "+0")
}

/// Like [`cut_off_before`], on a computer whose clock is off by this much.
pub fn cut_off_with_clock(expires: &str, clock: &str) -> (TestEnv, ClockedRelay, FaultProxy, Sent) {
    let env = TestEnv::new();
    let relay = env.clocked_relay();
    let key = age_key(&env, "key.txt");
    let file = env.file("case.bin", noise(24 * MIB));
    let send =
        env.share(["send", "--json", "--once", "--expires", expires, "--recipient", &key, "--relay", &relay.url]);
    let link = send.arg(file).succeeds().link();
    let proxy = FaultProxy::holding_answer(&relay.url, "/content ", 3 * MIB);
    let sent = Sent { link, words: PathBuf::new() };
    end(held_up(&env, get_one(&env, &sent.through(&proxy.url)).clock(clock), &proxy, 64), &proxy);
    (env, relay, proxy, sent)
}

pub fn get_one(env: &TestEnv, sent: &Sent) -> Run {
    env.share(["get", &sent.link, "--yes", "--identity", "key.txt", "--output", "in"])
}

/// The staging folder of the interrupted download.
pub fn staging(env: &TestEnv) -> PathBuf {
    let items = fs::read_dir(env.path("in")).unwrap().map(|item| item.unwrap().path());
    items.into_iter().find(|path| path.join("journal.json").exists()).expect("a download was cut off")
}

/// Sets the modification times of all files in a folder to this many hours ago.
pub fn age_files(folder: &Path, hours: i64) {
    let (now, time) = (SystemTime::now(), Duration::from_secs(hours.unsigned_abs() * 3600));
    let then = if hours < 0 { now + time } else { now - time };
    for path in files_below(folder).iter().filter(|path| path.is_file()) {
        File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
    }
}
