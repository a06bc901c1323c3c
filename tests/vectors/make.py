#!/usr/bin/env python3
"""Writes proof.json, receipt.json and stream.json from docs/format.md, by other code than ours.

Needs Python's `cryptography`. The tests hold `share` to the files; run this only to change them.
"""

import hashlib
import hmac
import json
import pathlib

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HERE = pathlib.Path(__file__).parent
CHUNK = 64 * 1024


def hkdf(key, salt, info):
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(key)


def pattern(length):
    """Byte i is i * 31 + (i >> 8) * 17 + (i >> 16) * 101, modulo 256."""
    return bytes((i * 31 + (i >> 8) * 17 + (i >> 16) * 101) & 255 for i in range(length))


def chunks(plain):
    return [plain[i : i + CHUNK] for i in range(0, len(plain), CHUNK)] or [b""]


def seal(file_key, nonce, plain):
    cipher = ChaCha20Poly1305(hkdf(file_key, nonce, b"payload"))
    pieces = chunks(plain)
    return [
        cipher.encrypt(i.to_bytes(11, "big") + bytes([i == len(pieces) - 1]), piece, None)
        for i, piece in enumerate(pieces)
    ]


def streams():
    file_key, nonce = bytes(range(16)), bytes(range(100, 116))
    for length in [0, 1, 100, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 5 * CHUNK + 7]:
        sealed = seal(file_key, nonce, pattern(length))
        payload = b"".join(sealed)
        vector = {
            "file_key": file_key.hex(),
            "nonce": nonce.hex(),
            "plain_bytes": length,
            "plain_sha256": hashlib.sha256(pattern(length)).hexdigest(),
            "payload_bytes": len(payload),
            "payload_sha256": hashlib.sha256(payload).hexdigest(),
            "fingerprint": hashlib.sha256(b"".join(chunk[-16:] for chunk in sealed)).hexdigest(),
        }
        yield vector | ({"payload": payload.hex()} if length <= 100 else {})


def proofs():
    for words, id in [
        ("abacus-banana-cactus-daisy-eagle-fabric", "0123456789abcdefghjw"),
        ("appel-boter-citroen-droom-eiland-fiets", "0123456789abcdefghjw"),
        ("Ünïcødé words  ", "kmnpqrstvwxyz012345m"),
        ("", "00000000000000000000"),
    ]:
        salt = f"share/v1/proof/{id}".encode()
        proof = hashlib.scrypt(words.encode(), salt=salt, n=2**15, r=8, p=1, maxmem=2**26, dklen=32)
        yield {"words": words, "id": id, "proof": proof.hex(), "proof_hash": hashlib.sha256(proof).hexdigest()}


def receipts():
    for seed, time, saved in [(1, 0, "disk"), (2, 1_800_000_000, "browser"), (3, 2**64 - 1, "confirmed")]:
        file_key = hashlib.sha256(b"file key %d" % seed).digest()[:16]
        ticket_hash = hashlib.sha256(b"ticket %d" % seed).digest()
        fingerprint = hashlib.sha256(b"fingerprint %d" % seed).digest()
        key = hkdf(file_key, b"", b"share/v1/receipt")
        how = bytes([["disk", "browser", "confirmed"].index(saved) + 1])
        mac = hmac.digest(key, ticket_hash + fingerprint + time.to_bytes(8, "big") + how, "sha256")
        yield {
            "file_key": file_key.hex(),
            "receipt_key": key.hex(),
            "ticket_hash": ticket_hash.hex(),
            "fingerprint": fingerprint.hex(),
            # A string, because JSON numbers above 2^53 are not safe everywhere.
            "time": str(time),
            "saved": saved,
            "mac": mac.hex(),
        }


for name, make in {"stream": streams, "proof": proofs, "receipt": receipts}.items():
    (HERE / f"{name}.json").write_text(json.dumps(list(make()), indent=2, ensure_ascii=False) + "\n")
