"""What PostgreSQL keeps of a password: a role is made with it, and neither logs nor administrators learn the password.

Source: RFC 5803, SCRAM-SHA-256; PostgreSQL documentation, CREATE ROLE, PASSWORD.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import b64encode

_ITERATIONS = 4096


def verifier(password: str) -> str:
    """Return what CREATE ROLE takes in the place of a password, which is ASCII."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    stored = hashlib.sha256(_keyed(salted, b"Client Key")).digest()
    server = _keyed(salted, b"Server Key")
    return f"SCRAM-SHA-256${_ITERATIONS}:{_written(salt)}${_written(stored)}:{_written(server)}"


def _keyed(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _written(raw: bytes) -> str:
    return b64encode(raw).decode()
