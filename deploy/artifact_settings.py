"""Settings of published definitions: the store, who may publish, and the key to sign with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, SecretStr

from zeebe_fleet.adapters.artifacts.s3_access import S3Access
from zeebe_fleet.deploy.setting_kinds import Line, SecretLine, Word


def _is_text(secret: SecretStr) -> SecretStr:
    if not all(line.isprintable() for line in secret.get_secret_value().splitlines()):
        raise ValueError("it has a control character inside")
    return secret


class ArtifactsSection(BaseModel):
    """Published definitions: where they are, and whose signature counts."""

    store: Line = Field(
        default="", description="Store of published definitions: a folder's path, or `s3://bucket/prefix`."
    )
    endpoint: Word = Field(default="", description="Address of an S3 server that is not Amazon's.")
    region: Word = Field(default="us-east-1", description="Region of the bucket.")
    access_key_id: Word = Field(
        default="", description="Key of the bucket's account; empty: what the environment of AWS gives."
    )
    secret_access_key: SecretLine = Field(default=SecretStr(""), description="Its secret.")
    session_token: SecretLine = Field(default=SecretStr(""), description="Token that goes with a temporary key.")
    ca_file: Path | None = Field(default=None, description="PEM file of the authority behind the server's certificate.")
    timeout_s: float = Field(default=10.0, gt=0, description="Deadline of a request to the bucket, in seconds.")
    publishers: Path = Field(
        default=Path("publishers.yaml"), description="File that says whose signature counts, and for which names."
    )
    signing_key: Annotated[SecretStr, AfterValidator(_is_text)] = Field(
        default=SecretStr(""), description="Private key to publish with, PEM, as `fleet keys new` makes it."
    )

    def access(self) -> S3Access:
        """Return how a bucket is reached; secrets are read when they are needed."""
        return S3Access(
            self.endpoint,
            self.region,
            self.access_key_id,
            self.secret_access_key.get_secret_value,
            self.session_token.get_secret_value,
            self.ca_file,
            self.timeout_s,
        )
