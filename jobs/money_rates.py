"""New exchange rates, once a day, where anybody has a receipt in a foreign currency."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable

import clock
from errors import Temporary
from jobs.work import Done, Job
from models import Work
from sources import ecb
from store import rates, work

FROM_HOUR = 16  # the bank writes them at about 16:00 of its own time; an hour of UTC is near enough


def plan() -> Iterable[tuple[Work, bool]]:
    """One fetch a day, after the bank wrote them."""
    now = clock.now()
    if now.hour < FROM_HOUR or not rates.needed():
        return []
    return [work.ask("rates", slot=f"{now:%Y-%m-%d}", requested_by="schedule")]


def step(job: Job) -> Done:
    """Fetch the table and keep what is new; what cannot be had is tried again, and the next day."""
    url = job.shop.config.ecb_url
    if not url:
        return Done({"off": True})
    try:
        return Done({"rates": rates.keep(ecb.fetch(url))})
    except (zipfile.BadZipFile, ValueError, KeyError, IndexError) as error:
        sentence = "The European Central Bank's table of rates could not be read."
        raise Temporary("rates_unreadable", sentence, retry_after_s=3600) from error
