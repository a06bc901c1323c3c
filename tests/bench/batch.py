"""A batch, against the loop of `share send` that people write instead, and the memory it takes."""

import csv
from pathlib import Path

from measure import Running, Sample, interleave, ratio
from place import MIB, SHARE, Place, random_file, show_size
from report import Result, Target
from servers import Relay
from transfer import compare, contender, shell, wall

ROWS, ROWS_WITH_WORDS, ROW_BYTES = 200, 12, 100 * 1000
MANY_ROWS = (100, 10_000)

LOOP = 'for file in "$1"/*; do {share} send --quiet --relay "$2" {audience} "$file" >> "$3"; done'


def run_batch(place: Place, rows: int, pairs: int) -> list[Result]:
    """`batch`: rows of one small file each, to a public key and with words."""
    relay = place.relay()
    cases = [("to a key", rows, 5.0), ("with words", max(1, rows * ROWS_WITH_WORDS // ROWS), 1.8)]
    return [_against_loop(place, relay, kind, count, target, pairs) for kind, count, target in cases]


def _against_loop(place: Place, relay: Relay, kind: str, rows: int, target: float, pairs: int) -> Result:
    folder = place.new_path("files")
    folder.mkdir()
    for row in range(rows):
        random_file(folder / f"{row:05}", ROW_BYTES)
    with_words = kind == "with words"

    def batch() -> list[str | Path]:
        where = place.new_path("batch").parent
        table = _table(place, where / "jobs.csv", folder, with_words)
        return _command(relay, table, with_words)

    def loop() -> list[str | Path]:
        audience = "" if with_words else f"--recipient {place.recipient}"
        links = place.new_path("links")
        return shell(LOOP.format(share=SHARE, audience=audience), folder, relay.url, links)

    contenders = [
        contender(place, "share batch run", relay, batch, lambda _: None),
        contender(place, "a loop of share send", relay, loop, lambda _: None),
    ]
    rounds = interleave(contenders, pairs)
    title = f"{rows} files of {show_size(ROW_BYTES)} {kind}, on {place.kind}"
    result = compare(title, rounds, rows * ROW_BYTES, base="share batch run")
    faster = ratio(rounds, "a loop of share send", "share batch run", wall)
    assert faster is not None, "both take longer than a clock tick"
    result.targets = [Target(f"batch {kind}, times as fast as a loop", faster.median, target, at_least=True)]
    return result


def run_batch_memory(place: Place, counts: tuple[int, ...] = MANY_ROWS) -> Result:
    """`batch_memory`: the peak of a batch with few rows and with many."""
    relay = place.relay()
    file = random_file(place.path("file"), ROW_BYTES)
    peaks: list[Sample] = []
    for count in counts:
        folder = place.new_path("many")
        folder.mkdir()
        with (folder / "jobs.csv").open("w", newline="") as table:
            writer = csv.writer(table)
            writer.writerow(["paths", "key", "recipient"])
            writer.writerows([file, f"row-{row}", place.recipient] for row in range(count))
        with Running(_command(relay, folder / "jobs.csv", False), place.env) as running:
            peaks.append(running.wait())
    rows = [[f"{count:,} rows", f"{peak.rss / MIB:.0f}", f"{peak.wall:.1f}"] for count, peak in zip(counts, peaks)]
    growth = (peaks[-1].rss - peaks[0].rss) / MIB
    targets = [Target(f"memory of {counts[-1]:,} rows above that of {counts[0]:,}", growth, 16, "MiB")]
    return Result(f"memory of a batch, on {place.kind}", ["", "client MiB", "wall s"], rows, targets=targets)


def _table(place: Place, path: Path, folder: Path, with_words: bool) -> Path:
    with path.open("w", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(["paths", "recipient"])
        writer.writerows([file, "" if with_words else place.recipient] for file in sorted(folder.iterdir()))
    return path


def _command(relay: Relay, table: Path, with_words: bool) -> list[str | Path]:
    words = ["--words", table.with_name("words.csv")] if with_words else []
    results = table.with_name("results.csv")
    return [SHARE, "batch", "run", "--quiet", table, "--results", results, "--relay", relay.url, *words]
