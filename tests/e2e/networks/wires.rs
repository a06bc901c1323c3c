//! Wires of this computer alone, between two networks of its own, and what can happen to real packets: loss, 50 kbit/s,
//! a link that goes down, an address that changes. They take `ip`, `tc` and `nft`, and root or user namespaces.

use std::{
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{Fixture, long};

use crate::support::{
    MIB,
    network::Network,
    program::Outcome,
    test_env::{Sent, TestEnv},
    until,
};

const MINUTE: Duration = Duration::from_secs(60);
/// In which a connection that stands still is noticed.
const NOTICED: Duration = Duration::from_secs(30);

/// Two networks and a wire between them: the relay's is 10.77.0.1, the program's 10.77.0.2.
struct Wire {
    relays: Network,
    programs: Network,
}

impl Wire {
    /// `None` where this machine does not let tests make one; then they cannot show what they promise.
    fn new() -> Option<Self> {
        // Packets as they are on a real wire: none larger than it takes.
        const RELAYS: &str = "ip link set lo up && ip link add wire type veth peer name other \
            && ip link set wire gso_max_segs 1 && ip link set other gso_max_segs 1 \
            && nft list tables && tc qdisc show >/dev/null";
        let relays = Network::new(RELAYS)?;
        let wire = Self { programs: relays.beside("ip link set lo up"), relays };
        wire.relays.shell(&format!("ip link set other netns {}", wire.programs.id()));
        wire.relays.shell("ip addr add 10.77.0.1/24 dev wire && ip link set wire up");
        wire.programs.shell("ip addr add 10.77.0.2/24 dev other && ip link set other up");
        Some(wire)
    }

    /// Drops one in a hundred packets on both sides, by chance.
    fn lose_one_percent(&self) {
        const RULES: &str = "nft add table ip loss \
            && nft add chain ip loss in '{ type filter hook input priority 0; }' \
            && nft add rule ip loss in numgen random mod 100 '<' 1 counter drop";
        self.relays.shell(RULES);
        self.programs.shell(RULES);
    }

    /// How many packets were lost.
    fn lost(&self) -> u64 {
        let count = |rules: String| -> u64 {
            let counter = rules.split("counter packets ").nth(1).unwrap();
            counter.split(' ').next().unwrap().parse().unwrap()
        };
        count(self.relays.shell("nft list ruleset")) + count(self.programs.shell("nft list ruleset"))
    }

    /// Lets so much through each way; what is over waits, up to a second or so.
    fn carry(&self, rate: &str, queue: &str) {
        let shape = |device| format!("tc qdisc add dev {device} root tbf rate {rate} burst 4kb limit {queue}");
        self.relays.shell(&shape("wire"));
        self.programs.shell(&shape("other"));
    }

    /// Bytes that came to the relay's side.
    fn arrived(&self) -> u64 {
        self.relays.shell("ip -s -s link show wire | awk '/RX:/ { getline; print $1 }'").trim().parse().unwrap()
    }

    /// Bytes that left it.
    fn left(&self) -> u64 {
        self.relays.shell("ip -s -s link show wire | awk '/TX:/ { getline; print $1 }'").trim().parse().unwrap()
    }

    /// A relay at one end, and something to send at the other.
    fn fixture(&self, size: usize) -> Fixture {
        let env = TestEnv::new();
        let options = ["--listen", "10.77.0.1:0", "--open"];
        let relay = env.start_relay(|run| self.relays.inside(run.args(options)));
        Fixture::with(env, relay, size)
    }
}

/// The part of [`Fixture`] that runs on the wire: what the program's side sends and fetches.
impl Wire {
    fn sends(&self, fixture: &Fixture) -> JoinHandle<Outcome> {
        let run = self.programs.inside(fixture.send(&fixture.relay.url));
        thread::spawn(move || run.within(10 * MINUTE))
    }

    fn gets(&self, fixture: &Fixture, sent: &Sent) -> JoinHandle<Outcome> {
        let run = self.programs.inside(fixture.get(sent));
        thread::spawn(move || run.within(10 * MINUTE))
    }

    /// That what came is what was sent. Asked on the wire, where the relay is.
    #[track_caller]
    fn got(&self, fixture: &Fixture, sent: &Sent, outcome: &Outcome) {
        assert_eq!(outcome.output.status.code(), Some(0), "{outcome:?}");
        assert!(std::fs::read(fixture.folder(sent).join("case.bin")).unwrap() == fixture.bytes, "it came back changed");
        let status =
            self.programs.inside(fixture.env.share(["status", &sent.link, "--json"])).succeeds().json().remove(0);
        let events = status["events"].as_array().unwrap().iter().filter(|event| event["event"] == "receipt").count();
        assert_eq!(events, 1, "{status}");
    }

    /// Sends and fetches, one after the other.
    fn there_and_back(&self, fixture: &Fixture) {
        let begun = Instant::now();
        let sent = fixture.sent(&self.sends(fixture).join().unwrap());
        eprintln!("send: {:?}", begun.elapsed());
        let begun = Instant::now();
        self.got(fixture, &sent, &self.gets(fixture, &sent).join().unwrap());
        eprintln!("get: {:?}", begun.elapsed());
    }

    /// Does this to the wire in the middle of an upload and of a download, which both end well. Gives how long they took
    /// from then on.
    fn in_the_middle(&self, fixture: &Fixture, strike: impl FnOnce()) -> Duration {
        let fetched = fixture.sent(&self.sends(fixture).join().unwrap());
        self.carry("20mbit", "64kb");
        let (came, went) = (self.arrived(), self.left());
        let (sending, getting) = (self.sends(fixture), self.gets(fixture, &fetched));
        let on_its_way = || self.arrived() - came > MIB as u64 && self.left() - went > MIB as u64;
        until("a MiB is on its way each way", on_its_way);
        assert!(!sending.is_finished() && !getting.is_finished(), "it was over before anything happened");
        let begun = Instant::now();
        strike();
        let sent = fixture.sent(&sending.join().unwrap());
        self.got(fixture, &fetched, &getting.join().unwrap());
        let took = begun.elapsed();
        self.got(fixture, &sent, &self.gets(fixture, &sent).join().unwrap());
        took
    }
}

#[test]
fn one_packet_in_a_hundred_is_lost() {
    let Some(wire) = Wire::new() else { return };
    let fixture = wire.fixture(10 * MIB);
    wire.lose_one_percent();
    wire.there_and_back(&fixture);
    eprintln!("{} packets were lost", wire.lost());
    assert!(wire.lost() > 20, "{}", wire.lost());
}

#[test]
fn fifty_kilobits_a_second() {
    let size = if long("a file of 40 KiB at 50 kbit/s") { MIB } else { 40 << 10 };
    let Some(wire) = Wire::new() else { return };
    let fixture = wire.fixture(size);
    wire.carry("50kbit", "32kb");
    wire.there_and_back(&fixture);
}

#[test]
fn a_link_that_goes_down_for_seconds() {
    let Some(wire) = Wire::new() else { return };
    let fixture = wire.fixture(12 * MIB);
    let took = wire.in_the_middle(&fixture, || {
        wire.programs.shell("ip link set other down");
        thread::sleep(Duration::from_secs(3));
        wire.programs.shell("ip link set other up");
    });
    eprintln!("a link down for 3 s: {took:?}");
}

/// Nobody tells the programs; they notice that nothing is acknowledged any more. With the real time limits.
#[test]
fn an_address_that_changes() {
    let Some(wire) = Wire::new() else { return };
    let fixture = wire.fixture(12 * MIB);
    let took = wire.in_the_middle(&fixture, || {
        wire.programs.shell("ip addr del 10.77.0.2/24 dev other && ip addr add 10.77.0.3/24 dev other");
    });
    eprintln!("another address: {took:?}");
    assert!(took < NOTICED + Duration::from_secs(25), "{took:?}, and what was left takes some seconds");
}
