"""Many small files, which should cost what one file of their total size costs."""

from pathlib import Path

from live import compare_live
from measure import Contender, interleave
from place import KIB, Place, random_file, show_size
from report import Result
from transfer import compare, getters, prepare, senders

FILES, FILE_BYTES = 2000, 64 * KIB


def run_small(place: Place, files: int, pairs: int) -> list[Result]:
    """`small`: sent, fetched, and both at once by those that need both; with tar where the peer takes one file."""
    size = files * FILE_BYTES
    relay, nginx, single = prepare(place, size)
    folder = _folder(place, files)
    title = f"{files:,} files of {show_size(FILE_BYTES)} on {place.kind}"
    results = []
    for what, make in [("send", senders), ("get", getters)]:
        one = make(place, relay, nginx, single)[0]
        rounds = interleave([*make(place, relay, nginx, folder), Contender("share, one file", one.run)], pairs)
        results.append(compare(f"{what}, {title}", rounds, size))
    return [*results, compare_live(place, relay, folder, f"both at once, {title}", size, pairs)]


def _folder(place: Place, files: int) -> Path:
    folder = place.path("folder")
    folder.mkdir()
    for number in range(files):
        random_file(folder / f"{number:05}", FILE_BYTES)
    return folder
