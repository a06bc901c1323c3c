"""Whether the relay stays up under a crowd: slow recipients, senders and idle connections, beside a normal user."""

import asyncio
import json
import os
import resource
import secrets
import socket
import statistics
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from measure import Failed, Running
from place import MIB, Place, Sent, link_of, remove, sparse_file
from protocol import CHUNK, HEADER, MANIFEST, creation, hash_of, id_of, new_id
from report import Result, Target
from servers import Relay

PAYLOAD = MIB
"""Bytes that each sender sends."""

PAUSE = 2.0
"""Seconds after which one who was refused comes again, as `Retry-After` says."""

ANSWER = 60.0
"""Seconds that an answer, or the next bytes of one, may take."""

PROBE = 0.25
"""Seconds between two looks at `/healthz`."""

BASE_MEMORY = 64
IDLE_MEMORY = 16 / 1024
ANSWER_MEMORY = 96 / 1024
"""MiB that docs/operating.md promises: at rest, for a connection, and for an answer to one who takes it slowly."""

FILES_AT_ONCE = 20_000


@dataclass(frozen=True)
class Crowd:
    """How many come at once."""

    recipients: int
    shares: int
    senders: int
    idle: int
    rate: int
    """Bytes a second that a recipient takes."""
    seconds: float


@dataclass
class Seen:
    """What became of them."""

    begun: int = 0
    stuck: int = 0
    first_byte: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    refused: int = 0
    broken: int = 0
    received: int = 0
    health: list[float] = field(default_factory=list)
    send: list[float] = field(default_factory=list)
    get: list[float] = field(default_factory=list)


def run_crowd(place: Place, crowd: Crowd) -> Result:
    """`crowd`: a normal user alone, then the same user in the crowd."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, FILES_AT_ONCE)), hard))
    relay = place.relay()
    source = sparse_file(place.path("large"), int(crowd.rate * crowd.seconds * 1.5))
    shares = [id_of(place.send(relay.url, source).link) for _ in range(crowd.shares if crowd.recipients else 0)]
    alone = Seen()
    for _ in range(3):
        _use(place, relay, alone)
    relay.forget_peak()
    cpu, begun = relay.cpu(), time.monotonic()
    seen, stop = Seen(), threading.Event()
    watching = [threading.Thread(target=_probe, args=(relay, seen, stop)), _user(place, relay, seen, stop)]
    for thread in watching:
        thread.start()
    try:
        asyncio.run(_come(relay, shares, crowd, seen))
    finally:
        stop.set()
        for thread in watching:
            thread.join()
    cpu, elapsed = relay.cpu() - cpu, time.monotonic() - begun
    return _told(crowd, alone, seen, relay.peak() / MIB, cpu / elapsed)


def _told(crowd: Crowd, alone: Seen, seen: Seen, memory: float, cpu: float) -> Result:
    def row(what: str, through: str, waits: Sequence[float]) -> list[str]:
        return [what, through, *(f"{at:.2f}" for at in _spread(waits))]

    rows = [
        row("recipients, to the first byte", f"{seen.begun} of {crowd.recipients}", seen.first_byte),
        row("senders, to the end", f"{len(seen.sent)} of {crowd.senders}", seen.sent),
        row("/healthz", str(len(seen.health)), seen.health),
        row("share send, alone", str(len(alone.send)), alone.send),
        row("share send, in the crowd", str(len(seen.send)), seen.send),
        row("share get, alone", str(len(alone.get)), alone.get),
        row("share get, in the crowd", str(len(seen.get)), seen.get),
    ]
    bound = BASE_MEMORY + IDLE_MEMORY * (crowd.idle + crowd.senders) + ANSWER_MEMORY * crowd.recipients
    targets = [
        Target("recipients that get on", seen.begun - seen.stuck, crowd.recipients, "", at_least=True),
        Target("senders that get through", len(seen.sent), crowd.senders, "", at_least=True),
        Target("/healthz, 99 of 100", 1000 * _spread(seen.health)[1], 100, "ms"),
        Target("relay's memory", memory, bound, "MiB"),
    ]
    if seen.send and seen.get:
        targets += [
            Target("share send, crowd / alone", statistics.median(seen.send) / statistics.median(alone.send), 2),
            Target("share get, crowd / alone", statistics.median(seen.get) / statistics.median(alone.get), 2),
        ]
    notes = [
        f"{seen.received / MIB / crowd.seconds:.0f} MiB/s to recipients; {seen.refused} answers were 503, "
        f"{seen.broken} connections broke; the relay took {cpu:.2f} CPUs."
    ]
    title = (
        f"{crowd.recipients} recipients of {crowd.shares} shares at {crowd.rate / 1024:.0f} KiB/s, {crowd.senders} "
        f"senders, {crowd.idle} idle connections, {crowd.seconds:.0f} s"
    )
    return Result(title, ["", "through", "median s", "99 of 100 s", "longest s"], rows, notes, targets)


def _spread(waits: Sequence[float]) -> tuple[float, float, float]:
    """Median, the 99th of a hundred, and the longest."""
    if not waits:
        return (0, 0, 0)
    ordered = sorted(waits)
    return (statistics.median(ordered), ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)], ordered[-1])


# --- a normal user ---


def _user(place: Place, relay: Relay, seen: Seen, stop: threading.Event) -> threading.Thread:
    def use() -> None:
        while not stop.wait(1):
            _use(place, relay, seen)

    return threading.Thread(target=use)


def _use(place: Place, relay: Relay, seen: Seen) -> None:
    """Sends a file of 1 MiB with words, and fetches it."""
    source, words = place.new_path("file"), place.new_path("words")
    source.write_bytes(os.urandom(MIB))
    with Running(place.send_command(relay.url, source, words), place.env) as running:
        seen.send.append(running.wait().wall)
        link = link_of(running.output())
    folder = place.new_path("got")
    folder.mkdir()
    with Running(place.get_command(Sent(link, words), folder), place.env) as running:
        seen.get.append(running.wait().wall)
    place.same(source, folder / source.name)
    for path in (source, words, folder):
        remove(path.parent)


def _probe(relay: Relay, seen: Seen, stop: threading.Event) -> None:
    while not stop.wait(PROBE):
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", relay.port), timeout=ANSWER) as probe:
            probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n")
            while probe.recv(4096):
                pass
        seen.health.append(time.monotonic() - begun)


# --- the crowd ---


async def _come(relay: Relay, shares: Sequence[str], crowd: Crowd, seen: Seen) -> None:
    until = time.monotonic() + crowd.seconds
    idle = [asyncio.create_task(_idle(relay, until)) for _ in range(crowd.idle)]
    others = [_recipient(relay, shares[n % len(shares)], crowd.rate, until, seen) for n in range(crowd.recipients)]
    others += [_sender(relay, until, seen) for _ in range(crowd.senders)]
    await asyncio.gather(*others)
    await asyncio.sleep(max(0, until - time.monotonic()))
    for task in idle:
        task.cancel()


async def _idle(relay: Relay, until: float) -> None:
    """Says nothing, and comes again when it is let go."""
    while time.monotonic() < until:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
            await reader.read(1)
            writer.close()
        except OSError:
            pass
        await asyncio.sleep(PAUSE)


async def _recipient(relay: Relay, share: str, rate: int, until: float, seen: Seen) -> None:
    """Takes content slowly, and goes on where it was cut."""
    ticket, begun, got = secrets.token_hex(32), time.monotonic(), 0
    body = json.dumps({"ticket_hash": hash_of(ticket)}).encode()

    async def take_ticket() -> None:
        await _call(relay, "POST", f"/v1/shares/{share}/tickets", body)

    async def take_content() -> None:
        nonlocal got
        headers = f"Authorization: Bearer {ticket}\r\nRange: bytes={got}-\r\n"
        reader, writer = await _ask(relay, "GET", f"/v1/shares/{share}/content", b"", headers)
        try:
            if got == 0:
                seen.begun += 1
                seen.first_byte.append(time.monotonic() - begun)
            due = time.monotonic()
            while time.monotonic() < until:
                piece = await asyncio.wait_for(reader.read(16384), ANSWER)
                if not piece:
                    raise ConnectionResetError
                got += len(piece)
                seen.received += len(piece)
                due = max(due + len(piece) / rate, time.monotonic() - 1)
                await asyncio.sleep(max(0, due - time.monotonic()))
        finally:
            writer.close()

    await _patiently(take_ticket, until, seen)
    before = got
    while time.monotonic() < until:
        before = got
        if await _patiently(take_content, until, seen):
            break
    # It has got on if bytes came on its last connection, or enough before.
    seen.stuck += got == 0 or (got == before and got < rate * PAUSE)


async def _sender(relay: Relay, until: float, seen: Seen) -> None:
    begun, key, share = time.monotonic(), secrets.token_hex(32), new_id()
    path, manage = f"/v1/shares/{share}", f"Authorization: Bearer {key}\r\n"
    create = {**creation(key, PAYLOAD, 128 * CHUNK), "proof_hash": hash_of(secrets.token_hex(32))}
    calls = [
        ("PUT", path, json.dumps(create).encode(), ""),
        ("PUT", f"{path}/header", HEADER, manage),
        ("PUT", f"{path}/manifest", MANIFEST, manage),
        ("PUT", f"{path}/parts/0", os.urandom(PAYLOAD), manage),
        ("POST", f"{path}/seal", json.dumps({"payload_bytes": PAYLOAD}).encode(), manage),
    ]
    for call in calls:
        if not await _patiently(lambda call=call: _call(relay, *call), until, seen):
            return
    seen.sent.append(time.monotonic() - begun)


class _Busy(Exception):
    """The relay said 503."""


async def _patiently(attempt: Callable[[], Awaitable[None]], until: float, seen: Seen) -> bool:
    """Tries until it works, as a polite client does."""
    while time.monotonic() < until:
        try:
            await attempt()
            return True
        except _Busy:
            seen.refused += 1
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
            seen.broken += 1
        await asyncio.sleep(PAUSE)
    return False


async def _call(relay: Relay, method: str, path: str, body: bytes, headers: str = "") -> None:
    reader, writer = await _ask(relay, method, path, body, headers)
    try:
        await asyncio.wait_for(reader.read(), ANSWER)
    finally:
        writer.close()


async def _ask(
    relay: Relay, method: str, path: str, body: bytes, headers: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Sends a request and reads the head of a good answer; what follows is to be read."""
    opening = asyncio.open_connection("127.0.0.1", relay.port, limit=65536)
    reader, writer = await asyncio.wait_for(opening, ANSWER)
    try:
        head = f"{method} {path} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}{headers}\r\n".encode() + body)
        await asyncio.wait_for(writer.drain(), ANSWER)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), ANSWER)
        status = int(answer.split()[1])
        if status == 503:
            raise _Busy
        if status >= 300:
            raise Failed(f"{method} was answered {answer.decode(errors='replace')}")
        return reader, writer
    except BaseException:
        writer.close()
        raise
