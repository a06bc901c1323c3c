//! Sending without a relay, from this computer to others on its network.

use std::fs;

use serde_json::{Value, json};
use share_relay_api::{Bytes32, paths};

use crate::support::{
    failures::fails,
    http::{Request, Response, host, ticket_wanted},
    machine::need,
    network::Network,
    program::{Run, Started},
    random::noise,
    terminal::SHARE,
    test_env::{Sent, TestEnv, files_below},
};

/// A network where this computer has a private address: the one the tests run on may have none.
struct Here(Network);

impl Here {
    fn new() -> Option<Self> {
        let script = "ip link set lo up && ip addr add 10.1.2.3/32 dev lo && ip route add default dev lo";
        Network::new(script).map(Self)
    }

    /// The same program, in this network.
    fn inside(&self, run: Run) -> Run {
        self.0.inside(run)
    }

    /// One call of the protocol, in this network.
    fn call(&self, env: &TestEnv, sent: &Sent, path: &str, secret: Option<&Bytes32>, body: Value) -> Response {
        let relay = sent.link.split("/s/").next().unwrap();
        let mut request = Request::post(path).json(&body);
        if let Some(secret) = secret {
            request = request.bearer(secret);
        }
        let talk = format!("exec 3<>/dev/tcp/{}; cat >&3; cat <&3", host(relay).replace(':', "/"));
        let run = self.inside(env.program("bash", ["-c", &talk]));
        Response::parse(&run.output_with_input(&request.bytes(relay)).exits(0).output.stdout)
    }

    /// Begins to send; waits until it is ready to be fetched.
    fn send(&self, env: &TestEnv, options: &[&str]) -> (Started, Sent) {
        let file = env.file("case.bin", noise(300_000));
        let words = env.path("words");
        let run = env.share(["send", "--here", "--json", "--passphrase-file"]).arg(&words).arg(file).args(options);
        let mut sending = self.inside(run).start();
        let link = sending.link();
        assert!(link.starts_with("http://10.1.2.3:"), "{link}");
        assert_eq!(sending.event()["event"], "ready");
        (sending, Sent { link, words })
    }
}

fn left_behind(env: &TestEnv) -> Vec<std::path::PathBuf> {
    files_below(&env.path("home/.cache/share/here"))
}

#[test]
fn until_collected() {
    let Some(network) = Here::new() else { return };
    let env = TestEnv::new();
    let (sending, sent) = network.send(&env, &[]);
    let got = network.inside(env.get(&sent, "in")).succeeds();
    assert!(!got.stderr().contains("warning"), "{got:?}");
    sending.finish().exits(0);
    assert!(fs::read(env.path("in/case.bin")).unwrap() == noise(300_000));
    assert!(left_behind(&env).is_empty());
    network.inside(env.get(&sent, "again").args(["--patience", "0s"])).output().exits(3);
}

#[test]
fn as_often_as_allowed() {
    let Some(network) = Here::new() else { return };
    let env = TestEnv::new();
    let (sending, sent) = network.send(&env, &["--downloads", "2"]);
    network.inside(env.get(&sent, "one")).succeeds();
    network.inside(env.get(&sent, "two")).succeeds();
    sending.finish().exits(0);
}

#[test]
fn revoked_meanwhile() {
    let Some(network) = Here::new() else { return };
    let env = TestEnv::new();
    let (sending, sent) = network.send(&env, &[]);
    network.inside(env.share(["revoke", &sent.link])).succeeds();
    let outcome = sending.finish();
    outcome.fails(5, "revoked");
    assert!(!outcome.stderr().contains("share revoke"), "{outcome:?}");
    assert!(!sent.words.exists() && left_behind(&env).is_empty());
}

#[test]
fn the_environment_does_not_contradict_it() {
    let Some(network) = Here::new() else { return };
    let env = TestEnv::new();
    env.file("case.bin", "x");
    let send = env.share(["send", "--here", "--json", "--passphrase-file", "words", "case.bin"]);
    let mut sending = network.inside(send.env("SHARE_RELAY", "https://relay.example")).start();
    assert!(sending.event()["link"].as_str().unwrap().starts_with("http://10.1.2.3:"));
    assert_eq!(sending.event()["event"], "ready");
    sending.signal("TERM");
    sending.finish().exits(130);
}

#[test]
fn without_a_relay_configured_it_is_the_default_at_a_terminal() {
    need("script");
    let Some(network) = Here::new() else { return };
    let env = TestEnv::new();
    env.file("case.bin", "x");
    let command = "mkfifo told && { $SHARE send case.bin --passphrase-file words >told & } && read -r _ link <told && \
        $SHARE get \"$link\" --yes --passphrase-file words --output in && wait $!";
    let run = env.program("timeout", ["60", "script", "-qec", command, "/dev/null"]).env("SHARE", SHARE);
    let outcome = network.inside(run).output_with_input(b"").exits(0);
    let shown = outcome.stdout();
    assert!(shown.contains("Without a relay: serving from this computer at http://10.1.2.3:"), "{outcome:?}");
    assert!(shown.contains("Received unchanged by the recipient."), "{outcome:?}");
    assert!(env.path("in/case.bin").exists() && left_behind(&env).is_empty());
}

#[test]
fn without_a_relay_configured_and_without_a_terminal_it_has_to_be_asked_for() {
    let env = TestEnv::new();
    env.file("case.bin", "x");
    let send = || env.share(["send", "case.bin", "--passphrase-file", "words"]);
    let says = "No relay is named, and without a terminal share serves from this computer only if that is asked for";
    fails(
        send,
        2,
        "usage",
        says,
        "--relay URL, with the variable SHARE_RELAY, or once for all with share config set relay",
    );
    fails(send, 2, "usage", says, "with --here.");
    assert!(!env.path("words").exists() && files_below(&env.path("home")).is_empty());
}

#[test]
fn a_forged_receipt_is_told() {
    let Some(network) = Here::new() else { return };
    let env = TestEnv::new();
    let (sending, sent) = network.send(&env, &[]);
    let (id, ticket) = (sent.share_id(), Bytes32([1; 32]));
    let wanted = ticket_wanted(&sent.proof(), &ticket);
    assert_eq!(network.call(&env, &sent, &paths::tickets(&id), None, wanted).status, 200);
    let forged = json!({ "fingerprint": "00".repeat(32), "time": 1, "saved": "disk", "mac": "00".repeat(32) });
    assert_eq!(network.call(&env, &sent, &paths::receipt(&id), Some(&ticket), forged).status, 204);
    sending.finish().exits(0).says("warning: a receipt that is NOT genuine");
}

#[test]
fn nobody_else_may_send() {
    let Some(network) = Here::new() else { return };
    let env = TestEnv::new();
    let (sending, sent) = network.send(&env, &[]);
    let relay = sent.link.split("/s/").next().unwrap();
    env.file("intruder.bin", "x");
    let send = env.share(["send", "--json", "--passphrase-file", "other", "--relay", relay, "intruder.bin"]);
    network.inside(send).output().fails(9, "token_required");
    sending.signal("INT");
    sending.finish().exits(130);
}

#[test]
fn stopped() {
    let Some(network) = Here::new() else { return };
    let env = TestEnv::new();
    let (sending, sent) = network.send(&env, &[]);
    assert!(!left_behind(&env).is_empty());
    sending.signal("INT");
    let error = sending.finish().fails(130, "interrupted");
    assert_eq!(error["message"], "Stopped; it cannot be downloaded any more");
    assert!(left_behind(&env).is_empty());
    assert!(!sent.words.exists());
    assert!(files_below(&env.path("home/.local/share/share/ledger")).is_empty());
}

#[test]
fn not_from_a_public_address() {
    let Some(network) = Here::new() else { return };
    let env = TestEnv::new();
    env.file("case.bin", "x");
    let public = "ip addr add 8.8.8.8/32 dev lo && ip route change default dev lo src 8.8.8.8 && exec \"$@\"";
    let send = env.share(["send", "--here", "--json", "--passphrase-file", "words", "case.bin"]);
    let outcome = network.inside(send.under(["sh", "-c", public, "sh"])).output();
    let error = outcome.fails(2, "relay_url");
    assert!(error["message"].as_str().unwrap().contains("8.8.8.8"), "{error}");
    assert!(error["hint"].as_str().unwrap().starts_with("This computer has a public address"), "{error}");
    assert!(left_behind(&env).is_empty() && !env.path("words").exists());
}
