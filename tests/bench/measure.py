"""Runs programs and measures them: wall time, CPU seconds, peak memory, and what else kept the computer busy."""

import os
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 1200
"""Seconds that a program may run."""

TICK = os.sysconf("SC_CLK_TCK")
"""Units of CPU time in /proc, per second."""

CORES = len(os.sched_getaffinity(0))

DISTURBED = 0.05
"""A round is disturbed when others used more than this part of the computer while it ran."""


class Failed(Exception):
    """Something did not do what a benchmark needs, so its figures would mean nothing."""


@dataclass(frozen=True)
class Sample:
    """One run: seconds of wall time, CPU seconds and peak bytes of memory of the client, and the same of its servers.

    A client is a program with all it starts; the peak is that of the largest process among them. It is never less
    than the memory of this program itself, some 20 MiB, because Linux lets a child inherit that.
    """

    wall: float
    cpu: float
    rss: int
    server_cpu: float = 0.0
    server_rss: int = 0


class Running:
    """A program on its way. Everything it starts and waits for counts as part of it."""

    def __init__(
        self,
        command: Sequence[str | Path],
        env: Mapping[str, str],
        stdin: int = subprocess.DEVNULL,
        cwd: Path | None = None,
        lines: bool = False,
    ) -> None:
        """Starts it; with `lines`, `line` reads what it prints while it runs, which must fit a pipe."""
        self.command = [str(word) for word in command]
        self._errors = tempfile.TemporaryFile()
        self._output = None if lines else tempfile.TemporaryFile()
        stdout = subprocess.PIPE if lines else self._output
        self.started = time.monotonic()
        self._child = subprocess.Popen(self.command, env=env, stdin=stdin, stdout=stdout, stderr=self._errors, cwd=cwd)
        self._done = threading.Event()
        threading.Thread(target=self._reap).start()

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        if not self.has_ended():
            self._kill()
            self._done.wait()

    def _kill(self) -> None:
        # Popen's own `kill` may wait for the process, and then `_reap` would not get its usage.
        with suppress(ProcessLookupError):
            os.kill(self._child.pid, signal.SIGKILL)

    def _reap(self) -> None:
        _, status, self._usage = os.wait4(self._child.pid, 0)
        self.ended = time.monotonic()
        self._child.returncode = os.waitstatus_to_exitcode(status)
        self._done.set()

    @property
    def pid(self) -> int:
        """The process that was started."""
        return self._child.pid

    def line(self) -> str:
        """The next line it prints; empty at the end."""
        assert self._child.stdout is not None
        return self._child.stdout.readline().decode()

    def has_ended(self) -> bool:
        """Whether it runs no more."""
        return self._done.is_set()

    def exit_code(self) -> int:
        """Waits for its end."""
        if not self._done.wait(PATIENCE):
            self._kill()
            raise Failed(f"{' '.join(self.command)}\nhas not ended after {PATIENCE} s:\n{self.errors()}")
        return self._child.returncode

    def wait(self) -> Sample:
        """Waits for its end, which must be a good one."""
        if self.exit_code() != 0:
            raise Failed(f"{' '.join(self.command)}\nended with {self._child.returncode}:\n{self.errors()}")
        usage = self._usage
        return Sample(self.ended - self.started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)

    def output(self) -> str:
        """What it printed, beyond the lines that were read."""
        file = self._output or self._child.stdout
        assert file is not None
        if self._output:
            file.seek(0)
        return file.read().decode()

    def errors(self) -> str:
        """What it wrote to standard error."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")


def run(command: Sequence[str | Path], env: Mapping[str, str], cwd: Path | None = None) -> str:
    """Runs a program that is not measured, to a good end, and gives what it printed."""
    with Running(command, env, cwd=cwd) as running:
        running.wait()
        return running.output()


# --- what else the computer does ---


def _stat(pid: str | int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on, or None if the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _stats() -> dict[int, list[str]]:
    return {int(pid): stat for pid in os.listdir("/proc") if pid.isdigit() and (stat := _stat(pid))}


def process_cpu(pid: int) -> float:
    """CPU seconds of a process and the children it has waited for."""
    stat = _stat(pid)
    if stat is None:
        raise Failed(f"process {pid} has ended")
    return sum(map(int, stat[11:15])) / TICK


def tree_cpu(pid: int) -> float:
    """CPU seconds of a process and of all that it has started and that still runs, or was waited for."""
    stats = _stats()
    tree = {pid}
    while found := {child for child, stat in stats.items() if int(stat[1]) in tree} - tree:
        tree |= found
    return sum(sum(map(int, stats[one][11:15])) for one in tree if one in stats) / TICK


def _foreign_cpu() -> float:
    """CPU seconds of all other programs since each began, and the time the hypervisor took.

    Kernel threads are left out, because they work for the programs that are measured as well. What ends in between
    is not lost: it is added to the time of its parent.
    """
    stats = _stats()
    parents = {pid: int(stat[1]) for pid, stat in stats.items()}

    def is_foreign(pid: int) -> bool:
        while pid > 2:
            if pid == os.getpid():
                return False
            pid = parents.get(pid, 0)
        return pid != 2

    ticks = sum(sum(map(int, stat[11:15])) for pid, stat in stats.items() if is_foreign(pid))
    stolen = int(Path("/proc/stat").read_text().split(maxsplit=9)[8])
    return (ticks + stolen) / TICK


# --- rounds ---


@dataclass(frozen=True)
class Contender:
    """One way to do the thing that is measured. `run` does it once and leaves nothing behind."""

    name: str
    run: Callable[[], Sample]


@dataclass(frozen=True)
class Round:
    """Every contender once, close together in time, and the part of the computer that others used meanwhile."""

    samples: dict[str, Sample]
    foreign: float

    @property
    def disturbed(self) -> bool:
        """Whether others used so much that the figures are doubtful."""
        return self.foreign > DISTURBED


def interleave(contenders: Sequence[Contender], pairs: int) -> list[Round]:
    """Runs all contenders in turn, `pairs` times, each time beginning with another one, after a round to warm up.

    Disturbed rounds are repeated, up to `pairs` times; the least disturbed are returned.
    """
    _round(contenders, 0)
    rounds: list[Round] = []
    while sum(not each.disturbed for each in rounds) < pairs and len(rounds) < 2 * pairs:
        rounds.append(_round(contenders, len(rounds)))
    return sorted(rounds, key=lambda each: each.foreign)[:pairs]


def _round(contenders: Sequence[Contender], number: int) -> Round:
    first = number % len(contenders)
    samples = {}
    started, foreign = time.monotonic(), _foreign_cpu()
    for contender in [*contenders[first:], *contenders[:first]]:
        samples[contender.name] = contender.run()
    elapsed = time.monotonic() - started
    return Round(samples, max(0.0, _foreign_cpu() - foreign) / (elapsed * CORES))


@dataclass(frozen=True)
class Spread:
    """A median, with the least and the greatest it was taken from."""

    median: float
    least: float
    greatest: float


def spread(values: Sequence[float]) -> Spread:
    """The spread of one or more values."""
    return Spread(statistics.median(values), min(values), max(values))


def values(rounds: Sequence[Round], name: str, what: Callable[[Sample], float]) -> list[float]:
    """Something of one contender's runs, round by round."""
    return [what(each.samples[name]) for each in rounds]


def ratio(rounds: Sequence[Round], over: str, under: str, what: Callable[[Sample], float]) -> Spread | None:
    """How many times the one takes of what the other takes, within each round; None where it is too little to tell."""
    pairs = [(what(each.samples[over]), what(each.samples[under])) for each in rounds]
    return spread([a / b for a, b in pairs]) if all(b > 0 for _, b in pairs) else None
