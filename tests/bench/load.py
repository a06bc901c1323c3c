"""What the relay and the client need: memory for any size, and memory for many transfers at once."""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from measure import Failed, Running, Sample
from place import MIB, Place, Sent, link_of, random_file, remove, show_size, sparse_file
from report import Result, Target
from servers import Relay
from transfer import shell

TRANSFERS = 200

# --- one transfer of any size ---


@dataclass(frozen=True)
class Peak:
    """Peak bytes of memory of one transfer."""

    size: int
    what: str
    kind: str
    client: int
    relay: int

    def row(self) -> list[str]:
        """For the table."""
        return [
            f"{self.what}, {self.kind}, {show_size(self.size)}",
            f"{self.client / MIB:.0f}",
            f"{self.relay / MIB:.0f}",
        ]


def run_memory(place: Place, sizes: Sequence[int]) -> Result:
    """`memory`: sending and getting a sparse file, to a public key and with words."""
    relay = place.relay()
    peaks = [peak for size in sizes for with_words in (False, True) for peak in _peaks(place, relay, size, with_words)]
    targets = [
        Target(
            "client, public key, any size", _greatest(peak.client for peak in peaks if peak.kind == "key"), 100, "MiB"
        ),
        Target("client, words, any size", _greatest(peak.client for peak in peaks if peak.kind == "words"), 100, "MiB"),
        Target("relay, one transfer of any size", _greatest(peak.relay for peak in peaks), 60, "MiB"),
    ]
    title = f"peak memory, sparse files on {place.kind}"
    return Result(title, ["", "client MiB", "relay MiB"], [peak.row() for peak in peaks], targets=targets)


def _greatest(peaks: Iterable[int]) -> float:
    return max(peaks) / MIB


def _peaks(place: Place, relay: Relay, size: int, with_words: bool) -> Iterator[Peak]:
    source = sparse_file(place.path(f"sparse-{size}"), size)
    kind = "words" if with_words else "key"
    words = place.new_path("words") if with_words else None
    sample, output = _measured(place, relay, place.send_command(relay.url, source, words))
    yield Peak(size, "send", kind, sample.rss, sample.server_rss)
    sent = Sent(link_of(output), words)
    folder = place.new_path("got")
    folder.mkdir()
    sample, _ = _measured(place, relay, place.get_command(sent, folder))
    yield Peak(size, "get", kind, sample.rss, sample.server_rss)
    place.same(source, folder / source.name)
    remove(folder.parent)
    place.revoke(sent.link)
    source.unlink()


def _measured(place: Place, relay: Relay, command: Sequence[str | Path]) -> tuple[Sample, str]:
    relay.forget_peak()
    with Running(command, place.env) as running:
        sample = running.wait()
        return Sample(sample.wall, sample.cpu, sample.rss, server_rss=relay.peak()), running.output()


# --- many transfers at once ---


def run_many(place: Place, size: int, transfers: int) -> Result:
    """`many`: this many uploads at once, then this many downloads, each a process and a share of its own."""
    relay, source = place.relay(), random_file(place.path("source"), size)
    result = Result(
        f"{transfers} transfers at once, {show_size(size)} each, on {place.kind}", ["", "wall s", "relay MiB"], []
    )
    result.notes.append("None failed; one that does ends the benchmark.")

    def all_at_once(what: str, commands: list[list[str | Path]]) -> list[str]:
        relay.forget_peak()
        outputs, elapsed = _all_at_once(place, commands)
        memory = relay.peak() / MIB
        result.rows.append([what, f"{elapsed:.1f}", f"{memory:.0f}"])
        result.targets.append(Target(f"relay, {what}", memory, 60 + transfers, "MiB"))
        return outputs

    sent = all_at_once("send", [place.send_command(relay.url, source) for _ in range(transfers)])
    folders = [place.new_path("got") for _ in sent]
    for folder in folders:
        folder.mkdir()
    all_at_once("get", [place.get_command(Sent(link_of(output)), folder) for output, folder in zip(sent, folders)])
    for folder in folders:
        place.same(source, folder / source.name)
    return result


def _all_at_once(place: Place, commands: list[list[str | Path]]) -> tuple[list[str], float]:
    """What they printed, and the seconds until the last one's end. Each waits until the pipe is closed, so that none
    has ended before the last one begins."""
    reading, gun = os.pipe()
    waiting = [shell('read -r _; exec "$@" </dev/null', *command) for command in commands]
    with ExitStack() as running:
        crowd = [running.enter_context(Running(command, place.env, stdin=reading)) for command in waiting]
        os.close(reading)
        begun = time.monotonic()
        os.close(gun)
        failures = [one.errors() for one in crowd if one.exit_code() != 0]
        if failures:
            raise Failed(f"{len(failures)} of {len(crowd)} transfers failed, the first with:\n{failures[0]}")
        return [one.output() for one in crowd], max(one.ended for one in crowd) - begun
