"""What the benchmarks need of the relay's protocol (docs/protocol.md), where they speak it themselves."""

import hashlib
import json
import secrets
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from servers import Relay

HEADER = b"h" * 182
MANIFEST = b"m" * 300
CHUNK = 65536 + 16
"""Bytes of a sealed chunk, of which a part has a whole number."""


@dataclass(frozen=True)
class Upload:
    """A share that has everything but its parts. The relay does not know what is in them."""

    relay: Relay
    id: str
    key: str
    payload: int

    @property
    def path(self) -> str:
        """The share's own path."""
        return f"/v1/shares/{self.id}"

    def call(self, method: str, path: str, body: bytes = b"", secret: str | None = None) -> None:
        """A call of its sender's, or with another secret."""
        headers = {"Authorization": f"Bearer {secret or self.key}"}
        url = f"{self.relay.url}{self.path}{path}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open(urllib.request.Request(url, body, headers, method=method)).close()

    def seal(self) -> None:
        """All parts are there."""
        self.call("POST", "/seal", json.dumps({"payload_bytes": self.payload}).encode())

    def ticket(self) -> str:
        """A new ticket to its content."""
        ticket = secrets.token_hex(32)
        self.call("POST", "/tickets", json.dumps({"ticket_hash": hash_of(ticket)}).encode())
        return ticket

    def revoke(self) -> None:
        """Deletes it."""
        self.call("DELETE", "")


def begin_upload(relay: Relay, payload: int, part: int) -> Upload:
    """Creates a share to keys, whose parts are still to come."""
    upload = Upload(relay, new_id(), secrets.token_hex(32), payload)
    upload.call("PUT", "", json.dumps(creation(upload.key, payload, part)).encode())
    upload.call("PUT", "/header", HEADER)
    upload.call("PUT", "/manifest", MANIFEST)
    return upload


def creation(key: str, payload: int, part: int) -> dict[str, Any]:
    """The request to create a share to keys."""
    return {
        "manage_key_hash": hash_of(key),
        "header_bytes": len(HEADER),
        "payload_bytes": payload,
        "part_bytes": part,
        "expires_in": 3600,
    }


def hash_of(secret: str) -> str:
    """What the relay keeps of a secret in hexadecimal digits."""
    return hashlib.sha256(bytes.fromhex(secret)).hexdigest()


def id_of(link: str) -> str:
    """The id in a link."""
    return link.rpartition("/")[2].partition("#")[0]


def new_id() -> str:
    """Random symbols of 5 bits, and the one at which the polynomial they make has a root."""
    symbols = [secrets.randbelow(32) for _ in range(19)]
    last = next(last for last in range(32) if _at_root([*symbols, last]) == 0)
    return "".join("0123456789abcdefghjkmnpqrstvwxyz"[symbol] for symbol in [*symbols, last])


def _at_root(symbols: Sequence[int]) -> int:
    total = 0
    for symbol in reversed(symbols):
        total = total << 1 ^ symbol ^ (0b100101 if total & 0b10000 else 0)
    return total
