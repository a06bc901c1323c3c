//! Keys that shares are sent to.

use std::{fs, path::PathBuf};

use crate::support::{
    PATIENCE,
    machine::need,
    test_env::{Relay, Sent, TestEnv},
};

/// Makes an age identity in the file `name` and returns its public key.
pub fn age_key(env: &TestEnv, name: &str) -> String {
    need("age-keygen");
    let file = env.path(name);
    env.program("age-keygen", ["-o"]).arg(&file).succeeds();
    env.program("age-keygen", ["-y"]).arg(&file).succeeds().stdout().trim().to_owned()
}

/// Makes an ssh-ed25519 key with this passphrase in the file `name` and returns its public key.
pub fn ssh_key(env: &TestEnv, name: &str, passphrase: &str) -> String {
    need("ssh-keygen");
    env.program("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-f"]).arg(env.path(name)).succeeds();
    fs::read_to_string(env.path(format!("{name}.pub"))).unwrap().trim().to_owned()
}

pub fn send_to<I: IntoIterator<Item = PathBuf>>(env: &TestEnv, relay: &Relay, keys: &[String], paths: I) -> Sent {
    let mut run = env.share(["send", "--json", "--relay", &relay.url]).args(paths);
    for key in keys {
        run = run.args(["--recipient", key]);
    }
    let lines = run.within(PATIENCE).exits(0).json();
    assert_eq!(lines[1]["event"], "ready");
    Sent { link: lines[0]["link"].as_str().unwrap().to_owned(), words: PathBuf::new() }
}
