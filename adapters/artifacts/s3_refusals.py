"""What an S3 server's refusal means, and what to do about it.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

import re

from zeebe_fleet.workers.contract.artifacts import StoreUnfit

_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_NO_CREDENTIALS = re.compile(r"http://169\.254\.169\.254/|CredentialsNotLoaded|no credentials", re.IGNORECASE)
"""Where a cloud's machine would be asked for them."""
_CERTIFICATE = re.compile(r"invalid peer certificate|UnknownIssuer|CertificateUnknown|self.signed", re.IGNORECASE)
_CREDENTIALS = (
    "does not take the credentials",
    "Set FLEET_ARTIFACTS__ACCESS_KEY_ID and FLEET_ARTIFACTS__SECRET_ACCESS_KEY_FILE to a key that may use the bucket.",
)
_SAID = {
    "RequestTimeTooSkewed": (
        "refuses the time of this machine's clock",
        "Set the clock: requests to S3 are signed with the time, and count for fifteen minutes.",
    ),
    "AccessDenied": (
        "does not allow this",
        "Publishing needs s3:PutObject, reading s3:GetObject, listing s3:ListBucket.",
    ),
    "NoSuchBucket": ("has no such bucket", "Make it, or name another one in FLEET_ARTIFACTS__STORE."),
    "PermanentRedirect": ("is in another region", "Set FLEET_ARTIFACTS__REGION to the bucket's."),
    "AuthorizationHeaderMalformed": ("is in another region", "Set FLEET_ARTIFACTS__REGION to the bucket's."),
    "NotImplemented": (
        "does not know how to create a name once only",
        "Take a server that heeds If-None-Match, or a folder.",
    ),
    **dict.fromkeys(("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"), _CREDENTIALS),
}


def refusal(error: str, address: str) -> StoreUnfit | None:
    """Return what the server has against the request, if it is something to be set right here."""
    if _NO_CREDENTIALS.search(error):
        return StoreUnfit(f"The store {address} is asked with no credentials: none are set here.", _CREDENTIALS[1])
    if _CERTIFICATE.search(error):
        return StoreUnfit(
            f"The certificate of the store {address} is not trusted.",
            "Set FLEET_ARTIFACTS__CA_FILE to the PEM file of the authority behind it.",
        )
    code = next(iter(_CODE.findall(error)), "")
    if code not in _SAID:
        return None
    what, suggestion = _SAID[code]
    return StoreUnfit(f"The store {address} {what} ({code}).", suggestion)
