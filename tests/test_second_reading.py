"""The attached language model: asked about doubts alone, believed where the document proves it, never in the way."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clock
from config import Config
from errors import Tellable, Temporary
from jobs import kinds
from jobs import work as steps
from models import Business, Receipt, Work
from receipts import llm
from receipts.child import Reader
from receipts.reader import read_file
from receipts.types import Reading
from sources import llm as server
from store import work
from tests.support import installation
from tests.support.papers import mail, pdf
from tests.support.workroom import Workroom
from web import checks

LINES = ["Alma Trading Ltd", "Invoice no. A-00041", "Date: 2025-03-04", "Lamp 119.00", "Desk 149.00",
         "Total EUR 119.00", "Total EUR 149.00"]  # fmt: skip
TEXT = "\n".join(LINES)
ANSWER = '{"vendor":"Alma Trading Ltd","number":"A-00041","date":"2025-03-04","currency":"EUR","total":119.00}'


class Model:
    """A server that speaks OpenAI's chat API: answers as told, and keeps the questions."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.answer: Callable[[dict[str, Any]], tuple[int, str]] = lambda _: (200, ANSWER)
        self.raw: bytes | None = None
        model = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                self._send(200 if self.path == "/v1/models" else 404, b'{"data":[]}')

            def do_POST(self) -> None:
                question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                model.asked.append(question)
                model.keys.append(self.headers["Authorization"])
                status, text = model.answer(question)
                body = json.dumps({"choices": [{"message": {"content": text}}]}).encode()
                self._send(status, model.raw if model.raw is not None else body)

            def _send(self, status: int, body: bytes) -> None:
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/v1/chat/completions")
                self.send_header("Content-Length", str(len(body)))
                with contextlib.suppress(OSError):  # who asked may have gone
                    self.end_headers()
                    self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def model() -> Iterator[Model]:
    made = Model()
    yield made
    made.close()


# --- what an answer does to a reading


def told(text: str, **values: object) -> Reading:
    return read_file(text.encode(), "bill.txt", told={"1": json.dumps(values)}).receipts[0]


def flags(reading: Reading, field: str) -> set[str]:
    return {flag.code for flag in reading.flags if flag.field == field}


def test_an_answer_settles_which_of_two_labelled_amounts_is_the_total() -> None:
    assert flags(told(TEXT), "total") == {"total_rivals"}
    reading = told(TEXT, total="119.00")
    assert (reading.total.value, flags(reading, "total")) == (Decimal("119.00"), set())
    assert reading.total.why.endswith("named by the attached language model")
    assert reading.total.quote == "Total EUR 119.00"


def test_an_amount_that_does_not_stand_there_stays_a_candidate() -> None:
    reading = told(TEXT, total="777.00")
    assert reading.total.value != Decimal("777.00")
    assert flags(reading, "total") == {"total_rivals"}
    assert Decimal("777.00") in {c.value for c in reading.total.candidates}


def test_an_amount_without_label_or_sum_stays_a_doubt() -> None:
    text = "Alma Trading Ltd\nInvoice A-00041\nDate: 2025-03-04\nTotal EUR 50.00\nTotal EUR 60.00\nDesk 30.00\n"
    reading = told(text, total="30.00")
    assert flags(reading, "total") == {"total_rivals"}
    assert reading.total.value != Decimal("30.00")


def test_what_was_sure_is_not_changed_by_an_answer() -> None:
    text = "Alma Trading Ltd\nInvoice no. A-00041\nDate: 2025-03-04\nNet 100.00\nVAT 19% 19.00\nTotal EUR 119.00\n"
    assert told(text, total="100.00", date="2020-01-01", number="Z-9", currency="USD") == told(text)


def test_a_name_or_day_that_is_not_on_the_document_proves_nothing() -> None:
    text = "Lamp 119.00\nTotal EUR 119.00\n"
    assert "vendor_missing" in flags(told(text), "vendor")
    reading = told(text, vendor="Invented GmbH", date="2025-03-04", number="Z-9")
    assert (reading.vendor.value, reading.date.value, reading.number.value) == (None, None, None)
    assert {"vendor_missing"} <= flags(reading, "vendor")
    assert flags(reading, "date") == {"date_missing"}


def test_a_currency_is_not_made_from_nothing() -> None:
    reading = told("Alma Trading Ltd\nInvoice no. A-00041\nDate: 2025-03-04\nTotal 119.00\n", currency="USD")
    assert (reading.currency.value, flags(reading, "currency")) == (None, {"currency_missing"})


def test_a_text_goes_out_only_where_something_is_doubtful() -> None:
    sure = "Alma Trading Ltd\nInvoice no. A-00041\nDate: 2025-03-04\nNet 100.00\nVAT 19% 19.00\nTotal EUR 119.00\n"
    assert read_file(sure.encode(), "a.txt", texts=True).receipts[0].text == ""
    assert read_file(TEXT.encode(), "a.txt", texts=True).receipts[0].text == TEXT
    assert read_file(TEXT.encode(), "a.txt").receipts[0].text == ""


def test_an_answer_in_a_fence_or_among_words_is_understood() -> None:
    parsed = llm.parse(f"Here it is:\n```json\n{ANSWER}\n```\nAnything else?")
    assert (parsed.total, parsed.date, parsed.currency) == (Decimal("119.00"), dt.date(2025, 3, 4), "EUR")
    assert llm.parse('{"total":"1,234.50 EUR","currency":"euros"}') == llm.Told(total=Decimal("1234.50"))


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=200), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.dictionaries(st.sampled_from(["vendor", "total", "date", "currency", "net"]), inner, max_size=5),
    max_leaves=8,
).map(json.dumps)))  # fmt: skip
def test_any_answer_is_some_values_or_none(answer: str) -> None:
    parsed = llm.parse(answer)
    assert parsed.total is None or parsed.total >= 0


# --- the server


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/chat/completions"])
def test_the_address_may_end_at_the_host_or_at_the_api(model: Model, ending: str) -> None:
    assert server.ask(model.url + ending, "small", llm.messages(TEXT), key="k") == ANSWER
    assert (model.asked[0]["model"], model.keys) == ("small", ["Bearer k"])


def test_a_server_that_cannot_be_held_to_json_is_asked_plainly(model: Model) -> None:
    model.answer = lambda asked: (400, "") if "response_format" in asked else (200, ANSWER)
    assert server.ask(model.url, "small", llm.messages(TEXT)) == ANSWER


@pytest.mark.parametrize(("status", "kind"), [(429, Temporary), (503, Temporary), (401, Tellable), (302, Tellable)])
def test_a_refusal_is_told_and_a_redirection_not_followed(model: Model, status: int, kind: type[Tellable]) -> None:
    model.answer = lambda _: (status, "")
    with pytest.raises(Tellable) as told_:
        server.ask(model.url, "small", llm.messages(TEXT))
    assert type(told_.value) is kind


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b'{"choices":[]}', b'{"choices":[{"message":{"content":5}}]}'])
def test_an_odd_answer_is_a_refusal(model: Model, body: bytes) -> None:
    model.raw = body
    with pytest.raises(Tellable, match="not what it should be"):
        server.ask(model.url, "small", llm.messages(TEXT))


def test_a_server_that_does_not_answer_in_time_is_given_up(model: Model) -> None:
    go = threading.Event()
    model.answer = lambda _: (200 if go.wait(60) else 500, ANSWER)
    with pytest.raises(Temporary):
        server.ask(model.url, "small", llm.messages(TEXT), seconds=0.3)
    go.set()


# --- as work of a worker


@pytest.fixture
def config(tmp_path: Path, model: Model) -> Iterator[Config]:
    settings = replace(installation.settings(tmp_path), llm_url=model.url, llm_model="small", llm_api_key="k")
    with installation.database(settings):
        yield settings


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(ocr="off") as made:
        yield made


@pytest.fixture
def room(config: Config, reader: Reader) -> Workroom:
    return Workroom(config, reader)


def second(room: Workroom) -> Work | None:
    """The work that waits, done once; as it is afterwards."""
    row: Work | None = Work.select().where(Work.kind == "second_reading").order_by(Work.id.desc()).first()
    if row is not None:
        steps.step(room.shop, row.id, kinds.KINDS)
        row = Work.get_by_id(row.id)
    return row


def bill(lines: list[str] = LINES) -> bytes:
    sender = "Alma Trading Ltd <billing@alma.example>"
    return mail(subject="Your invoice A-00041", sender=sender, files=[("a.pdf", "application/pdf", pdf(lines))])


def test_a_doubtful_receipt_becomes_ready_where_the_document_proves_the_answer(
    room: Workroom, model: Model, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    business = installation.business()
    (row,) = room.receipts(business, bill())
    assert (row.status, [flag["code"] for flag in row.flags]) == ("to_review", ["total_rivals"])
    done = second(room)
    assert done is not None
    assert (done.status, done.result) == ("done", {"documents": 1})
    row = Receipt.get_by_id(row.id)
    assert (row.status, row.total_minor, row.flags) == ("ready", 11900, [])
    assert "Total EUR 119.00" in model.asked[0]["messages"][1]["content"]
    assert "Alma" not in caplog.text
    assert "119.00" not in caplog.text


def test_what_a_person_set_meanwhile_stays(room: Workroom, model: Model) -> None:
    (row,) = room.receipts(installation.business(), bill())
    Receipt.update(hand_set=["total"], total_minor=14900).where(Receipt.id == row.id).execute()
    second(room)
    assert Receipt.get_by_id(row.id).total_minor == 14900
    Receipt.update(status="approved", hand_set=[], version=9).where(Receipt.id == row.id).execute()
    work.ask("second_reading", row.business_id, {"mail": row.mail_id})
    second(room)
    assert Receipt.get_by_id(row.id).version == 9
    assert len(model.asked) == 1


def test_a_server_that_is_away_fails_no_mail_and_is_asked_again(room: Workroom, model: Model) -> None:
    model.answer = lambda _: (503, "")
    (row,) = room.receipts(installation.business(), bill())
    waiting = second(room)
    assert waiting is not None
    assert (waiting.status in work.ACTIVE, waiting.error_code) == (True, "llm_unreachable")
    assert Receipt.get_by_id(row.id).status == "to_review"
    model.answer = lambda _: (200, ANSWER)
    Work.update(next_try_at=clock.now()).where(Work.id == waiting.id).execute()
    second(room)
    assert Receipt.get_by_id(row.id).status == "ready"


def test_nothing_is_asked_where_nothing_is_doubtful_or_no_model_is_attached(room: Workroom, model: Model) -> None:
    business: Business = installation.business()
    sure = ["Alma Trading Ltd", "Invoice no. A-00042", "Date: 2025-03-04", "Net 100.00", "VAT 19% 19.00",
            "Total EUR 119.00"]  # fmt: skip
    (row,) = room.receipts(business, bill(sure))
    assert (row.status, second(room)) == ("ready", None)
    room.shop = replace(room.shop, config=replace(room.shop.config, llm_url=""))
    (row,) = room.receipts(business, bill())
    assert (row.status, second(room), model.asked) == ("to_review", None, [])


def test_a_photo_that_nothing_here_can_read_is_sent_as_a_picture_and_stays_a_doubt(
    room: Workroom, model: Model
) -> None:
    from PIL import Image

    photo = Path(room.shop.config.data_dir) / "photo.jpg"
    Image.effect_noise((400, 600), 90).convert("RGB").save(photo, "JPEG", quality=90)
    raw = mail(subject="Receipt from the shop", files=[("receipt.jpg", "image/jpeg", photo.read_bytes())])
    (row,) = room.receipts(installation.business(), raw)
    assert [flag["code"] for flag in row.flags] == ["not_read"]
    second(room)
    url = model.asked[0]["messages"][1]["content"][1]["image_url"]["url"]
    assert base64.b64decode(url.removeprefix("data:image/jpeg;base64,"))[:2] == b"\xff\xd8"
    row = Receipt.get_by_id(row.id)
    assert (row.total_minor, row.vendor, row.status) == (11900, "Alma Trading Ltd", "to_review")
    assert [flag["code"] for flag in row.flags] == ["not_read"]


def test_the_doctor_tells_whether_a_model_is_attached_and_answers(config: Config, model: Model) -> None:
    assert checks.model(config).verdict == checks.OK
    assert checks.model(replace(config, llm_url="")).verdict == checks.OK
    assert checks.model(replace(config, llm_model="")).verdict == checks.FAIL
    model.close()
    found = checks.model(config)
    assert (found.verdict, bool(found.remedy)) == (checks.WARN, True)
