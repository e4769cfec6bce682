"""The figures for Prometheus: what each process tells, and that the dashboard names nothing else."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Iterator

import pytest
import requests
from PIL import Image, ImageDraw

import models
from receipts.child import Reader
from sources import quota
from tests.support.phone import NUMBER, House, house
from tests.support.processes import ROOT, until
from tests.support.redis_server import RedisServer
from tests.support.twilio_standin import Caller, speech
from tests.support.web import Script, Web, serving

BOARD = ROOT / "docs" / "grafana" / "prosaas.json"
_MINUTE = 60_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web"), GMAIL_QUOTA="standard") as web:
        yield web


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("phone")) as found:
        found.start()
        yield found


def _text(site: Web) -> str:
    return Script(site, None).get("/metrics").text


def _told(text: str) -> set[str]:
    """Names that may stand in a question: a histogram has three."""
    names = set()
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE):
        names |= {f"{name}_bucket", f"{name}_sum", f"{name}_count"} if kind == "histogram" else {name}
    return names


def test_the_dashboard_names_only_figures_that_are_there(site: Web, home: House) -> None:
    there = _told(_text(site)) | _told(requests.get(f"{home.url}/metrics", timeout=20).text)
    panels = json.loads(BOARD.read_text(encoding="utf-8"))["panels"]
    asked = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    named = {name for one in asked for name in re.findall(r"prosaas_\w+", one)}
    assert len(asked) > 20
    assert named <= there
    assert {panel["type"] for panel in panels} == {"row", "stat", "timeseries"}


def test_every_line_is_one_that_prometheus_can_read(site: Web, home: House) -> None:
    line = re.compile(r'prosaas_\w+(\{(\w+="[^"\\\n]*",?)+\})? [-+0-9.e]+')
    for text in (_text(site), requests.get(f"{home.url}/metrics", timeout=20).text):
        figures = [one for one in text.splitlines() if not one.startswith("#")]
        assert figures
        assert [one for one in figures if not line.fullmatch(one)] == []


def test_what_ended_within_the_hour_is_told_with_its_duration(site: Web) -> None:
    owner = site.business()
    now = int(time.time() * 1000)
    for seconds, ago, status in ((2, 5, "completed"), (9, 5, "failed"), (600, 61, "completed")):
        over = now - ago * _MINUTE
        models.SyncRun.create(
            business=owner, mode="full", status=status, started_at=over - seconds * 1000, finished_at=over, found=7
        )
    text = _text(site)
    assert 'prosaas_job_seconds{kind="sync",quantile="0.5"} 9\n' in text
    assert 'prosaas_job_seconds{kind="sync",quantile="1"} 9\n' in text
    assert 'prosaas_jobs_ended_hour{kind="sync",outcome="done"} 1\n' in text
    assert 'prosaas_jobs_ended_hour{kind="sync",outcome="failed"} 1\n' in text
    assert 'prosaas_sync_mails_hour{what="found"} 14\n' in text


def test_the_quota_left_is_that_of_the_mailbox_with_the_least() -> None:
    with RedisServer() as server:
        client = server.client()
        whole = quota.left(client, quota.STANDARD)
        for mailbox, units in (("1", 100), ("2", 340)):
            limiter = quota.RedisLimiter(client, quota.STANDARD, mailbox=mailbox, project="p")
            assert limiter.charge(units) == 0
        left = quota.left(client, quota.STANDARD)
        assert whole["mailbox"] - left["mailbox"] == 340
        assert whole["project"] - left["project"] == 440
        assert quota.left(client, quota.OFF) == {}


def test_a_worker_tells_what_its_engine_has_read(site: Web) -> None:
    client = site.redis.client()
    value = {"host": "here", "pid": 7, "started_at": "", "queues": [], "version": "0", "ocr": [3, 4.25]}
    client.set("prosaas:worker:here:7", json.dumps(value), ex=30)
    text = _text(site)
    assert 'prosaas_ocr_seconds_total{worker="here:7"} 4.250\n' in text
    assert 'prosaas_ocr_total{worker="here:7"} 3\n' in text


def test_the_reader_counts_what_went_to_the_engine() -> None:
    picture = io.BytesIO()
    paper = Image.new("L", (600, 800), 255)
    ImageDraw.Draw(paper).text((80, 80), "Total 12.00", fill=0)
    paper.save(picture, "PNG")
    with Reader(
        ocr="tesseract"
    ) as reader:  # the one that starts at once; where it is not installed, asked all the same
        reader.read_file(b"Total 12.00", "note.txt")
        assert reader.pictures_read == (0, 0.0)
        reader.read_file(picture.getvalue(), "photo.png")
        count, seconds = reader.pictures_read
    assert count == 1
    assert seconds > 0


def test_open_sockets_are_told_to_this_machine_alone(home: House) -> None:
    def streams() -> int:
        text = requests.get(f"{home.url}/metrics", timeout=20).text
        found = re.search(r'^prosaas_calls_sockets\{kind="stream"\} (\d+)$', text, re.MULTILINE)
        assert found is not None
        return int(found[1])

    forwarded = requests.get(f"{home.url}/metrics", headers={"X-Forwarded-For": "127.0.0.1"}, timeout=20)
    assert forwarded.status_code == 404
    home.twilio.call(NUMBER, person=Caller(says=speech(0.5)))
    until(lambda: streams() == 0, "the stream has ended")
