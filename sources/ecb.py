"""The European Central Bank's reference rates, fetched as its zipped table."""

from __future__ import annotations

import requests

from sources.ports import Temporary

TIMEOUT_S = 20.0
MOST_BYTES = 8_000_000  # it has 0.7 MB
_AWAY = "The European Central Bank's rates could not be fetched; those that are known go on being used."


def fetch(url: str) -> bytes:
    """The zip file's bytes; Temporary `rates_unreachable`."""
    try:
        with requests.get(url, timeout=TIMEOUT_S, stream=True, headers={"User-Agent": "ProSaaS"}) as answer:
            answer.raise_for_status()
            data = b""
            for piece in answer.iter_content(1 << 16):
                data += piece
                if len(data) > MOST_BYTES:
                    raise Temporary("rates_unreachable", _AWAY, retry_after_s=3600)
            return data
    except requests.RequestException as error:
        raise Temporary("rates_unreachable", _AWAY, retry_after_s=3600) from error
