"""The servers under measurement. Each listens on a free port, keeps its files in a folder of its own, and is ended
by its process id."""

import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from measure import Failed, process_cpu

PATIENCE = 30
"""Seconds that a server may take to start, or to stop."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """One or more processes that together serve one contender."""

    def __init__(self, log: Path, env: Mapping[str, str]) -> None:
        """Nothing runs yet; what the processes print goes to `log`."""
        self._log = log
        self._env = env
        self._children: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends all processes."""
        for child in self._children:
            child.send_signal(signal.SIGTERM)
        for child in self._children:
            try:
                child.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def start(
        self, command: Sequence[str | Path], cwd: Path | None = None, stdout: int | None = None
    ) -> subprocess.Popen[bytes]:
        """Starts a process that ends with this server."""
        with self._log.open("ab") as log:
            output = log if stdout is None else stdout
            child = subprocess.Popen(
                command, env=self._env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=log
            )
        self._children.append(child)
        return child

    def wait_for_port(self, port: int) -> None:
        """Waits until something listens on this port of 127.0.0.1."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and all(child.poll() is None for child in self._children):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise self.failed()

    def failed(self) -> Failed:
        """The error that the server did not start; what did start ends."""
        self.stop()
        return Failed(f"a server did not start:\n{self._log.read_text(errors='replace')}")

    @property
    def pid(self) -> int:
        """The first process."""
        return self._children[0].pid

    def cpu(self) -> float:
        """CPU seconds since the start."""
        return sum(process_cpu(child.pid) for child in self._children)

    def peak(self) -> int:
        """Peak bytes of memory since the start or the last `forget_peak`."""
        return sum(_peak(child.pid) for child in self._children)

    def forget_peak(self) -> None:
        """Lets the peak begin again at what is in use now."""
        for child in self._children:
            Path(f"/proc/{child.pid}/clear_refs").write_text("5")


def _peak(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise Failed(f"process {pid} has ended")


class Relay(Server):
    """A share-relay."""

    def __init__(
        self,
        program: Path,
        folder: Path,
        env: Mapping[str, str],
        prefix: Sequence[str] = (),
        options: Sequence[str] = ("--listen", "127.0.0.1:0"),
    ) -> None:
        """Starts it, behind the words of `prefix`; `port` and `data` tell where it listens and keeps its files."""
        super().__init__(folder / "relay.log", env)
        self.data = folder / "relay"
        child = self.start([*prefix, program, "serve", "--init", "--data", self.data, *options], stdout=subprocess.PIPE)
        assert child.stdout is not None
        line = child.stdout.readline().decode().strip()
        if not line.startswith("listening on "):
            raise self.failed()
        self.port = int(line.rpartition(":")[2])
        self.url = f"http://127.0.0.1:{self.port}"


NGINX = """
daemon off;
master_process off;
error_log stderr warn;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile {sendfile};
    tcp_nopush on;
    client_max_body_size 0;
    client_body_in_file_only off;
    client_body_buffer_size 512k;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        {server}
    }}
}}
"""

FILES = """
        root {files};
        dav_methods PUT;
"""

GATE = """
        location / {{
            proxy_pass {relay};
            proxy_http_version 1.1;
            proxy_buffering off;
            proxy_set_header Connection "";
        }}
        location = /plain {{
            proxy_pass {relay}/v1/shares/{id}/content;
            proxy_http_version 1.1;
            proxy_buffering off;
            proxy_set_header Connection "";
            proxy_set_header Authorization "Bearer {ticket}";
            add_header Content-Disposition "attachment; filename=plain";
        }}
"""


class Nginx(Server):
    """nginx as one process."""

    def __init__(self, folder: Path, env: Mapping[str, str], server: str, sendfile: bool = True) -> None:
        """Starts it with the directives of a server."""
        super().__init__(folder / "nginx.log", env)
        port = free_port()
        config = folder / "nginx.conf"
        sends = "on" if sendfile else "off"
        config.write_text(NGINX.format(folder=folder, port=port, server=server, sendfile=sends))
        self.start(["nginx", "-p", folder, "-e", "stderr", "-c", config])
        self.wait_for_port(port)
        self.url = f"http://127.0.0.1:{port}"


class FileServer(Nginx):
    """nginx that takes files by PUT and gives them, by sendfile unless told otherwise: the limit of the transport."""

    def __init__(self, folder: Path, env: Mapping[str, str], sendfile: bool = True) -> None:
        """Starts it; its files lie in `files`, and uploads reach them by a rename within one file system."""
        self.files = folder / "nginx"
        self.files.mkdir()
        super().__init__(folder, env, FILES.format(files=self.files), sendfile)


class Gate(Nginx):
    """nginx in front of a relay, where a browser can also download a content as it is, at `plain`."""

    def __init__(self, folder: Path, env: Mapping[str, str], relay: Relay, share: str, ticket: str) -> None:
        """Starts it; `share` is the content's id, `ticket` in hexadecimal digits."""
        super().__init__(folder, env, GATE.format(relay=relay.url, id=share, ticket=ticket))
        self.plain = f"{self.url}/plain"


class Wormhole(Server):
    """Magic Wormhole's mailbox and transit relay."""

    def __init__(self, twist: Path, folder: Path, env: Mapping[str, str]) -> None:
        """Starts both."""
        super().__init__(folder / "wormhole.log", env)
        mailbox, transit = free_port(), free_port()
        for plugin, port in [("wormhole-mailbox", mailbox), ("transitrelay", transit)]:
            home = folder / plugin
            home.mkdir()
            self.start([twist, plugin, f"--port=tcp:{port}:interface=127.0.0.1"], cwd=home)
            self.wait_for_port(port)
        self.options = [f"--relay-url=ws://127.0.0.1:{mailbox}/v1", f"--transit-helper=tcp:127.0.0.1:{transit}"]


class CrocRelay(Server):
    """croc's relay: one port to meet, four for data."""

    def __init__(self, program: Path, folder: Path, env: Mapping[str, str]) -> None:
        """Starts it."""
        super().__init__(folder / "croc.log", env)
        ports = [free_port() for _ in range(5)]
        self.start([program, "relay", "--host", "127.0.0.1", "--ports", ",".join(map(str, ports))])
        for port in ports:
            self.wait_for_port(port)
        self.options = ["--relay", f"127.0.0.1:{ports[0]}"]
