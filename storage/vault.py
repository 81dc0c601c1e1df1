"""Keys and what they protect: sealed columns, address look-ups, raters.

Everything comes from one secret (SAMLENG_SECRET_KEY). Without it the database
does not say who a contact is, what a conversation holds, or who gave a score.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

LETTERS_OF_A_REFERENCE = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32 without look-alikes
NONCE = 12  # bytes, as AES-GCM wants it


class Unreadable(Exception):
    """Sealed under another secret, or damaged."""


class Vault:
    """Seals and opens, and makes keyed hashes of 16 bytes. `secret`: at least 16 characters."""

    def __init__(self, secret: str) -> None:
        if len(secret) < 16:
            raise ValueError("the secret key needs at least 16 characters")
        self._secret = secret.encode()
        self._cipher = AESGCM(self._key("seal"))
        self._addresses = self._key("address")
        self._raters = self._key("rater")
        self._codes = self._key("code")
        self._guessers = self._key("guesser")
        self._comments = self._key("comment")
        self._api_keys = self._key("api-key")
        self._sessions = self._key("session")

    def _key(self, purpose: str) -> bytes:
        derive = HKDF(hashes.SHA256(), length=32, salt=None, info=b"samleng/" + purpose.encode())
        return derive.derive(self._secret)

    def token(self, purpose: str) -> str:
        """A stable secret of 64 hex digits for one purpose, as for a webhook."""
        return self._key("token/" + purpose).hex()

    def seal(self, plain: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, None)

    def open(self, sealed: bytes) -> bytes:
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], None)
        except (InvalidTag, ValueError) as error:  # ValueError: not even long enough
            raise Unreadable(
                "sealed under another secret: is SAMLENG_SECRET_KEY the one this database began with?"
            ) from error

    def seal_json(self, value: Any) -> bytes:
        return self.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def open_json(self, sealed: bytes) -> Any:
        return json.loads(self.open(sealed))

    def address_hash(self, channel: str, address: str) -> bytes:
        """What a contact is found by."""
        return hmac.digest(self._addresses, f"{channel}\0{address}".encode(), hashlib.sha256)[:16]

    def rater(self, address_hash: bytes, person: int, facility: str, round_code: str) -> bytes:
        """The key of one person's rating of one facility in one round. Made from the address's hash, not the
        contact's number, so that who erases her data and comes back still counts once."""
        what = b"\0".join((address_hash, str(person).encode(), facility.encode(), round_code.encode()))
        return hmac.digest(self._raters, what, hashlib.sha256)[:16]

    def code(self, code: str) -> bytes:
        """What a single-use code is found by. Keyed, since so short a code is soon found from a plain hash."""
        return hmac.digest(self._codes, code.encode(), hashlib.sha256)[:16]

    def guesser(self, address_hash: bytes) -> bytes:
        """Under what the wrong codes of one address are counted."""
        return hmac.digest(self._guessers, address_hash, hashlib.sha256)[:16]

    def session(self, cookie: str) -> bytes:
        """What a signed-in browser is found by."""
        return hmac.digest(self._sessions, cookie.encode(), hashlib.sha256)[:16]

    def api_key(self, key: str) -> bytes:
        """What another system's key is found by."""
        return hmac.digest(self._api_keys, key.encode(), hashlib.sha256)[:16]

    def comment(self, rater: bytes) -> str:
        """What officials know a comment by: it leads back neither to the rater nor to the reference she was told."""
        return hmac.digest(self._comments, rater, hashlib.sha256)[:16].hex()


def reference(rater: bytes) -> str:
    """What a citizen is told to name her rating by: 6 letters and digits without look-alikes. 30 bits: two
    ratings of one facility will hardly share it, two of the whole country may."""
    bits = int.from_bytes(hashlib.sha256(rater).digest()[:4], "big")
    return "".join(LETTERS_OF_A_REFERENCE[(bits >> shift) & 31] for shift in range(25, -5, -5))
