"""PostgreSQL as a plain process of the local stack."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from zeebe_fleet.deploy.local import postgres_binaries
from zeebe_fleet.deploy.local.cache import require_space
from zeebe_fleet.deploy.local.errors import PartFailed
from zeebe_fleet.deploy.local.processes import Launch, run
from zeebe_fleet.deploy.local.state import StateDir

DATABASE_PORTS: Mapping[str, int] = {"database": 54329}
#: Name of the database and of the role that owns it.
DATABASE = "fleet"
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "max_wal_size": "256MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


@dataclass(frozen=True)
class Database:
    """The database part: how it is prepared, started, asked whether it is ready, and stopped.

    Args:
        check: called while the first start makes the cluster; whatever it raises stops that.
    """

    state: StateDir
    check: Callable[[], None]

    name = "database"
    ports = DATABASE_PORTS
    settings = ""
    # Fast shutdown: sessions are ended, nothing committed is lost, no recovery at the next start.
    stop_signal = signal.SIGINT
    timeout_s = 60.0

    @property
    def marker(self) -> str:
        """The argument by which a running server of this state directory is recognised."""
        return str(self._cluster)

    def prepare(self) -> Callable[[Mapping[str, int]], Launch]:
        """Make the cluster if there is none; returns the start for a given port."""
        require_space(self.state.data, 64 * 1024**2, "The database")
        user = postgres_binaries.system_user()
        programs = postgres_binaries.programs(user)
        if not (self._cluster / "PG_VERSION").exists():
            self._initialize(programs, user)
        self._drop_foreign_pid_file()
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command = [str(programs / "postgres"), "-D", str(self._cluster), *settings]
        return lambda ports: Launch(
            [*command, "-c", f"port={ports['database']}"],
            self.state.log(self.name),
            _ENVIRONMENT,
            user=user,
            # Immediate shutdown: the postmaster takes its children with it.
            death_signal=signal.SIGQUIT,
        )

    def ready(self, ports: Mapping[str, int]) -> bool:
        """Whether the server accepts connections, by its own word in its PID file."""
        with suppress(OSError, IndexError):
            lines = (self._cluster / "postmaster.pid").read_text("utf-8").splitlines()
            return lines[3].strip() == str(ports["database"]) and lines[7].strip() == "ready"
        return False

    def url(self, ports: Mapping[str, int]) -> str:
        """Address with user and password."""
        password = self._password_file.read_text("utf-8").strip() if self._password_file.exists() else ""
        return f"postgresql://{DATABASE}:{password}@127.0.0.1:{ports['database']}/{DATABASE}"

    def wipe(self) -> None:
        """Remove the cluster, wherever it lies; the password stays, so that an address stays valid."""
        shutil.rmtree(self._cluster.parent, ignore_errors=True)

    @property
    def _cluster(self) -> Path:
        return postgres_binaries.home(self.state.data) / "postgres"

    @property
    def _password_file(self) -> Path:
        return self.state.root / "database-password"

    def _initialize(self, programs: Path, user: str | None) -> None:
        home = self._cluster.parent
        postgres_binaries.claim(home, self.state.data)
        half_made = home / "postgres.partial"
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir(mode=0o700)
        password_file, role = self._password(), home / "initialize"
        role.mkdir(mode=0o700, exist_ok=True)
        shutil.copy(password_file, role / "password")
        (role / "create.sql").write_text(f"CREATE DATABASE {DATABASE};\n", "utf-8")
        postgres_binaries.give(user, half_made, role, role / "password")
        self._run(
            user,
            [programs / "initdb", "-D", half_made, "-U", DATABASE, f"--pwfile={role / 'password'}"],
            ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"],
        )
        single = [programs / "postgres", "--single", "-D", half_made, "postgres"]
        self._run(user, single, [], stdin=role / "create.sql")
        shutil.rmtree(role)
        half_made.replace(self._cluster)

    def _password(self) -> Path:
        if self._password_file.exists():
            return self._password_file
        descriptor = os.open(self._password_file, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(24))
        return self._password_file

    def _run(self, user: str | None, program: list[object], options: list[str], stdin: Path | None = None) -> None:
        command = [*(str(word) for word in program), *options]
        log = self.state.log(self.name)
        if run(Launch(command, log, _ENVIRONMENT, user, stdin), self.check) != 0:
            raise PartFailed(f"{Path(command[0]).name} could not make the database.", f"Its words are in {log}.")

    def _drop_foreign_pid_file(self) -> None:
        """Remove a PID file whose PID now belongs to another program, which PostgreSQL would wait for."""
        pid_file = self._cluster / "postmaster.pid"
        with suppress(OSError, ValueError, IndexError):
            pid = int(pid_file.read_text("utf-8").splitlines()[0])
            if not postgres_binaries.is_server(pid):
                pid_file.unlink()
