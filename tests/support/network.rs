//! Networks of this computer alone, apart from the one it is on.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use super::program::Run;

/// A network with the devices that a shell script makes. Ends when dropped.
pub struct Network(Child);

impl Network {
    /// `None` where this machine does not let tests make one; then they cannot show what they promise.
    pub fn new(script: &str) -> Option<Self> {
        let made = Self::hold(["unshare", "--net", "--map-root-user"], script);
        if made.is_none() {
            eprintln!(
                "SKIPPED: no network of its own can be made here; it takes ip, tc, nft, and root or user namespaces"
            );
        }
        made
    }

    /// A second network, whose devices the first can make and take.
    pub fn beside(&self, script: &str) -> Self {
        let command = self.entering().into_iter().chain(["unshare", "--net"].map(str::to_owned));
        Self::hold(command, script).expect("a second network, as the first")
    }

    /// It lives as long as the process that made it, and that as long as its input is open.
    fn hold<I: IntoIterator<Item: AsRef<OsStr>>>(command: I, script: &str) -> Option<Self> {
        let mut env = Command::new("env");
        let command = env.args(command).args(["sh", "-c", &format!("{script} && echo up && cat")]);
        let mut network = Self(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?);
        let mut lines = BufReader::new(network.0.stdout.take()?).lines().map_while(Result::ok);
        lines.any(|line| line == "up").then_some(network)
    }

    fn entering(&self) -> [String; 6] {
        let target = self.id().to_string();
        ["nsenter", "--target", &target, "--net", "--user", "--preserve-credentials"].map(str::to_owned)
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// The same program, in this network.
    pub fn inside(&self, run: Run) -> Run {
        run.under(self.entering())
    }

    /// Runs a shell command in this network, and gives what it prints.
    pub fn shell(&self, command: &str) -> String {
        let output = Command::new("env").args(self.entering()).args(["sh", "-c", command]).output().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // Fails only if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
