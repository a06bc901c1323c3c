"""What the relay itself costs: curl puts parts and gets content, there and at nginx."""

from collections.abc import Callable
from pathlib import Path

from measure import Contender, interleave, ratio, run
from place import GIB, Place, random_file, remove, show_size, touch_memory
from protocol import CHUNK, Upload, begin_upload
from report import Result, Target
from servers import FileServer, Relay
from transfer import compare, contender, server_cpu, shell

PART = 1024 * CHUNK
"""Bytes of a part: the most that a relay takes."""


def run_relay(place: Place, size: int, pairs: int) -> list[Result]:
    """`relay`: the same bytes received and served."""
    touch_memory(3 * size)
    relay, nginx, copying = place.relay(), place.file_server(), place.file_server(sendfile=False)
    parts = _split(place, size)
    received = interleave([_put_relay(place, relay, size, parts), _put_nginx(place, nginx, parts)], pairs)
    served = interleave([_get_relay(place, relay, size, parts), *_get_nginx(place, [nginx, copying], parts)], pairs)
    results = []
    for what, rounds, limits in [
        ("received", received, {"nginx": 1.3}),
        ("served", served, {"nginx": 2.0, "nginx without sendfile": 1.3}),
    ]:
        result = compare(f"{what} from curl, {show_size(size)} on {place.kind}", rounds, size, base="relay")
        if place.kind == "tmpfs" and size == GIB:
            for name, limit in limits.items():
                times = ratio(rounds, "relay", name, server_cpu).median
                result.targets.append(Target(f"{what}: relay / {name}, CPU", times, limit))
        results.append(result)
    return results


def _split(place: Place, size: int) -> list[Path]:
    """A file of random bytes for each part."""
    lengths = [min(PART, size - start) for start in range(0, size, PART)]
    return [random_file(place.path(f"part-{number}"), length) for number, length in enumerate(lengths)]


def _upload(parts: list[Path], url: str) -> list[str | Path]:
    return [word for number, part in enumerate(parts) for word in ("-T", part, f"{url}/{number}")]


def _put_relay(place: Place, relay: Relay, size: int, parts: list[Path]) -> Contender:
    begun: list[Upload] = []

    def command() -> list[str | Path]:
        upload = begin_upload(relay, size, PART)
        begun.append(upload)
        return ["curl", "-sSf", *_secret(upload.key), *_upload(parts, f"{relay.url}{upload.path}/parts")]

    return contender(place, "relay", relay, command, lambda _: begun.pop().revoke())


def _put_nginx(place: Place, nginx: FileServer, parts: list[Path]) -> Contender:
    target = nginx.files / "parts"

    def command() -> list[str | Path]:
        target.mkdir()
        return ["curl", "-sSf", *_upload(parts, f"{nginx.url}/parts")]

    return contender(place, "nginx", nginx, command, lambda _: remove(target))


def _get_relay(place: Place, relay: Relay, size: int, parts: list[Path]) -> Contender:
    upload = begin_upload(relay, size, PART)
    run(["curl", "-sSf", *_secret(upload.key), *_upload(parts, f"{relay.url}{upload.path}/parts")], place.env)
    upload.seal()
    url = f"{relay.url}{upload.path}/content"
    return _getter(place, "relay", relay, lambda output: ["curl", "-sSf", *_secret(upload.ticket()), "-o", output, url])


def _get_nginx(place: Place, servers: list[FileServer], parts: list[Path]) -> list[Contender]:
    contenders = []
    for nginx, name in zip(servers, ["nginx", "nginx without sendfile"], strict=True):
        run(shell('cat "${@:2}" >"$1"', nginx.files / "content", *parts), place.env)
        url = f"{nginx.url}/content"
        command = lambda output, url=url: ["curl", "-sSf", "-o", output, url]  # noqa: E731
        contenders.append(_getter(place, name, nginx, command))
    return contenders


def _getter(
    place: Place, name: str, server: Relay | FileServer, command: Callable[[Path], list[str | Path]]
) -> Contender:
    output = place.new_path("got")
    return contender(place, name, server, lambda: command(output), lambda _: remove(output))


def _secret(secret: str) -> list[str]:
    return ["-H", f"Authorization: Bearer {secret}"]
