"""The sums that triggers keep are those of the receipts, whatever happens to these."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import models
from store import base_sums, sql, stats
from store.receipt_filter import Filter
from tests.support import installation, postgres

EVERY = Filter(statuses=stats.COUNTED)  # the same receipts, but walked one by one


def _values(chance: random.Random) -> dict[str, object]:
    rates = chance.choice(([], [{"rate": "18", "base_minor": 100, "amount_minor": 18}], [
        {"rate": "7.0", "base_minor": 50, "amount_minor": 4}, {"rate": "19", "base_minor": None, "amount_minor": 7},
        {"rate": "19", "base_minor": 3, "amount_minor": 1},
    ]))  # fmt: skip
    return {
        "status": chance.choice(("to_review", "ready", "approved", "rejected", "not_receipt")),
        "vendor": chance.choice((None, "", "Bezeq", "Wolt", "Café")),
        "category": chance.choice((None, "meals", "travel")),
        "currency": chance.choice((None, "ILS", "EUR")),
        "date": chance.choice((None, "2026-10-31", "2026-11-01", "2025-02-28")),
        "total_minor": chance.choice((None, 0, 1840, -500, 99_999_999_999)),
        "tax_minor": chance.choice((None, 280)),
        "tax": rates,
        "deleted_at": chance.choice((None, None, 1_700_000_000_000)),
    }


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_after_any_change_the_kept_sums_are_those_of_a_walk_over_all(tmp_path: Path, kind: str) -> None:
    chance = random.Random(7)
    url = f"sqlite:///{tmp_path}/a.db" if kind == "sqlite" else postgres.cluster().database()
    with installation.database(installation.settings(tmp_path, DATABASE_URL=url)):
        mine, theirs = installation.business("mine"), installation.business("theirs")
        for step in range(160):
            rows = list(models.Receipt.select(models.Receipt.id))
            what = chance.random()
            if what < 0.45 or not rows:
                models.Receipt.create(business=chance.choice((mine, mine, theirs)), source="upload", **_values(chance))
            elif what < 0.85:
                some = dict(chance.sample(sorted(_values(chance).items()), 3))
                models.Receipt.update(**some).where(models.Receipt.id == chance.choice(rows).id).execute()
            elif what < 0.93:
                one, other = chance.choice(rows).id, chance.choice(rows).id
                models.Receipt.update(duplicate_of=other if one != other else None).where(
                    models.Receipt.id == one
                ).execute()
            else:
                models.Receipt.delete().where(models.Receipt.id == chance.choice(rows).id).execute()
            if step % 8 == 0:
                for owner in (mine, theirs):
                    assert _comparable(owner, Filter()) == _comparable(owner, EVERY)
        mine.delete_instance()
        assert sql.fetch("select count(*) from receipt_sum where business_id = ?", [mine.id]) == [(0,)]
        assert _comparable(theirs, Filter()) == _comparable(theirs, EVERY)


def _comparable(owner: models.Business, wanted: Filter) -> object:
    """An empty vendor and none are one group among the kept sums."""
    found = stats.over(owner.id, wanted)
    merged: dict[object, list[int]] = {}
    for one in found.vendors:
        entry = merged.setdefault((one.group or None, one.currency), [0, 0, 0])
        for place, figure in enumerate((one.count, one.total, one.tax)):
            entry[place] += figure
    based = base_sums.over(owner.id, wanted, "ILS")
    months = {
        month: (one.total, one.unconverted) for month, one in based.months.items() if one.total or one.unconverted
    }
    whole = (based.whole.total, based.whole.unconverted)
    return found.currencies, found.months, found.categories, found.tax_rates, merged, whole, months
