"""Limits of each way in: those that no other test meets, and that docs/limits.md names a test for each."""

from __future__ import annotations

import ast
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import peewee
import pytest

from cli.processes import SERVER
from errors import Temporary
from jobs import intake
from models import Mail, Receipt
from receipts import mime
from receipts.child import Reader
from receipts.documents import einvoice
from tests.support import post
from tests.support.processes import ROOT
from tests.support.web import Script, Web, serving
from tests.support.workroom import Workroom
from web import uploads
from web.app import declared

WRITING = [route for route in declared() if route.method not in {"GET", "HEAD"}]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web


@cache
def _tests(file: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def _named() -> list[tuple[str, str]]:
    page = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
    return re.findall(r"`(test_\w+\.py)::(test_\w+)`", page)


def test_every_test_that_the_page_of_limits_names_is_there() -> None:
    assert len(_named()) > 30
    assert not [f"{file}::{name}" for file, name in _named() if name not in _tests(file)]


def test_every_line_of_the_page_of_limits_names_a_test() -> None:
    lines = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("|") and not re.match(r"\|[ |-]+$|\| (?:way in|what) ", line)]
    assert len(rows) > 30
    assert not [row for row in rows if "::test_" not in row]


def _answer(site: Web, *pieces: bytes) -> bytes:
    """The beginning of the answer to bytes, sent until the other side wants no more."""
    where = urlsplit(site.url)
    with socket.create_connection((where.hostname, where.port), timeout=60) as connection:
        with suppress(OSError):
            for piece in pieces:
                connection.sendall(piece)
        return connection.recv(4096)


def test_what_is_longer_than_its_route_takes_is_refused(site: Web) -> None:
    limits = {route.body_limit: route for route in WRITING if route.body_limit < 10_000_000}
    assert len(limits) > 1
    for limit, route in limits.items():
        path = re.sub(r"<[^>]+>", "1", route.path)
        answer = Script(site, None).call(route.method, path, data=b" " * (limit + 1))
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large"), path


def test_what_is_longer_than_any_route_takes_is_refused_before_it_is_read(site: Web) -> None:
    assert all(route.body_limit < SERVER["max_request_body_size"] for route in WRITING)
    head = f"POST /api/receipts HTTP/1.1\r\nHost: x\r\nContent-Length: {SERVER['max_request_body_size'] + 1}\r\n\r\n"
    assert _answer(site, head.encode()).startswith(b"HTTP/1.1 413")


def test_a_body_without_a_length_fills_no_disk(site: Web) -> None:
    head = b"POST /api/session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    piece = b"100000\r\n" + b"a" * (1 << 20) + b"\r\n"
    assert _answer(site, head, *[piece] * 70).startswith(b"HTTP/1.1 413")


def test_a_head_that_never_ends_is_cut_off(site: Web) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X-Filler: " + b"a" * 300_000 + b"\r\n\r\n"
    assert _answer(site, head).startswith((b"HTTP/1.1 431", b"HTTP/1.0 431"))


@pytest.mark.parametrize("body", [b'{"a":' * 100_000, b"[" * 400_000, b'{"email":' + b"9" * 400_000 + b"}"])
def test_json_of_any_depth_is_an_answer(site: Web, body: bytes) -> None:
    answer = Script(site, None).call("POST", "/api/session", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.json()["success"] is False


def test_three_hundred_files_at_once_and_no_more(site: Web) -> None:
    files = [("files", (f"{number}.txt", b"x")) for number in range(uploads.MOST_FILES + 1)]
    answer = site.script(site.business()).post("/api/receipts", files=files)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_mail_of_a_thousand_parts_ends() -> None:
    part = (
        b"--x\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n%PDF-1.4\r\n"
    )
    raw = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + part * 1000 + b"--x--\r\n"
    message = mime.parse(raw)
    assert 0 < len(message.files) <= mime.MAX_PARTS


def test_an_e_invoice_of_more_than_20_megabytes_is_refused() -> None:
    with pytest.raises(einvoice.XmlRefused) as refused:
        einvoice.parse(b"<Invoice>" + b" " * einvoice.MAX_BYTES + b"</Invoice>")
    assert refused.value.code == "xml_too_large"


def test_a_mail_that_ended_its_worker_three_times_is_set_aside_and_the_next_is_read(site: Web) -> None:
    business = site.business()
    with Reader() as reader:
        room = Workroom(site.config, reader)
        (bad,) = room.deliver(business, post.receipt(1))
        Receipt.delete().where(Receipt.business == business).execute()
        Mail.update(state="fetched", outcome="waiting", tries=3).where(Mail.id == bad.id).execute()
        (good,) = room.deliver(business, post.receipt(2))
    again = Mail.get_by_id(bad.id)
    assert (again.outcome, again.reason_code) == ("failed", "reader_crashed")
    assert good.outcome == "receipt"


@pytest.mark.parametrize(
    "error",
    [
        Temporary("database_busy", "The database is busy.", retry_after_s=0),
        peewee.OperationalError("the connection is closed"),
    ],
    ids=["busy", "cut off"],
)
def test_a_database_that_is_away_again_and_again_is_no_fault_of_the_mail(
    site: Web, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    business, enter, times = site.business(), intake.enter, iter(range(5))

    def busy(*given: Any) -> None:
        if next(times, None) is not None:
            raise error
        enter(*given)

    monkeypatch.setattr(intake, "enter", busy)
    with Reader() as reader:
        (mail,) = Workroom(site.config, reader).deliver(business, post.receipt(3))
    assert next(times, None) is None
    assert mail.outcome == "receipt"
