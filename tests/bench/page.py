"""The page in a browser: saving, beside a plain download of the same bytes through the same server by that browser."""

import hashlib
import json
import os
import secrets
import urllib.request
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from measure import Contender, Failed, Round, Running, Sample, interleave, ratio, spread, tree_cpu, values
from place import GIB, KIB, MIB, ROOT, SHARE, Place, Sent, random_file, show_size, touch_memory
from report import Result, Target, show
from servers import Relay
from transfer import cpu, disturbance, median, wall

BROWSERS = {"chromium": ["download", "file"], "firefox": ["download"]}
"""Those that are measured, each with its ways to save. Firefox has no picker for files."""

SHARE_OF_PLAIN = {"chromium": 1 / 2, "firefox": 1 / 3}
"""The promised rate, as a part of the plain download's."""

LOADS = {"first": 3.0, "second": 1.0}
"""The visits over a slow line, and within how many seconds the form is to be seen."""

WAYS = {"download": "saved as a download", "file": "saved to a picked file"}
PLAIN = "plain download"
DRIVER = ROOT / "tests" / "bench" / "page.mjs"


class Browser:
    """A browser that does one thing after another."""

    def __init__(self, place: Place, name: str) -> None:
        """Starts it; what it keeps and downloads lies in the place's folder."""
        read, self._write = os.pipe()
        env = {**place.env, "TMPDIR": str(place.folder), "SHARE_PROGRAMS": str(SHARE.parent)}
        self._running = Running(["node", DRIVER, name], env, stdin=read, lines=True)
        os.close(read)

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._write)
        with self._running:
            self._running.exit_code()

    def do(self, task: str, **values: str | int) -> Sample:
        """Has it do a task of `page.mjs`."""
        before = tree_cpu(self._running.pid)
        os.write(self._write, json.dumps({"do": task, **values}).encode() + b"\n")
        line = self._running.line()
        if not line:
            raise Failed(f"{task} {values} failed:\n{self._running.errors()}")
        return Sample(json.loads(line)["seconds"], tree_cpu(self._running.pid) - before, 0)


def run_page(place: Place, size: int, pairs: int) -> list[Result]:
    """`page`: saving a file in each way, and from the words to what is inside, in each browser; a slow load in Chromium."""
    touch_memory(3 * size)
    relay = place.relay()
    source = random_file(place.path("source"), size)
    keyed, sent = place.send(relay.url, source), place.send(relay.url, source, with_words=True)
    source.unlink()
    small = place.send(relay.url, random_file(place.path("small"), 100 * KIB), with_words=True)
    gate = place.gate(relay, *take_ticket(relay, keyed))
    results = []
    for name, ways in BROWSERS.items():
        with Browser(place, name) as browser:
            plain = Contender(PLAIN, partial(browser.do, "plain", url=gate.plain))
            savers = [Contender(WAYS[way], partial(browser.do, "save", way=way, **on_page(relay, gate.url, sent))) for way in ways]
            rounds = interleave([plain, *savers], pairs)
            results.append(rates(f"{name}, {show_size(size)} on {place.kind}", rounds, size, SHARE_OF_PLAIN[name]))
            words = Contender("words", partial(browser.do, "words", **on_page(relay, gate.url, small)))
            results.append(waits(f"{name}, from the words to the files", interleave([words], pairs)))
            if name == "chromium":
                results.append(loads(browser, on_page(relay, gate.url, small)["link"], pairs))
    return results


def take_ticket(relay: Relay, sent: Sent) -> tuple[str, str]:
    """The id of a share to a key, and a ticket for its content."""
    share, ticket = sent.link.rpartition("/")[2], secrets.token_bytes(32)
    body = json.dumps({"ticket_hash": hashlib.sha256(ticket).hexdigest()}).encode()
    request = urllib.request.Request(f"{relay.url}/v1/shares/{share}/tickets", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request):
        return share, ticket.hex()


def on_page(relay: Relay, gate: str, sent: Sent) -> dict[str, str]:
    """What the page needs to open a share, by way of the gate."""
    assert sent.words is not None
    return {"link": sent.link.replace(relay.url, gate), "words": sent.words.read_text().strip()}


def loads(browser: Browser, link: str, pairs: int) -> Result:
    """A row for each visit over a slow line, and for each moment at which the form is there."""
    contenders = [
        Contender(f"{visit} visit, {moment}", partial(browser.do, "load", link=link, visit=number, until=moment))
        for number, visit in enumerate(LOADS, start=1)
        for moment in ("seen", "working")
    ]
    rounds = interleave(contenders, pairs)
    title = "chromium, from the link to the form, 400 kbit/s and 400 ms"
    seconds = {each.name: spread(values(rounds, each.name, wall)) for each in contenders}
    targets = [Target(f"{title}: {visit} visit", seconds[f"{visit} visit, seen"].median, goal, "s") for visit, goal in LOADS.items()]
    return Result(title, ["", "s"], [[name, show(took)] for name, took in seconds.items()], [disturbance(rounds)], targets, rounds)


def rates(title: str, rounds: list[Round], size: int, promised: float) -> Result:
    """A row for each way to save; "of plain" is its rate as a part of the plain download's, round by round."""
    rows, targets = [], []
    for name in rounds[0].samples:
        part = None if name == PLAIN else ratio(rounds, PLAIN, name, wall)
        rate = spread([size / MIB / seconds for seconds in values(rounds, name, wall)])
        rows.append([name, show(rate), show(part), f"{median(rounds, name, cpu) * GIB / size:.2f}"])
        if part and size == GIB:
            targets.append(Target(f"{title}: {name}, of the plain rate", part.median, promised, at_least=True))
    return Result(title, ["", "MiB/s", "of plain", "CPU s/GiB"], rows, [disturbance(rounds)], targets, rounds)


def waits(title: str, rounds: list[Round]) -> Result:
    """One row: seconds from the click on Open, with all six words typed, until the files are listed."""
    seconds = spread(values(rounds, "words", wall))
    target = Target(title, seconds.median, 1.5, "s")
    return Result(title, ["", "s"], [["words to files", show(seconds)]], [disturbance(rounds)], [target], rounds)
