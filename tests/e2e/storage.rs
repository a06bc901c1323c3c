//! A relay whose folder is away, is another one, can only be read or is damaged in a part: it tells just that, serves what
//! it can, acknowledges nothing that is not kept, and goes on by itself.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::json;
use share_client::secret::Secret;
use share_relay_api::{Bytes32, ShareId, limits::SEALED_CHUNK_BYTES, paths};

use crate::support::{
    failures::send_something,
    http::{Request, Response},
    machine::{can_mount, can_trace},
    random::noise,
    test_env::{Relay, TestEnv, files_below},
    until,
};

const HEADER: [u8; 200] = [7; 200];
const PARTS: usize = 2;
const PART: usize = SEALED_CHUNK_BYTES as usize;

/// A share to keys that is sent and fetched call by call.
struct Share {
    id: ShareId,
    manage: Secret,
    ticket: Secret,
    downloads: Option<u32>,
}

impl Share {
    fn new(number: u8, downloads: Option<u32>) -> Self {
        let (manage, ticket) = (Secret::random().unwrap(), Secret::random().unwrap());
        Self { id: ShareId::from_random([number; 12]), manage, ticket, downloads }
    }

    /// A complete one.
    fn sent(number: u8, downloads: Option<u32>, relay: &Relay) -> Self {
        let share = Self::new(number, downloads);
        for call in ["create", "header", "manifest", "part 0", "part 1", "seal"] {
            share.accepts(call, relay);
        }
        share
    }

    fn call(&self, call: &str, relay: &Relay) -> Response {
        let (id, zero) = (&self.id, Bytes32([0; 32]));
        let payload = json!({ "payload_bytes": PARTS * PART });
        let mut create = json!({
            "manage_key_hash": self.manage.hash(), "header_bytes": HEADER.len(), "expires_in": 3600,
            "payload_bytes": PARTS * PART, "part_bytes": PART,
        });
        if let Some(downloads) = self.downloads {
            create["downloads"] = downloads.into();
        }
        let receipt = json!({ "fingerprint": zero, "time": 1, "saved": "disk", "mac": zero });
        let ticket = json!({ "ticket_hash": self.ticket.hash() });
        let body = |json: serde_json::Value| json.to_string().into_bytes();
        let (method, path, secret, body) = match call {
            "create" => ("PUT", paths::share(id), None, body(create)),
            "status" => ("GET", paths::share(id), None, vec![]),
            "header" => ("PUT", paths::header(id), Some(&self.manage), HEADER.to_vec()),
            "manifest" => ("PUT", paths::manifest(id), Some(&self.manage), b"what is inside".to_vec()),
            "part 0" => ("PUT", paths::part(id, 0), Some(&self.manage), noise(PART)),
            "part 1" => ("PUT", paths::part(id, 1), Some(&self.manage), noise(PART)),
            "parts" => ("GET", paths::parts(id), Some(&self.manage), vec![]),
            "seal" => ("POST", paths::seal(id), Some(&self.manage), body(payload)),
            "events" => ("GET", paths::events(id), Some(&self.manage), vec![]),
            "unlock" => ("POST", paths::unlock(id), Some(&self.manage), vec![]),
            "revoke" => ("DELETE", paths::share(id), Some(&self.manage), vec![]),
            "open" => ("POST", paths::open(id), None, b"{}".to_vec()),
            "ticket" => ("POST", paths::tickets(id), None, body(ticket)),
            "content" => ("GET", paths::content(id), Some(&self.ticket), vec![]),
            "receipt" => ("POST", paths::receipt(id), Some(&self.ticket), body(receipt)),
            other => panic!("{other}"),
        };
        let mut request = Request::new(method, path).body(body);
        if let Some(secret) = secret {
            request = request.bearer(secret.hex());
        }
        request.send(&relay.url)
    }

    #[track_caller]
    fn accepts(&self, call: &str, relay: &Relay) -> Response {
        let answer = self.call(call, relay);
        assert!(matches!(answer.status, 200 | 201 | 204), "{call}: {} {}", answer.status, code(&answer));
        answer
    }

    #[track_caller]
    fn refuses(&self, call: &str, relay: &Relay, status: u16, expected: &str) {
        let answer = self.call(call, relay);
        assert_eq!((answer.status, code(&answer).as_str()), (status, expected), "{call}");
    }

    #[track_caller]
    fn is_fetched(&self, relay: &Relay) {
        self.accepts("ticket", relay);
        let content = self.accepts("content", relay).body;
        assert!(content == [&HEADER[..], &noise(PART), &noise(PART)].concat(), "not what was sent");
    }
}

/// Every call on a share but the one that makes it.
const ON_A_SHARE: [&str; 13] = [
    "status", "header", "manifest", "part 0", "part 1", "parts", "seal", "events", "unlock", "revoke", "open",
    "ticket", "content",
];

fn code(answer: &Response) -> String {
    let problem: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
    problem.and_then(|problem| Some(problem["code"].as_str()?.to_owned())).unwrap_or_default()
}

fn get(relay: &Relay, path: &str) -> Response {
    Request::get(path).send(&relay.url)
}

fn log(env: &TestEnv) -> String {
    fs::read_to_string(env.path("relay.log")).unwrap()
}

/// Names and bytes of all that lies there.
fn all_in(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = files_below(dir);
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap_or_default())).collect()
}

#[test]
fn a_folder_that_is_away_or_another_is_not_an_empty_relay() {
    let (env, relay) = TestEnv::with_relay();
    let (share, other) = (Share::new(1, None), Share::new(2, None));
    for call in ["create", "header", "manifest", "part 0", "ticket"] {
        share.accepts(call, &relay);
    }
    let away = env.path("away");
    fs::rename(&relay.data, &away).unwrap();
    let all_is_refused = |which: &str| {
        let before = all_in(&relay.data);
        ON_A_SHARE.iter().for_each(|call| share.refuses(call, &relay, 503, "storage_missing"));
        share.refuses("receipt", &relay, 503, "storage_missing");
        share.refuses("create", &relay, 503, "storage_missing");
        other.refuses("create", &relay, 503, "storage_missing");
        for path in ["/readyz", paths::INFO] {
            let answer = get(&relay, path);
            assert_eq!((answer.status, code(&answer).as_str()), (503, "storage_missing"), "{path}: {which}");
        }
        assert_eq!(get(&relay, "/healthz").status, 204);
        assert!(all_in(&relay.data) == before, "something was made or changed: {which}");
    };
    all_is_refused("moved away");
    assert!(!relay.data.exists());
    fs::create_dir(&relay.data).unwrap();
    all_is_refused("empty");
    let init = env.share_relay(["serve", "--init", "--listen", "0.0.0.0:0", "--data"]).arg(&relay.data);
    init.output().exits(1).says("add a sender token first");
    all_is_refused("another relay's");
    fs::remove_dir_all(&relay.data).unwrap();
    env.program("cp", ["-a"]).arg(&away).arg(&relay.data).succeeds();
    all_is_refused("put back from a copy");
    fs::remove_dir_all(&relay.data).unwrap();
    fs::rename(&away, &relay.data).unwrap();

    assert_eq!(get(&relay, "/readyz").status, 200);
    for call in ["part 1", "seal"] {
        share.accepts(call, &relay);
    }
    share.is_fetched(&relay);
    share.accepts("receipt", &relay);
    other.refuses("status", &relay, 404, "not_found");
    let told = |what: &str| log(&env).matches(what).count();
    assert_eq!((told("the data folder is not there"), told("the data folder is back")), (1, 1), "{}", log(&env));
    assert_eq!((told("ERROR"), told("internal")), (1, 0), "{}", log(&env));
}

#[test]
fn a_volume_that_is_unmounted_in_the_middle_leaves_no_empty_relay() {
    if !can_mount() {
        return;
    }
    let (env, mut relay) = TestEnv::with_relay();
    let share = Share::new(1, None);
    for call in ["create", "header", "manifest", "part 0"] {
        share.accepts(call, &relay);
    }
    relay.kill();
    let volume = env.path("volume");
    fs::rename(&relay.data, &volume).unwrap();
    fs::create_dir(&relay.data).unwrap();
    let serve = env.share_relay(["serve", "--listen", "127.0.0.1:0", "--data", "relay"]);
    serve.output().exits(1).says("is that mounted?");

    let relay = env.relay_with_mounts("mount --bind \"$(dirname \"$0\")/volume\" \"$0\"");
    let pid = relay.child.id().to_string();
    let inside = || env.program("nsenter", ["--user", "--mount", "--preserve-credentials", "--target", &pid]);
    share.accepts("status", &relay);
    inside().args(["umount", "--lazy"]).arg(&relay.data).succeeds();
    for call in ON_A_SHARE {
        share.refuses(call, &relay, 503, "storage_missing");
    }
    assert_eq!(get(&relay, "/readyz").status, 503);
    assert!(fs::read_dir(&relay.data).unwrap().next().is_none(), "nothing is made where it was mounted");
    inside().args(["mount", "--bind"]).args([&volume, &relay.data]).succeeds();
    for call in ["part 1", "seal"] {
        share.accepts(call, &relay);
    }
    share.is_fetched(&relay);
}

#[test]
fn a_new_relay_is_made_only_where_that_is_said() {
    let env = TestEnv::new();
    let (missing, empty) = (env.path("missing"), env.path("empty"));
    fs::create_dir(&empty).unwrap();
    for data in [&missing, &empty] {
        for command in [
            &["serve", "--listen", "127.0.0.1:0"][..],
            &["token", "add", "anna"],
            &["token", "list"],
            &["token", "remove", "anna"],
            &["remove", "k3f90m"],
            &["confirm-clock"],
        ] {
            let refused = env.share_relay(command).arg("--data").arg(data).output().exits(1);
            refused.says("is not the data folder of a relay").says("is that mounted?").says("serve --init");
        }
    }
    assert!(!missing.exists() && fs::read_dir(&empty).unwrap().next().is_none());
    let init = |data: &Path| {
        env.share_relay(["serve", "--init", "--listen", "0.0.0.0:0", "--data"]).arg(data).output().exits(1)
    };
    fs::write(empty.join("letter.txt"), b"somebody's").unwrap();
    init(&empty).says("it is not empty");
    init(&missing).says("add a sender token first");
    let marker = fs::read(missing.join("relay-id")).unwrap();
    init(&missing).says("add a sender token first");
    assert_eq!(fs::read(missing.join("relay-id")).unwrap(), marker, "it stays as it is");
    fs::write(missing.join("relay-id"), b"share-relay 2 something\n").unwrap();
    init(&missing).says("is not a marker that this version of share-relay can read");
}

#[test]
fn a_token_list_that_is_gone_lets_nobody_in() {
    let (env, mut relay) = TestEnv::with_relay();
    let add = |name: &str| env.share_relay(["token", "add", name, "--data", "relay"]).succeeds().stdout();
    add("anna");
    let share = Share::new(1, None);
    share.refuses("create", &relay, 401, "token_required");
    fs::remove_file(relay.data.join("tokens.json")).unwrap();
    for started_again in [false, true] {
        if started_again {
            relay.kill();
            let serve = env.share_relay(["serve", "--listen", "127.0.0.1:0", "--data", "relay"]);
            serve.output().exits(1).says("tokens.json are gone").says("token add");
            fs::write(relay.data.join("tokens.json"), "[]").unwrap();
            relay = env.relay();
            fs::remove_file(relay.data.join("tokens.json")).unwrap();
        }
        share.refuses("create", &relay, 503, "storage_missing");
        assert_eq!(get(&relay, "/readyz").status, 503);
    }
    add("bo");
    share.refuses("create", &relay, 401, "token_required");
    assert_eq!(get(&relay, "/readyz").status, 200);
}

/// Fails every write to the relay's disk until dropped.
struct FailingDisk(std::process::Child);

impl FailingDisk {
    fn of(relay: &Relay) -> Self {
        let steps = "pwrite64,fsync,fdatasync";
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={steps}")]);
        strace.args(["-e", &format!("inject={steps}:error=EIO"), "-p", &relay.child.id().to_string()]);
        let child = strace.stdin(Stdio::null()).spawn().unwrap();
        until("the disk fails", || get(relay, "/readyz").status == 503);
        Self(child)
    }
}

impl Drop for FailingDisk {
    fn drop(&mut self) {
        // So that it lets go of the relay.
        let _ = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

#[test]
fn a_failing_disk_serves_what_it_holds_and_takes_nothing() {
    if !can_trace() {
        return;
    }
    let (env, relay) = TestEnv::with_relay();
    let (share, limited) = (Share::sent(1, None, &relay), Share::sent(2, Some(1), &relay));
    let (begun, new) = (Share::new(3, None), Share::new(4, None));
    for call in ["create", "header", "part 0"] {
        begun.accepts(call, &relay);
    }
    let failing = FailingDisk::of(&relay);
    share.is_fetched(&relay);
    share.refuses("receipt", &relay, 503, "storage_failing");
    limited.refuses("ticket", &relay, 503, "storage_failing");
    new.refuses("create", &relay, 503, "storage_failing");
    begun.refuses("part 1", &relay, 503, "storage_failing");
    begun.refuses("manifest", &relay, 503, "storage_failing");
    for held in [&share, &limited, &begun] {
        held.accepts("status", &relay);
    }
    assert_eq!(code(&get(&relay, "/readyz")), "storage_failing");
    drop(failing);
    assert_eq!(get(&relay, "/readyz").status, 200);
    share.accepts("receipt", &relay);
    let events = String::from_utf8(share.accepts("events", &relay).body).unwrap();
    assert_eq!(events.matches("receipt").count(), 1, "{events}");
    limited.is_fetched(&relay);
    new.accepts("create", &relay);
    for call in ["part 1", "manifest", "seal"] {
        begun.accepts(call, &relay);
    }
    begun.is_fetched(&relay);
    assert!(!log(&env).contains("internal"), "{}", log(&env));
}

#[test]
fn a_relay_starts_on_a_disk_that_can_only_be_read_and_serves_it() {
    if !can_mount() {
        return;
    }
    let (env, mut relay) = TestEnv::with_relay();
    let (share, limited) = (Share::sent(1, None, &relay), Share::sent(2, Some(1), &relay));
    relay.kill();
    let before = all_in(&relay.data);
    let mut relay = env.relay_with_mounts("mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\"");
    share.is_fetched(&relay);
    share.refuses("receipt", &relay, 503, "storage_failing");
    limited.refuses("ticket", &relay, 503, "storage_failing");
    Share::new(3, None).refuses("create", &relay, 503, "storage_failing");
    assert_eq!(code(&get(&relay, "/readyz")), "storage_failing");
    assert!(log(&env).contains("the disk can only be read"), "{}", log(&env));
    relay.kill();
    assert!(all_in(&relay.data) == before);
    let relay = env.relay();
    limited.is_fetched(&relay);
}

#[test]
fn a_damaged_record_costs_its_share_alone_and_can_be_removed() {
    let (env, mut relay) = TestEnv::with_relay();
    let (damaged, other) = (Share::sent(1, None, &relay), Share::sent(2, None, &relay));
    let record = relay.data.join("shares").join(damaged.id.as_str()).join("record.json");
    for garbage in [&b"\x00\x00"[..], b"", b"{\"version\":1}"] {
        fs::write(&record, garbage).unwrap();
        for call in ON_A_SHARE.iter().chain(&["receipt", "create"]) {
            damaged.refuses(call, &relay, 500, "record_damaged");
        }
        other.accepts("status", &relay);
    }
    let short = &damaged.id.as_str()[..6];
    relay.kill();
    fs::write(env.path("relay.log"), b"").unwrap();
    let relay = env.relay();
    // The first sweep comes with the start.
    let errors = || log(&env).lines().filter(|line| line.contains("ERROR")).map(str::to_owned).collect::<Vec<_>>();
    until("it is swept", || !errors().is_empty());
    other.is_fetched(&relay);
    assert!(errors().len() == 1 && errors()[0].contains(short), "{:?}", errors());
    assert!(!errors()[0].contains(damaged.id.as_str()), "{:?}", errors());

    let remove = |id: &str| env.share_relay(["remove", id, "--data", "relay"]).output();
    remove("zzzzzz").exits(1).says("there is no share whose id begins with");
    remove(short).exits(0);
    damaged.refuses("status", &relay, 404, "not_found");
    other.is_fetched(&relay);
}

#[test]
fn damaged_content_is_told_to_the_sender_once_a_recipient_met_it() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let content = relay.data.join("shares").join(sent.id()).join("content.age");
    fs::File::options().write(true).open(content).unwrap().set_len(50).unwrap();
    assert!(!env.events(&sent).contains(&"damaged".to_owned()));
    env.get(&sent, "in").output().exits(8);
    assert!(env.events(&sent).contains(&"damaged".to_owned()));
}
