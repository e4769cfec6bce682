"""From SQLite to PostgreSQL: every row arrives as it was, the search too, or nothing does."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import models
from config import Config
from store import receipts, stats
from store.receipt_filter import Filter
from tests.support import installation, postgres
from tests.support.processes import environment, run
from tests.support.receipts_many import fill

NASTY = "nul \x00, quote ' and \" and \\ and \t tab, \u05d1\u05d6\u05e7 \U0001f600"


def _filled(folder: Path, count: int) -> Config:
    config = installation.settings(folder, DATABASE_URL=f"sqlite:///{folder}/prosaas.db")
    with installation.database(config):
        owners = [installation.business(f"b{number}").id for number in range(4)]
        box = installation.mailbox(models.Business.get_by_id(owners[0]), refresh_token="1//the-permission")
        models.Mail.create(business=owners[0], mailbox=box, source_id="a", subject=NASTY, labels=["A", "é"])
        fill(owners, count)
        flags = [{"field": "total", "code": "\u0000", "text": NASTY}]
        odd = models.Receipt.create(business=owners[0], source="upload", status="ready", vendor=NASTY, flags=flags)
        models.Receipt.update(duplicate_of=odd).where(models.Receipt.id == 1).execute()
        models.Setting.create(name="something", value="")
    return config


def _shown(config: Config, words: str) -> tuple[object, ...]:
    with installation.database(config):
        owner = models.Business.get(models.Business.slug == "b1").id
        found = [row["id"] for row in receipts.page(owner, Filter(q=words), limit=50)[0]]
        listed = [
            (row["id"], str(row["date"]), row["total_minor"]) for row in receipts.page(owner, Filter(), limit=50)[0]
        ]
        return found, listed, stats.over(owner, Filter()).currencies


@pytest.mark.parametrize("count", [1500, pytest.param(100_000, marks=[pytest.mark.nightly, pytest.mark.timeout(1200)])])
def test_an_installation_moves_with_its_search_counted_and_hashed(tmp_path: Path, count: int) -> None:
    before = _filled(tmp_path, count)
    url = postgres.cluster().database()
    env = environment(tmp_path, ENCRYPTION_KEY=installation.KEY, DATABASE_URL=before.database_url)
    done = run("move-to", url, env=env, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(rf"^receipt +{count + 1:,} ", done.stdout, re.MULTILINE), done.stdout
    print(done.stdout)
    after = replace(before, database_url=url)
    for words in ("harbour", "inv 12", "בזק"):
        assert _shown(after, words) == _shown(before, words), words
    with installation.database(after):
        assert models.Mailbox.get().refresh_token == "1//the-permission"
        assert models.Mail.get().subject == NASTY.replace("\x00", "")
        assert models.Receipt.get_by_id(1).duplicate_of_id == count + 1
        assert models.Receipt.create(business=1, source="upload", status="ready").id == count + 2
    again = run("move-to", url, env=env)
    assert again.returncode == 2
    assert "(not_empty)" in again.stderr


def test_a_row_that_does_not_fit_stops_the_move_and_leaves_nothing(tmp_path: Path) -> None:
    before = _filled(tmp_path, 10)
    with installation.database(before):
        models.Receipt.update(category="x" * 300).where(models.Receipt.id == 3).execute()
    url = postgres.cluster().database()
    env = environment(tmp_path, ENCRYPTION_KEY=installation.KEY, DATABASE_URL=before.database_url)
    done = run("move-to", url, env=env)
    assert done.returncode == 2
    assert "(move_failed)" in done.stderr
    assert "too long" in done.stderr
    with postgres.psycopg.connect(url) as connection:
        assert connection.execute("select count(*) from business").fetchone() == (0,)
