"""What settings may hold, for every command alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from zeebe_fleet.deploy.local.cache import Cache
from zeebe_fleet.deploy.local.state import StateDir
from zeebe_fleet.deploy.settings import read_settings
from zeebe_fleet.workers.contract.errors import FleetError

ADDRESS = "postgresql://fleet:pass@127.0.0.1:5432/fleet"


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("end", ["\n", "\r\n", " \n", "\n\n"])
def test_settings_lose_the_line_break_at_their_end(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that became a variable ends in one: addresses, names, numbers, secrets, lists and services alike."""
    values = {
        "DATABASE_URL": ADDRESS,
        "ENGINE": "remote",
        "APP": "myflows",
        "ZEEBE__ADDRESS": "zeebe.example:443",
        "ZEEBE__CA_FILE": "/etc/ca.pem",
        "API__PORT": "8081",
        "API__OIDC__ISSUER": "https://login.example/realm",
        "API__OIDC__ADMIN_GROUPS": '["admins\\n"]',
        "SERVICES__KYC__BASE_URL": "https://kyc.example/v1",
    }
    secrets = {"ZEEBE__CLIENT_SECRET": "s3cret", "API__SERVICE_TOKEN": "t0ken", "SECRETS__KYC": "kyc key"}
    for name, value in values.items():
        hard = name in ("ENGINE", "ZEEBE__CA_FILE")
        monkeypatch.setenv(f"FLEET_{name}", value + (end.replace(" ", "") if hard else end))
    for name, value in secrets.items():
        monkeypatch.setenv(f"FLEET_{name}", value + end.replace(" ", ""))
    read = read_settings()

    assert (read.database_url, read.engine, read.app) == (ADDRESS, "remote", "myflows")
    assert (read.zeebe.address, read.zeebe.ca_file) == ("zeebe.example:443", Path("/etc/ca.pem"))
    assert (read.api.port, read.api.oidc.issuer) == (8081, "https://login.example/realm")
    assert read.api.oidc.admin_groups == ["admins"]
    assert read.services["kyc"].base_url == "https://kyc.example/v1"
    assert read.zeebe.client_secret.get_secret_value() == "s3cret"
    assert read.api.service_token.get_secret_value() == "t0ken"
    assert read.secrets["kyc"].get_secret_value() == "kyc key"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ZEEBE__ADDRESS", "zeebe.example :443"),
        ("ZEEBE__AUTHORIZATION_SERVER", "https://login.example/\ntoken"),
        ("API__OIDC__ISSUER", "https://login.example/a realm"),
        ("API__URL", "http://api\t:8080"),
        ("DATABASE_URL", f"{ADDRESS}\n{ADDRESS}"),
        ("ZEEBE__CLIENT_SECRET", "two\nlines"),
        ("API__SERVICE_TOKEN", "two\nlines"),
        ("SERVICES__KYC__BASE_URL", "https://kyc.example/a path"),
    ],
)
def test_settings_refuse_blanks_inside(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is named, and what it holds is not shown."""
    monkeypatch.setenv(f"FLEET_{name}", value)
    with pytest.raises(FleetError, match=f"FLEET_{name}: it has a") as refused:
        read_settings()

    assert "lines" not in str(refused.value)
    assert "pass@" not in str(refused.value)


def test_settings_keep_what_a_secret_of_a_task_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in PEM form has lines, and a password may end in a blank."""
    monkeypatch.setenv("FLEET_SECRETS__PEM", "-----BEGIN\nabc\n-----END\n")
    monkeypatch.setenv("FLEET_SECRETS__PASSWORD", "word ")
    read = read_settings()

    assert read.secrets["pem"].get_secret_value() == "-----BEGIN\nabc\n-----END"
    assert read.secrets["password"].get_secret_value() == "word "


def test_folders_lose_the_line_break_at_their_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are read before there are settings too."""
    monkeypatch.setenv("FLEET_STATE", f"{tmp_path}/state\n")
    monkeypatch.setenv("FLEET_CACHE", f"{tmp_path}/cache\n")

    assert StateDir().root == tmp_path / "state"
    assert read_settings().state == tmp_path / "state"
    assert Cache().root == tmp_path / "cache"
