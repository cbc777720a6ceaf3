"""Log lines: JSON or for people, with the id of the request they belong to, and never with a key, a token or a password."""

from __future__ import annotations

import logging
import logging.config
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from services import settings

_OWN = ("app", "models", "services")

_SECRETS = (
    # tokens that Tocsin makes: a word, an underscore and 43 random characters; the word and two characters tell which it was
    (re.compile(r"(_[\w-]{2})[\w-]{41}(?![\w-])"), r"\1…"),
    (re.compile(r"(/(?:intake|heartbeat|integrations/v1/[\w.-]+|integrations/generic/\d+/alert)/)[^/\s?\"']+"), r"\1{key}"),
    (re.compile(r"((?:token|key|password|secret)=)[^&\s\"']+", re.IGNORECASE), r"\1…"),
    (re.compile(r"(authorization['\"]?\s*[:=]\s*['\"]?(?:bearer |basic |geniekey )?)[^\s'\",}]+", re.IGNORECASE), r"\1…"),
    (re.compile(r"(://[^/\s:@]+:)[^/\s@]+@"), r"\1…@"),
    (re.compile(r"\[parameters: .*?\]$", re.MULTILINE | re.DOTALL), "[parameters left out]"),
)
# what Reflex says of a tab: its token opens the tab's state, and an event holds what somebody typed and the cookie of who did
_TAB_TOKEN = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_EVENT = re.compile(r"(Event data:|Event\(name='[^']*').*", re.DOTALL)


def redact(text: str) -> str:
    """The text without anything that would let its reader in."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def _without_secrets(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    record = line.get("_record")
    of_reflex = record is not None and record.name.startswith(("reflex", "engineio", "socketio"))
    for name, value in line.items():
        if not isinstance(value, str) or name.startswith("_"):
            continue
        if of_reflex:
            value = _EVENT.sub(r"\1 …", _TAB_TOKEN.sub("{tab}", value))  # noqa: PLW2901
        line[name] = redact(value)
    return line


def _for_people() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)


def configuration(log_format: str, log_level: str) -> dict[str, Any]:
    """The set-up of the standard library's logging, in which every logger of this process ends."""
    last = structlog.processors.JSONRenderer() if log_format == "json" else _for_people()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "tocsin": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _shared(),
                "processors": [
                    structlog.processors.format_exc_info,
                    _without_secrets,
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    last,
                ],
            }
        },
        "handlers": {"tocsin": {"class": "logging.StreamHandler", "formatter": "tocsin", "stream": "ext://sys.stderr"}},
        # what others say below a warning is of no use to whoever runs this, and would say addresses and data as they come
        "root": {"handlers": ["tocsin"], "level": "ERROR" if log_level == "error" else "WARNING"},
        "loggers": {
            **{name: {"level": log_level.upper()} for name in _OWN},
            "_granian": {"level": "WARNING", "propagate": True},
        },
    }


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def set_up() -> None:
    """Send what this process says to stderr, as the settings ask."""
    found = settings.current()
    logging.config.dictConfig(configuration(found.log_format, found.log_level))
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
