"""Signs artifacts and says who signed one: DSSE over the artifact's bytes, ed25519.

Source: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zeebe_fleet.bpmn.tooling.artifact.policy import Policy, Publisher
from zeebe_fleet.bpmn.tooling.artifact.reading import BETWEEN, PAYLOAD_TYPE
from zeebe_fleet.bpmn.tooling.artifact.rendering import rendered
from zeebe_fleet.workers.contract.artifacts import Artifact, Signature, Signed
from zeebe_fleet.workers.contract.errors import DefinitionError

if TYPE_CHECKING:
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import CryptoSigner, SSlibKey


def sign(artifact: Artifact, key: str) -> bytes:
    """Return an artifact with its signature, the same bytes every time.

    Args:
        key: the private key, PEM.

    Raises:
        DefinitionError: it is no private ed25519 key; of what it is, nothing is said.
    """
    signature = _envelope(artifact.content, ()).sign(_signer(key))
    told = {"keyid": signature.keyid, "sig": base64.b64encode(bytes.fromhex(signature.signature)).decode()}
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
    from securesystemslib.signer import CryptoSigner

    signer = CryptoSigner.generate_ed25519()
    return signer.private_bytes.decode(), _line(signer)


def public_line(key: str) -> str:
    """Return the line by which a policy knows a private key."""
    return _line(_signer(key))


def keyid_of(key: str) -> str:
    """Return the id of a private key."""
    return str(_signer(key).public_key.keyid)


def public_key(line: str) -> SSlibKey:
    """Return the public key of a policy's line: `ed25519:` and 32 bytes in base64.

    Raises:
        DefinitionError: it is none.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from securesystemslib.signer import SSlibKey

    scheme, _, encoded = line.strip().partition(":")
    try:
        raw = base64.b64decode(encoded, validate=True)
        if scheme == "ed25519" and len(raw) == 32:
            return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(raw))
    except (binascii.Error, ValueError):
        pass
    raise DefinitionError(f"{line[:80]!r} is no public key.", "It reads ed25519:… as fleet keys new prints it.")


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
    from securesystemslib.exceptions import VerificationError

    key = public_key(publisher.key)
    try:
        _envelope(artifact.content, (signature,)).verify([key], 1)
    except (VerificationError, ValueError):
        return False
    return True


def _envelope(content: bytes, signatures: Sequence[Signature]) -> Envelope:
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import Signature as Given

    given = {one.keyid: Given(one.keyid, base64.b64decode(one.sig, validate=True).hex()) for one in signatures}
    return Envelope(content, PAYLOAD_TYPE, given)


def _signer(key: str) -> CryptoSigner:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.signer import CryptoSigner

    try:
        private = load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise DefinitionError(
            "The signing key is no private ed25519 key without a password, in PEM.", "fleet keys new makes one."
        )
    return CryptoSigner(private)


def _line(signer: CryptoSigner) -> str:
    raw = bytes.fromhex(signer.public_key.keyval["public"])
    return f"ed25519:{base64.b64encode(raw).decode()}"
