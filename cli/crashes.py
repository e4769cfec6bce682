"""Crashes to a server that takes Sentry's events: type, place and masked sentence, and nothing of anybody's mail."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sentry_sdk
from sentry_sdk.integrations.logging import LoggingIntegration

from cli import logs
from config import VERSION

if TYPE_CHECKING:
    from config import Config


def report(config: Config, process: str) -> None:
    """Send what is logged with a traceback from now on."""
    mask = logs.TextLines(process, logs.secrets_of(config)).mask

    def masked(event: Any, _hint: object) -> Any:
        for name in ("extra", "breadcrumbs", "request", "user", "modules"):
            event.pop(name, None)
        return _walked(event, mask)

    sentry_sdk.init(
        dsn=config.sentry_dsn,
        release=VERSION,
        environment="production" if config.production else "development",
        server_name=process,
        default_integrations=False,
        integrations=[LoggingIntegration(level=None, event_level=logging.ERROR)],
        include_local_variables=False,
        include_source_context=False,
        max_breadcrumbs=0,
        traces_sample_rate=None,
        before_send=masked,
        shutdown_timeout=2,
    )


def _walked(value: Any, mask: Callable[[str], str]) -> Any:
    """Every text in it masked, wherever it stands."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {name: _walked(one, mask) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_walked(one, mask) for one in value]
    return value
