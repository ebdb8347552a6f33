"""Signs artifacts and says who signed one: DSSE over the artifact's bytes, ed25519; it needs no network.

Source: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
Source: RFC 8032, 5.1; the id of a key is that of securesystemslib, and so of in-toto and TUF.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from zeebe_fleet.bpmn.tooling.artifact.policy import Policy, Publisher
from zeebe_fleet.bpmn.tooling.artifact.reading import BETWEEN, PAYLOAD_TYPE
from zeebe_fleet.bpmn.tooling.artifact.rendering import rendered
from zeebe_fleet.workers.contract.artifacts import Artifact, Signature, Signed
from zeebe_fleet.workers.contract.errors import DefinitionError

_SCHEME = "ed25519"


def sign(artifact: Artifact, key: str) -> bytes:
    """Return an artifact with its signature, the same bytes every time.

    Args:
        key: the private key, PEM.

    Raises:
        DefinitionError: it is no private ed25519 key; of what it is, nothing is said.
    """
    private = _private(key)
    signature = private.sign(_authenticated(artifact.content))
    told = {"keyid": keyid(private.public_key()), "sig": base64.b64encode(signature).decode()}
    return artifact.content[:-1] + BETWEEN + rendered({"payloadType": PAYLOAD_TYPE, "signatures": [told]}).encode()


def verify(signed: Signed, policy: Policy) -> str:
    """Return who published an artifact: the name of a publisher who may publish that name.

    Raises:
        DefinitionError: nobody known signed it, it was changed since, or whoever signed it may not publish it.
    """
    artifact = signed.artifact
    if not signed.signatures:
        raise DefinitionError(f"{artifact.file}: nobody signed it.", "Publish it with fleet publish.")
    refusals: list[DefinitionError] = []
    for one in signed.signatures:
        try:
            return _publisher(artifact, one, policy).name
        except DefinitionError as error:
            refusals.append(error)
    raise refusals[0]


def new_key() -> tuple[str, str]:
    """Return a new private key, PEM, and the line by which a policy knows it."""
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return pem, public_line(pem)


def public_line(key: str) -> str:
    """Return the line by which a policy knows a private key.

    Raises:
        DefinitionError: it is none.
    """
    return f"{_SCHEME}:{base64.b64encode(_private(key).public_key().public_bytes_raw()).decode()}"


def public_key(line: str) -> Ed25519PublicKey:
    """Return the public key of a policy's line: `ed25519:` and 32 bytes in base64.

    Raises:
        DefinitionError: it is none.
    """
    scheme, _, encoded = line.strip().partition(":")
    try:
        if scheme == _SCHEME:
            return Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError):
        pass
    raise DefinitionError(f"{line[:80]!r} is no public key.", "It reads ed25519:… as fleet keys new prints it.")


def keyid(key: Ed25519PublicKey) -> str:
    """Return the id of a key."""
    said = {"keytype": _SCHEME, "keyval": {"public": key.public_bytes_raw().hex()}, "scheme": _SCHEME}
    return hashlib.sha256(json.dumps(said, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


def _publisher(artifact: Artifact, signature: Signature, policy: Policy) -> Publisher:
    publisher = policy.by_key(signature.keyid)
    if publisher is None:
        raise DefinitionError(
            f"{artifact.file}: signed by somebody unknown: key {signature.keyid[:16]}…",
            f"If they may publish, put their key into {policy.file}.",
        )
    if publisher.revoked:
        raise _revoked(artifact, publisher)
    if not _fits(artifact, signature, publisher):
        raise DefinitionError(
            f"{artifact.file}: changed after {publisher.name} signed it: the signature is of other content.",
            "Fetch it again from its store; if it is no better, publish it as a new version.",
        )
    if not publisher.may_publish_name(artifact.name):
        raise DefinitionError(
            f"{artifact.file}: {publisher.name} may not publish {artifact.name}.",
            f"{policy.file} says what each may publish.",
        )
    return publisher


def _revoked(artifact: Artifact, publisher: Publisher) -> DefinitionError:
    return DefinitionError(
        f"{artifact.file}: signed with a key of {publisher.name} that is revoked: {publisher.revoked}.",
        "Look at what it published, and publish it anew as a higher version with another key.",
    )


def _fits(artifact: Artifact, signature: Signature, publisher: Publisher) -> bool:
    try:
        signed = base64.b64decode(signature.sig, validate=True)
        public_key(publisher.key).verify(signed, _authenticated(artifact.content))
    except (InvalidSignature, ValueError):
        return False
    return True


def _authenticated(content: bytes) -> bytes:
    """Return what is signed: the content with its type and length, so that it means the same everywhere."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(content), content)


def _private(key: str) -> Ed25519PrivateKey:
    try:
        private = load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise DefinitionError(
            "The signing key is no private ed25519 key without a password, in PEM.", "fleet keys new makes one."
        )
    return private
