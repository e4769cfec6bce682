"""An export through real processes: its worker killed in the middle, another one ends it, whole and once."""

from __future__ import annotations

import csv
import io
import os
import signal
import sys
from pathlib import Path

import models
from bench.export import fill
from models import Export, Receipt, Work
from store import exports, schema
from store.receipt_filter import Filter
from tests.support import exports as making
from tests.support import installation
from tests.support.processes import ROOT, environment, running, until
from tests.support.redis_server import RedisServer

COUNT = 12_000


def test_a_killed_worker_leaves_nothing_half_made_and_the_next_one_ends_the_export(tmp_path: Path) -> None:
    config = installation.settings(tmp_path)
    worker = [sys.executable, str(ROOT / "prosaas.py"), "worker"]
    with RedisServer() as redis:
        env = environment(tmp_path, ENCRYPTION_KEY=installation.KEY, REDIS_URL=redis.url)
        schema.open_database(config)
        models.db.connect(reuse_if_open=True)
        business = installation.business()
        first = making.receipt(config, business, number="N0")
        fill(business.id, first, COUNT)
        row = exports.ask(business, "csv", Filter())
        with running(worker, env, tmp_path / "first.log") as process:
            until(lambda: Export.get_by_id(row.id).chosen, "the export has begun")
            os.kill(process.pid, signal.SIGKILL)
        halfway = Export.get_by_id(row.id)
        assert (halfway.status, halfway.files) == ("making", [])
        redis.kill(wipe=True)
        redis.start()
        Work.update(lease_until=1, rung_at=None).where(Work.lease_until.is_null(is_null=False)).execute()
        with running(worker, env, tmp_path / "second.log"):
            until(lambda: exports.one(business.id, row.id).status == "ready", "the next worker ends it", 180)
        whole = exports.one(business.id, row.id)
        text = making.content(config, whole).decode("utf-8-sig")
        ids = [line["Receipt"] for line in csv.DictReader(io.StringIO(text, newline=""))]
        assert (whole.count, len(ids), len(set(ids))) == (COUNT, COUNT, COUNT)
        assert Receipt.select().where(Receipt.exported_at.is_null()).count() == 0
        models.db.close()
