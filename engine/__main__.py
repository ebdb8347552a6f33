"""The engine as a process: `python -m zeebe_fleet.engine --help`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from zeebe_fleet.engine import endpoint
from zeebe_fleet.engine.version import DEFAULT, VERSIONS

if TYPE_CHECKING:
    from zeebe_fleet.engine.pump import Pump

USAGE_ERROR = 2
BROKEN = 1
_EXAMPLES = """\
examples:
  python -m zeebe_fleet.engine --data ./engine                   keep everything in ./engine
  python -m zeebe_fleet.engine --memory --grpc-port 0 --rest-port 0
                                                                 for a test: nothing is kept, any free ports
  python -m zeebe_fleet.engine --data ./engine --as 8.6          play an older Camunda

It says READY and its ports once it answers. It is for work, tests and demos: production is your own Camunda 8.
"""


def main() -> int:
    """Run the engine until it is told to stop; returns the exit status."""
    arguments = _parser().parse_args()
    # What gRPC itself would log is said in a sentence instead.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    return asyncio.run(_serve(arguments))


async def _serve(arguments: argparse.Namespace) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if arguments.until_eof:
        _heed_end_of_input(stop)

    from zeebe_fleet.engine.journal import JournalError, reset
    from zeebe_fleet.engine.pump import open_pump
    from zeebe_fleet.engine.search.index import FILE, Settings
    from zeebe_fleet.engine.serving import CannotListen, Ports, address, running

    version = VERSIONS[arguments.version]
    wanted = Ports(arguments.listen, arguments.grpc_port, arguments.rest_port)
    failures: list[BaseException] = []

    def fail(error: BaseException) -> None:
        failures.append(error)
        stop.set()

    try:
        if arguments.reset and not arguments.memory:
            reset(arguments.data)
        pump = open_pump(None if arguments.memory else arguments.data, forgetful=arguments.forgetful, say=_say)
        pump.on_failure = fail
        with ExitStack() as told:
            if arguments.records:
                told.enter_context(_recording(pump, arguments.records))
            await pump.start()
            try:
                async with running(
                    pump,
                    wanted,
                    version=version,
                    limit=arguments.limit,
                    clock_controlled=arguments.clock_controlled,
                    search=Settings(None if arguments.memory else arguments.data / FILE, arguments.search_lag),
                ) as ports:
                    _warn_of(ports.host)
                    grpc, rest = address(ports.host, ports.grpc), address(ports.host, ports.rest)
                    if not arguments.memory:
                        told.enter_context(endpoint.noted(arguments.data, grpc, rest))
                    print(f"READY grpc={grpc} rest={rest}")
                    await stop.wait()
            finally:
                await pump.stop()
    except (JournalError, CannotListen, _NoRecords) as error:
        return _refused(str(error))
    except OSError as error:
        return _refused(f"Cannot use the data directory {arguments.data}: {error.strerror or error}.")
    for failure in failures:
        _say(str(failure))
    return BROKEN if failures else 0


def _heed_end_of_input(stop: asyncio.Event) -> None:
    loop, source = asyncio.get_running_loop(), sys.stdin.fileno()

    def read() -> None:
        if not os.read(source, 4096):
            loop.remove_reader(source)
            stop.set()

    loop.add_reader(source, read)


class _NoRecords(Exception):
    """The file for records cannot be written."""


@contextmanager
def _recording(pump: Pump, path: Path) -> Iterator[None]:
    from zeebe_fleet.engine.records.file import RecordsFile

    try:
        file = RecordsFile(path, _say)
    except OSError as error:
        raise _NoRecords(f"Cannot write records to {path}: {error.strerror or error}.") from error
    pump.records(file.write)
    try:
        yield
    finally:
        file.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m zeebe_fleet.engine",
        description="An engine that speaks Camunda 8's gRPC gateway and REST v2, on one machine.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kept = parser.add_mutually_exclusive_group(required=True)
    kept.add_argument("--data", type=Path, metavar="DIR", help="keep everything in this directory, made if needed")
    kept.add_argument("--memory", action="store_true", help="keep nothing: gone with the process")
    parser.add_argument("--reset", action="store_true", help="begin anew: forget what the directory holds")
    parser.add_argument(
        "--grpc-port", type=_port, default=26500, metavar="N", help="0 takes any free one (%(default)s)"
    )
    parser.add_argument("--rest-port", type=_port, default=8088, metavar="N", help="0 takes any free one (%(default)s)")
    parser.add_argument(
        "--as", dest="version", choices=list(VERSIONS), default=DEFAULT.name, help="the Camunda to play (%(default)s)"
    )
    parser.add_argument(
        "--listen",
        default="127.0.0.1",
        metavar="HOST",
        help="address to listen on (%(default)s); it has no authentication",
    )
    parser.add_argument("--clock-controlled", action="store_true", help="let clients set the clock (PUT /v2/clock)")
    parser.add_argument(
        "--limit", "--request-limit", type=_limit, metavar="N", help="refuse commands above so many at once"
    )
    parser.add_argument(
        "--forgetful",
        action="store_true",
        help="hand out before the disk has it and lose that at a kill, as the real one does: for tests of workers",
    )
    parser.add_argument(
        "--records",
        type=Path,
        metavar="FILE",
        help="append what happens to this file, as JSON lines with Camunda's names; it holds variables' values",
    )
    parser.add_argument(
        "--search-lag",
        type=_lag,
        default=0,
        metavar="MS",
        help="have searches find things so much later (%(default)s); 1000 is what a real one does",
    )
    parser.add_argument(
        "--until-eof",
        action="store_true",
        help="end when standard input, a pipe, ends: with the process that holds its other end",
    )
    parser.add_argument("--marker", metavar="TEXT", help="means nothing; by it a process is found again")
    return parser


def _port(text: str) -> int:
    return _within(text, 0, 65_535)


def _limit(text: str) -> int:
    return _within(text, 1, 1_000_000)


def _lag(text: str) -> int:
    return _within(text, 0, 3_600_000)


def _within(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} to {most}")
    return int(text)


def _warn_of(host: str) -> None:
    if host not in ("localhost", "::1") and not host.startswith("127."):
        _say(f"Listening on {host}: whoever reaches it may do everything, for it has no authentication.")


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _refused(sentence: str) -> int:
    _say(sentence)
    return USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main())
