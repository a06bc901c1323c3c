"""Where a benchmark runs: a folder on tmpfs or on disk with keys, a home, things to send, and the servers."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from measure import Failed, run
from servers import CrocRelay, FileServer, Gate, Relay, Server, Wormhole

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "target" / "tools"
PROGRAMS = Path(os.environ.get("SHARE_PROGRAMS", ROOT / "target" / "release"))
SHARE = PROGRAMS / "share"
SHARE_RELAY = PROGRAMS / "share-relay"
PEERS = {
    "curl": "curl",
    "age": "age",
    "rage": "rage",
    "wormhole": str(TOOLS / "wormhole" / "bin" / "wormhole"),
    "croc": "croc",
}
"""The programs that share is compared with."""

S = TypeVar("S", bound=Server)

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
BLOCK = MIB


def parse_size(text: str) -> int:
    """Bytes of `10MiB` and the like."""
    units = {"KiB": KIB, "MiB": MIB, "GiB": GIB}
    number, unit = text[:-3], text[-3:]
    if unit not in units or not number.isdigit() or int(number) == 0:
        raise ValueError("give a whole number and KiB, MiB or GiB")
    return int(number) * units[unit]


def show_size(size: int) -> str:
    """`10 MiB` and the like."""
    for name, unit in [("GiB", GIB), ("MiB", MIB), ("KiB", KIB)]:
        if size >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size} B"


def random_file(path: Path, size: int) -> Path:
    """Makes a file that does not compress, with no more than a block of it in memory."""
    with path.open("wb") as file:
        for start in range(0, size, BLOCK):
            file.write(os.urandom(min(BLOCK, size - start)))
    return path


def sparse_file(path: Path, size: int) -> Path:
    """Makes a file of zeros that takes no room."""
    with path.open("wb") as file:
        file.truncate(size)
    return path


def file_system(path: Path) -> str:
    """`tmpfs` or `disk`."""
    name = subprocess.run(["stat", "-f", "-c", "%T", path], check=True, capture_output=True, text=True).stdout
    return "tmpfs" if name.strip() in ("tmpfs", "ramfs") else "disk"


@dataclass(frozen=True)
class Sent:
    """A share on the relay."""

    link: str
    words: Path | None = None


class Place:
    """A folder of its own, with a clean environment for every program; see `open_place`."""

    def __init__(self, folder: Path, peers: list[str]) -> None:
        """Makes keys and a home; `peers` are the programs to compare with, all of them installed."""
        self.folder = folder
        self.kind = file_system(folder)
        self.peers = peers
        path = f"{TOOLS / 'bin'}:{os.environ.get('PATH', '')}:/usr/sbin"
        self.env = {"HOME": str(self.path("home")), "PATH": path, "LANG": "C.UTF-8", "NO_PROXY": "*", "no_proxy": "*"}
        self.path("home").mkdir()
        self.key = self.path("key.txt")
        run(["age-keygen", "-o", self.key], self.env)
        self.recipient = run(["age-keygen", "-y", self.key], self.env).strip()
        self._servers = ExitStack()

    def path(self, name: str) -> Path:
        """A path in this folder."""
        return self.folder / name

    def new_path(self, name: str) -> Path:
        """A path in this folder where nothing is yet."""
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder)) / name

    def relay(self, *arguments: Sequence[str]) -> Relay:
        """Starts a relay; see there for the arguments."""
        return self._serve(Relay(SHARE_RELAY, self.folder, self.env, *arguments))

    def file_server(self, sendfile: bool = True) -> FileServer:
        """Starts nginx, to send files to and get them from."""
        folder = self.path("sends" if sendfile else "copies")
        folder.mkdir()
        return self._serve(FileServer(folder, self.env, sendfile))

    def gate(self, relay: Relay, share: str, ticket: str) -> Gate:
        """Starts nginx in front of a relay."""
        return self._serve(Gate(self.folder, self.env, relay, share, ticket))

    def wormhole(self) -> Wormhole:
        """Starts the servers of Magic Wormhole."""
        return self._serve(Wormhole(Path(PEERS["wormhole"]).with_name("twist"), self.folder, self.env))

    def croc_relay(self) -> CrocRelay:
        """Starts croc's relay."""
        return self._serve(CrocRelay(Path(PEERS["croc"]), self.folder, self.env))

    def _serve(self, server: S) -> S:
        self._servers.enter_context(server)
        return server

    def send_command(self, url: str, source: Path, words: Path | None = None) -> list[str | Path]:
        """`share send` to this place's public key, or with words that go into a new file."""
        audience: list[str | Path] = ["--passphrase-file", words] if words else ["--recipient", self.recipient]
        return [SHARE, "send", "--json", "--relay", url, *audience, source]

    def get_command(self, sent: Sent, output: Path) -> list[str | Path]:
        """`share get` into a folder."""
        opener: list[str | Path] = ["--passphrase-file", sent.words] if sent.words else ["--identity", self.key]
        return [SHARE, "get", "--quiet", "--yes", *opener, "--output", output, sent.link]

    def send(self, url: str, source: Path, with_words: bool = False) -> Sent:
        """Sends something that is not measured."""
        words = self.new_path("words") if with_words else None
        return Sent(link_of(run(self.send_command(url, source, words), self.env)), words)

    def revoke(self, link: str) -> None:
        """Deletes a share from the relay."""
        run([SHARE, "revoke", "--quiet", link], self.env)

    def same(self, one: Path, other: Path) -> None:
        """Insists that two files or folders are equal."""
        run(["diff", "-rq", one, other], self.env)

    def close(self) -> None:
        """Ends the servers."""
        self._servers.close()


def link_of(output: str) -> str:
    """The link in what `share send --json` printed."""
    for line in output.splitlines():
        event = json.loads(line)
        if event["event"] == "created":
            return str(event["link"])
    raise Failed("share send printed no link")


def remove(path: Path) -> None:
    """Deletes a file or a folder."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


@contextmanager
def open_place(parent: Path, peers: list[str]) -> Iterator[Place]:
    """A place in a new folder below `parent`, deleted at the end with all that is in it."""
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="share-bench-", dir=parent) as folder:
        place = Place(Path(folder), peers)
        try:
            yield place
        finally:
            place.close()


def touch_memory(size: int) -> None:
    """Makes the computer's memory warm: a virtual machine may get its first pages at a second per half GiB."""
    with tempfile.NamedTemporaryFile(prefix="share-bench-", dir="/dev/shm") as file:
        free = shutil.disk_usage("/dev/shm").free
        subprocess.run(["head", "-c", str(min(size, free // 2)), "/dev/zero"], stdout=file, check=True)
