"""The sample mailbox: every receipt found, no other mail taken, the figures of text right."""

from __future__ import annotations

import pytest

from bench import sample
from receipts.child import Reader


@pytest.fixture(scope="module")
def result() -> sample.Score:
    rows = {
        name: truth for name, truth in sample.mails().items() if all(r["source"] != "photo" for r in truth["receipts"])
    }
    with Reader(ocr="off") as reader:
        return sample.score(
            [(name, truth, reader.read_message((sample.MAILBOX / name).read_bytes())) for name, truth in rows.items()]
        )


def test_every_receipt_is_found(result: sample.Score) -> None:
    assert result.wanted["text"] > 90
    assert result.found["text"] == result.wanted["text"], result.faults


def test_no_other_mail_is_taken(result: sample.Score) -> None:
    assert result.others > 120
    assert result.taken == []


def test_mail_that_only_links_to_its_invoice_waits(result: sample.Score) -> None:
    assert result.found["waiting"] == result.wanted["waiting"] > 2


@pytest.mark.parametrize("field", ["total", "currency", "date"])
def test_a_figure_is_right_in_every_receipt(result: sample.Score, field: str) -> None:
    assert result.right["text", field] == result.given["text", field], [f for f in result.faults if f": {field} " in f]


def test_hardly_a_figure_is_wrong_without_a_flag_and_few_are_flagged(result: sample.Score) -> None:
    assert result.unflagged_right / result.unflagged >= 0.995, result.faults
    assert 1 - result.unflagged / result.told <= 0.10
