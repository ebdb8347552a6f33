"""How log lines look: for people on a terminal, as one JSON object a line elsewhere."""

from __future__ import annotations

import logging
import sys
from typing import Literal, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter, add_logger_name

from zeebe_fleet.workers.trace import name_the_job


def configure_logs(log_format: Literal["console", "json"], file: TextIO | None = None) -> None:
    """Write log lines to a file, standard error unless given; those of libraries from warning on.

    Lines of the standard library's `logging` get the same names and the same form, and nothing of their `extra`.
    """
    file = file or sys.stderr
    as_json = log_format == "json"
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=file.isatty(), exception_formatter=structlog.dev.plain_traceback)
    )
    named: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        name_the_job,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*named, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=file),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(file)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[add_logger_name, *named],
            processors=[ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=as_json or file is not sys.stderr)
    logging.captureWarnings(as_json)
    for library in ("httpx", "httpcore"):  # below warnings they tell of each call, with its whole address
        logging.getLogger(library).setLevel(logging.WARNING)
