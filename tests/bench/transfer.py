"""Sending, then getting: share against the peers that store what they are given."""

from collections.abc import Callable, Sequence
from pathlib import Path

from measure import Contender, Round, Running, Sample, Spread, interleave, ratio, run, spread, values
from place import GIB, MIB, Place, link_of, random_file, remove, show_size, touch_memory
from report import Result, Target, show
from servers import FileServer, Relay, Server

PIPES = {
    "send": '{age} -r "$1" "$2" | curl -sSf -T - "$3"',
    "get": 'curl -sSf "$3" | {age} -d -i "$1" -o "$2"',
    "send folder": 'tar c -C "$2" . | {age} -r "$1" | curl -sSf -T - "$3"',
    "get folder": 'curl -sSf "$3" | {age} -d -i "$1" | tar x -C "$2"',
    "plain send folder": 'tar c -C "$2" . | curl -sSf -T - "$3"',
    "plain get folder": 'curl -sSf "$3" | tar x -C "$2"',
}
AGES = ["age", "rage"]


def shell(script: str, *arguments: str | Path) -> list[str | Path]:
    """A command line of which every part must succeed."""
    return ["bash", "-o", "pipefail", "-c", script, "bench", *arguments]


def contender(
    place: Place, name: str, server: Server, command: Callable[[], Sequence[str | Path]], tidy: Callable[[str], None]
) -> Contender:
    """A contender that is one command; `tidy` gets what it printed, and deletes what it made."""

    def once() -> Sample:
        line = command()
        server.forget_peak()
        before = server.cpu()
        with Running(line, place.env) as running:
            sample = running.wait()
            server_cpu = server.cpu() - before
            tidy(running.output())
        return Sample(sample.wall, sample.cpu, sample.rss, server_cpu, server.peak())

    return Contender(name, once)


def with_sync(place: Place, contenders: list[Contender], make: Callable[[str, bool], Contender], name: str) -> None:
    """Adds a peer, and on disk once more with the file synced, which share does for what it stores and receives."""
    contenders.append(make(name, False))
    if place.kind == "disk":
        contenders.append(make(f"{name}, sync", True))


# --- send ---


def senders(place: Place, relay: Relay, nginx: FileServer, source: Path) -> list[Contender]:
    """Everything that can send a file or a folder."""
    folder = source.is_dir()
    target = nginx.files / "sent"
    url = f"{nginx.url}/sent"

    def peer(name: str, script: str, *arguments: str | Path) -> Callable[[str, bool], Contender]:
        def make(name: str, sync: bool) -> Contender:
            command = shell(f'{script} && sync "{target}"' if sync else script, *arguments, url)
            return contender(place, name, nginx, lambda: command, lambda _: remove(target))

        return make

    def share() -> list[str | Path]:
        return place.send_command(relay.url, source)

    contenders = [contender(place, "share", relay, share, lambda output: place.revoke(link_of(output)))]
    if "curl" in place.peers:
        script = PIPES["plain send folder"] if folder else 'curl -sSf -T "$2" "$3"'
        name = "tar, curl" if folder else "curl"
        with_sync(place, contenders, peer(name, script, "", source), name)
    for age in place.peers:
        if age in AGES:
            script = PIPES["send folder" if folder else "send"].format(age=age)
            name = f"tar, {age}, curl" if folder else f"{age}, curl"
            with_sync(place, contenders, peer(name, script, place.recipient, source), name)
    return contenders


# --- get ---


def getters(place: Place, relay: Relay, nginx: FileServer, source: Path) -> list[Contender]:
    """Everything that can fetch a file or a folder. What each one fetched is compared with the original once."""
    folder = source.is_dir()
    sent = place.send(relay.url, source)
    stored = nginx.files / "plain"
    unchecked: set[str] = set()

    def output() -> Path:
        path = place.new_path("got")
        if folder:
            path.mkdir()
        return path

    def getter(name: str, server: Server, command: Callable[[Path], list[str | Path]], found: str) -> Contender:
        made: list[Path] = []
        unchecked.add(name)

        def start() -> list[str | Path]:
            made.append(output())
            return command(made[-1])

        def tidy(_: str) -> None:
            path = made.pop()
            if name in unchecked:
                place.same(source, path / found)
                unchecked.discard(name)
            remove(path.parent)

        return contender(place, name, server, start, tidy)

    def share(path: Path) -> list[str | Path]:
        path.mkdir(exist_ok=True)
        return place.get_command(sent, path)

    def peer(script: str, url: str) -> Callable[[str, bool], Contender]:
        def make(name: str, sync: bool) -> Contender:
            line = f"{script} && {SYNC_ALL if folder else SYNC_FILE}" if sync else script
            return getter(name, nginx, lambda path: shell(line, place.key, path, url), "")

        return make

    contenders = [getter("share", relay, share, source.name)]
    if "curl" in place.peers:
        store(place, source, stored)
        script = PIPES["plain get folder"] if folder else 'curl -sSf -o "$2" "$3"'
        name = "curl, tar" if folder else "curl"
        with_sync(place, contenders, peer(script, f"{nginx.url}/plain"), name)
    for age in place.peers:
        if age in AGES:
            sealed = nginx.files / f"sealed.{age}"
            seal(place, age, source, sealed)
            script = PIPES["get folder" if folder else "get"].format(age=age)
            name = f"curl, {age}, tar" if folder else f"curl, {age}"
            with_sync(place, contenders, peer(script, f"{nginx.url}/{sealed.name}"), name)
    return contenders


SYNC_FILE = 'sync "$2"'
SYNC_ALL = 'sync -f "$2"'


def store(place: Place, source: Path, stored: Path) -> None:
    """Puts a file, or a folder as a tar, where nginx gives it out."""
    script = 'tar c -C "$1" . >"$2"' if source.is_dir() else 'cp "$1" "$2"'
    run(shell(script, source, stored), place.env)


def seal(place: Place, age: str, source: Path, sealed: Path) -> None:
    """Puts the age file of a file, or of a folder's tar, where nginx gives it out."""
    read = 'tar c -C "$1" .' if source.is_dir() else 'cat "$1"'
    run(shell(f'{read} | {age} -r "$2" >"$3"', source, place.recipient, sealed), place.env)


# --- the cases ---


def run_send(place: Place, size: int, pairs: int) -> Result:
    """`send`: one file of random bytes."""
    relay, nginx, source = prepare(place, size)
    rounds = interleave(senders(place, relay, nginx, source), pairs)
    result = compare(f"send, {show_size(size)} on {place.kind}", rounds, size)
    if place.kind == "tmpfs" and size == GIB:
        result.targets = targets(rounds, "send", "age, curl", age=2.0, curl=1.4, server=1.3)
    return result


def run_get(place: Place, size: int, pairs: int) -> Result:
    """`get`: the same file back."""
    relay, nginx, source = prepare(place, size)
    rounds = interleave(getters(place, relay, nginx, source), pairs)
    result = compare(f"get, {show_size(size)} on {place.kind}", rounds, size)
    if place.kind == "tmpfs" and size == GIB:
        result.targets = targets(rounds, "get", "curl, age", age=1.7, curl=1.3, server=2.0)
    return result


def run_words(place: Place, size: int, pairs: int) -> Result:
    """`words`: from start to ready, words and their scrypt included, and the transport beside it."""
    relay, nginx, source = prepare(place, size)
    made: list[Path] = []

    def command() -> list[str | Path]:
        made.append(place.new_path("words"))
        return place.send_command(relay.url, source, made[-1])

    def tidy(output: str) -> None:
        remove(made.pop().parent)
        place.revoke(link_of(output))

    words = contender(place, "share, words", relay, command, tidy)
    rounds = interleave([words, *senders(place, relay, nginx, source)], pairs)
    result = compare(f"send with words, {show_size(size)} on {place.kind}", rounds, size, base="share, words")
    if "curl" in place.peers:
        above = spread([each.samples["share, words"].wall - each.samples["curl"].wall for each in rounds])
        result.notes.append(f"Above the transport: {show(above)} s.")
        if size == 10 * MIB and place.kind == "tmpfs":
            result.targets = [Target("10 MiB with words, above the transport", above.median, 0.25, "s")]
    return result


def prepare(place: Place, size: int) -> tuple[Relay, FileServer, Path]:
    """The servers, a file of random bytes, and memory that is warm."""
    touch_memory(3 * size)
    return place.relay(), place.file_server(), random_file(place.path("source"), size)


# --- the tables ---


def wall(sample: Sample) -> float:
    """Seconds."""
    return sample.wall


def cpu(sample: Sample) -> float:
    """Client's CPU seconds."""
    return sample.cpu


def server_cpu(sample: Sample) -> float:
    """Server's CPU seconds."""
    return sample.server_cpu


COLUMNS = ["", "wall s", "× share", "client CPU s/GiB", "server CPU s/GiB", "client MiB", "server MiB"]


def compare(title: str, rounds: list[Round], size: int, base: str = "share") -> Result:
    """A row for each contender; "× share" is its wall time over that of `base`, round by round."""
    rows = []
    for name in rounds[0].samples:
        times = None if name == base else ratio(rounds, name, base, wall)
        per_gib = [median(rounds, name, what) * GIB / size for what in (cpu, server_cpu)]
        memory = [max(values(rounds, name, what)) / MIB for what in (lambda s: s.rss, lambda s: s.server_rss)]
        cells = [name, show(spread(values(rounds, name, wall))), show(times)]
        rows.append([*cells, *(f"{value:.2f}" for value in per_gib), *(f"{value:.0f}" for value in memory)])
    rows.sort(key=lambda row: (row[0] != base, row[0]))
    return Result(
        title, [COLUMNS[0], COLUMNS[1], f"× {base}", *COLUMNS[3:]], rows, [disturbance(rounds)], rounds=rounds
    )


def median(rounds: list[Round], name: str, what: Callable[[Sample], float]) -> float:
    """The median of one contender's runs."""
    return spread(values(rounds, name, what)).median


def disturbance(rounds: list[Round]) -> str:
    """How far the figures can be trusted."""
    disturbed = sum(each.disturbed for each in rounds)
    worst = max(each.foreign for each in rounds)
    note = f"Rounds: {len(rounds)}. Other programs took at most {worst:.0%} of the computer."
    return f"{note} **Disturbed rounds: {disturbed}. Do not rely on this.**" if disturbed else note


def targets(rounds: list[Round], what: str, aged: str, age: float, curl: float, server: float) -> list[Target]:
    """What the project promises of a GiB on tmpfs."""

    def times(over: str, under: str, of: Callable[[Sample], float]) -> float | None:
        present = over in rounds[0].samples and under in rounds[0].samples
        found: Spread | None = ratio(rounds, over, under, of) if present else None
        return found.median if found else None

    promised = [
        (f"{what}: {aged} / share, wall", times(aged, "share", wall), age, True),
        (f"{what}: share / curl, wall", times("share", "curl", wall), curl, False),
        (f"{what}: share / {aged}, client CPU", times("share", aged, cpu), 0.7, False),
        (f"{what}: relay / nginx, CPU", times("share", "curl", server_cpu), server, False),
    ]
    return [Target(name, value, limit, at_least=least) for name, value, limit, least in promised if value is not None]
