"""A recipient that starts when the sender starts: how much later than a lone upload's end the last byte arrives."""

import os
import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from measure import Contender, Running, Sample, interleave, ratio, run
from place import PEERS, SHARE, Place, Sent, link_of, random_file, remove, show_size, touch_memory
from report import Result, Target
from servers import CrocRelay, Relay, Server, Wormhole
from transfer import compare, contender, wall

NOT_UPLOADED_YET = 7
"""The exit code of `share get` when the manifest is not there yet."""

Commands = list[list[str | Path]]
"""The sender's command line and the recipient's."""

ALONE = "share, upload alone"


class Network:
    """A relay, a sender and a recipient on computers of their own, as it were: each client on a link of its own."""

    def __init__(self, env: dict[str, str], rate: str) -> None:
        """Each link carries `rate` (as tc writes it) each way."""
        self._env, self._rate = env, rate
        self._namespaces = ExitStack()
        self.hub, self.sender, self.recipient = (f"b{os.getpid()}{letter}" for letter in "hsr")
        self.address = "10.213.1.1"

    def __enter__(self) -> "Network":
        with self._namespaces:
            self._namespace(self.hub)
            for number, name in enumerate([self.sender, self.recipient], 1):
                self._namespace(name)
                self._link(name, number)
            self._namespaces = self._namespaces.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._namespaces.close()

    def _ip(self, *words: str) -> None:
        run(["ip", *words], self._env)

    def _namespace(self, name: str) -> None:
        self._ip("netns", "add", name)
        self._namespaces.callback(self._ip, "netns", "delete", name)
        self._ip("-n", name, "link", "set", "lo", "up")

    def _link(self, name: str, number: int) -> None:
        subnet = f"10.213.{number}"
        self._ip("-n", self.hub, "link", "add", f"to{number}", "type", "veth", "peer", "name", "to0", "netns", name)
        for namespace, link, host in [(self.hub, f"to{number}", 1), (name, "to0", 2)]:
            self._ip("-n", namespace, "address", "add", f"{subnet}.{host}/24", "dev", link)
            self._ip("-n", namespace, "link", "set", link, "up")
            limit = ["rate", self._rate, "burst", "128kb", "latency", "20ms"]
            run(["tc", "-n", namespace, "qdisc", "add", "dev", link, "root", "tbf", *limit], self._env)
        self._ip("-n", name, "route", "add", "default", "via", f"{subnet}.1")

    @staticmethod
    def inside(namespace: str) -> list[str]:
        """What a command line begins with to run there."""
        return ["ip", "netns", "exec", namespace]


class Live:
    """share, with sender and recipient at the same time."""

    def __init__(self, place: Place, relay: Relay, url: str, source: Path, network: Network | None = None) -> None:
        """`url` is where both clients reach the relay."""
        self._place, self._relay, self._url, self._source = place, relay, url, source
        self._at_sender = network.inside(network.sender) if network else []
        self._at_recipient = network.inside(network.recipient) if network else []
        self._checked = False

    def _send(self) -> list[str | Path]:
        return [*self._at_sender, *self._place.send_command(self._url, self._source)]

    def _revoke(self, link: str) -> None:
        run([*self._at_sender, SHARE, "revoke", "--quiet", link], self._place.env)

    def alone(self) -> Contender:
        """The upload without a recipient."""
        return contender(self._place, ALONE, self._relay, self._send, lambda output: self._revoke(link_of(output)))

    def both(self) -> Contender:
        """Sender and recipient; the time is from the sender's start to the recipient's end."""
        return Contender("share, both at once", self._both)

    def _both(self) -> Sample:
        self._relay.forget_peak()
        before = self._relay.cpu()
        output = self._place.new_path("got")
        with Running(self._send(), self._place.env, lines=True) as sender:
            link = link_of(sender.line())
            recipient = self._get(Sent(link), output, sender)
            sample = together(sender, recipient, self._relay, before)
        if not self._checked:
            self._place.same(self._source, output / self._source.name)
            self._checked = True
        remove(output.parent)
        self._revoke(link)
        return sample

    def _get(self, sent: Sent, output: Path, sender: Running) -> Running:
        """Starts the recipient, again and again until the relay has the manifest."""
        output.mkdir()
        while True:
            last_try = sender.has_ended()
            recipient = Running([*self._at_recipient, *self._place.get_command(sent, output)], self._place.env)
            if last_try or recipient.exit_code() != NOT_UPLOADED_YET:
                return recipient
            time.sleep(0.01)


def together(sender: Running, recipient: Running, server: Server, before: float) -> Sample:
    """Waits for two clients that run at the same time: all their CPU, and the memory of the larger."""
    samples = [sender.wait(), recipient.wait()]
    elapsed = max(sender.ended, recipient.ended) - sender.started
    cpu, rss = sum(sample.cpu for sample in samples), max(sample.rss for sample in samples)
    return Sample(elapsed, cpu, rss, server.cpu() - before, server.peak())


def pair(place: Place, name: str, server: Server, source: Path, commands: Callable[[Path], Commands]) -> Contender:
    """A peer of which sender and recipient run at the same time. `commands` gets the recipient's folder."""
    unchecked = [name]

    def once() -> Sample:
        output = place.new_path("got")
        output.mkdir()
        server.forget_peak()
        before = server.cpu()
        send, receive = commands(output)
        with Running(send, place.env, cwd=output) as sender, Running(receive, place.env, cwd=output) as recipient:
            sample = together(sender, recipient, server, before)
        if unchecked:
            place.same(source, output / source.name)
            unchecked.clear()
        remove(output.parent)
        return sample

    return Contender(name, once)


def wormhole(place: Place, source: Path) -> Contender:
    """Magic Wormhole through its own servers; the transfer goes directly, as both are on one computer."""
    server: Wormhole = place.wormhole()

    def commands(output: Path) -> Commands:
        code = f"{secrets.randbelow(10**6) + 1}-guitarist-revenge"
        program: list[str | Path] = [PEERS["wormhole"], *server.options]
        send = [*program, "send", "--hide-progress", "--no-qr", "--code", code, source]
        return [send, [*program, "receive", "--hide-progress", "--accept-file", "-o", output, code]]

    return pair(place, "wormhole", server, source, commands)


def croc(place: Place, source: Path) -> Contender:
    """croc through its own relay, without its attempt to compress."""
    server: CrocRelay = place.croc_relay()

    def commands(output: Path) -> Commands:
        code = f"{secrets.randbelow(9000) + 1000}-guitar-revenge-tea"
        program: list[str | Path] = ["env", f"CROC_SECRET={code}", PEERS["croc"], "--yes", "--ignore-stdin"]
        send = [*program, "--no-compress", *server.options, "send", "--no-local", source]
        return [send, [*program, "--overwrite", *server.options, "--out", output]]

    return pair(place, "croc", server, source, commands)


def live_peers(place: Place, source: Path) -> list[Contender]:
    """The peers that send only to a recipient who is there."""
    peers = {"wormhole": wormhole, "croc": croc}
    return [peers[name](place, source) for name in place.peers if name in peers]


def run_live(place: Place, size: int, pairs: int) -> Result:
    """`live` on loopback, where both clients and the relay share one computer's cores."""
    touch_memory(3 * size)
    source, relay = random_file(place.path("source"), size), place.relay()
    result = compare_live(place, relay, source, f"both at once, {show_size(size)} on {place.kind}", size, pairs)
    return judged(result)


def compare_live(place: Place, relay: Relay, source: Path, title: str, size: int, pairs: int) -> Result:
    """share and the peers that are both sent and received at once, beside a lone upload of share."""
    live = Live(place, relay, relay.url, source)
    rounds = interleave([live.both(), live.alone(), *live_peers(place, source)], pairs)
    return compare(title, rounds, size, base=ALONE)


def run_network(place: Place, size: int, pairs: int, rate: str) -> Result:
    """`live` with the network as the bottleneck."""
    source = random_file(place.path("source"), size)
    with Network(place.env, rate) as network:
        relay = place.relay(network.inside(network.hub), ["--listen", "0.0.0.0:0", "--open"])
        live = Live(place, relay, f"http://{network.address}:{relay.port}", source, network)
        rounds = interleave([live.both(), live.alone()], pairs)
        title = f"both at once, {show_size(size)} over {rate} each way, {place.kind}"
        return judged(compare(title, rounds, size, base=ALONE))


def judged(result: Result) -> Result:
    """Adds the target."""
    later = ratio(result.rounds, "share, both at once", ALONE, wall)
    assert later is not None
    result.targets = [Target("last byte / a lone upload's end", later.median, 1.1)]
    return result
