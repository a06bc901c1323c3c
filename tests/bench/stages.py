"""Where the CPU time goes, by stage: `perf` samples client and relay, and each sample is put down to a stage."""

import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from measure import Failed, Running, run
from place import GIB, Place, Sent, link_of, random_file, remove, show_size
from report import Result
from servers import PATIENCE, Relay

STAGES = [
    ("sync", r"sys_fsync|sys_fdatasync|sys_sync_file_range|sys_msync"),
    ("HTTP", r"sys_(send|recv|epoll|accept|connect|shutdown|poll)|\bsock_|\btcp_|\binet_|sys_futex|sys_eventfd"),
    ("memory", r"exc_page_fault|sys_(munmap|mmap|madvise|brk|mremap)|exit_mmap"),
    ("read", r"sys_p?read|sys_preadv|sys_copy_file_range|sys_splice|sys_openat|sys_fadvise"),
    ("write", r"sys_p?write|sys_pwritev|sys_ftruncate|sys_fallocate|sys_rename|sys_unlink|sys_close"),
    ("seal", r"chacha20|poly1305|aws_lc|seal_run|open_run|open_within"),
    ("scrypt", r"scrypt|salsa|pbkdf2"),
    ("copy", r"\bmem(cpy|move|set|cmp)|__mem(move|cpy|set|cmp)"),
    ("HTTP", r"hyper|reqwest|http|tokio|mio|h2::|bytes|tower|share_relay::http"),
]
"""Stages and what names them: the first that matches one of the functions a sample was taken in. Kernel functions
are seen with all their callers, those of the program alone. Waking threads and waiting for sockets count as HTTP."""

NAMES = ["read", "seal", "HTTP", "copy", "write", "sync", "memory", "scrypt", "other"]
FREQUENCY = "997"


def run_stages(place: Place, size: int) -> Result:
    """`stages`: CPU seconds per GiB of one `send` and one `get`, with words, client and relay apart."""
    if not shutil.which("perf"):
        raise Failed("perf is missing: install linux-perf")
    relay, source = place.relay(), random_file(place.path("source"), size)
    words = place.new_path("words")
    send, output = _sampled(place, relay, "send", size, place.send_command(relay.url, source, words))
    folder = place.new_path("got")
    folder.mkdir()
    get, _ = _sampled(place, relay, "get", size, place.get_command(Sent(link_of(output), words), folder))
    place.same(source, folder / source.name)
    remove(folder.parent)
    notes = ["CPU seconds per GiB; memory is page faults and mapping, HTTP includes the kernel's side of the sockets."]
    title = f"CPU by stage, {show_size(size)} with words on {place.kind}"
    return Result(title, ["", "all", *NAMES], [*send, *get], notes)


def _sampled(
    place: Place, relay: Relay, what: str, size: int, command: Sequence[str | Path]
) -> tuple[list[list[str]], str]:
    of_client, of_relay = place.path("client.perf"), place.path("relay.perf")
    before = relay.cpu()
    with _watching(place, relay.pid, of_relay), Running([*_record(of_client), "--", *command], place.env) as running:
        client_cpu = running.wait().cpu
    relay_cpu = relay.cpu() - before
    rows = [
        _row(f"{what}, client", _stages(place, of_client), client_cpu * GIB / size),
        _row(f"{what}, relay", _stages(place, of_relay), relay_cpu * GIB / size),
    ]
    return rows, running.output()


def _record(file: Path) -> list[str | Path]:
    return ["perf", "record", "-q", "-g", "-e", "cpu-clock", "-F", FREQUENCY, "-o", file]


@contextmanager
def _watching(place: Place, pid: int, file: Path) -> Iterator[None]:
    """Samples a process that runs already."""
    command = [*_record(file), "-p", str(pid)]
    watcher = subprocess.Popen(command, env=place.env, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        watcher.send_signal(signal.SIGINT)
        watcher.wait(PATIENCE)


def _stages(place: Place, file: Path) -> Counter[str]:
    """Samples of each stage."""
    script = run(["perf", "script", "-i", file, "-F", "ip,sym"], place.env)
    file.unlink()
    samples = [sample for sample in script.split("\n\n") if sample.strip()]
    if not samples:
        raise Failed("perf took no samples")
    return Counter(_stage(sample) for sample in samples)


def _stage(sample: str) -> str:
    for stage, functions in STAGES:
        if re.search(functions, sample):
            return stage
    return "other"


def _row(name: str, stages: Counter[str], seconds: float) -> list[str]:
    shares = (stages[stage] / stages.total() * seconds for stage in NAMES)
    return [name, f"{seconds:.2f}", *(f"{share:.2f}" for share in shares)]
