"""The words of a search: how they are split, and that each way of looking for them finds the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import models
import words
from store import everything, receipts, sql
from store.receipt_filter import Filter
from tests.support import installation, postgres
from tests.support.receipts_many import fill

TEXTS = (
    "Café Zürich-Nord", 'בזק בע"מ', "INV/2026-0042", "a_b.c@d.example", "ﬁn²  ½ ſtraße", "קָפֶה שלום", "١٢٣ קפה؟ نعم",
    "№12 · 12°C", "日本、東京", "naïve—dash…", "tab\tnew\nline", "x" * 100, "", "!!!",
)  # fmt: skip


def test_words_are_split_the_same_for_both_databases(tmp_path: Path) -> None:
    with installation.database(installation.settings(tmp_path, DATABASE_URL=postgres.cluster().database())):
        for text in TEXTS:
            there = sql.one("select search_words('', ?)", [text])
            assert there is not None
            assert set(there[0]) == set(words.split(text)), text


def test_a_word_bears_the_mark_of_its_business_and_no_part_of_anothers() -> None:
    assert words.marked(17, "Café-Nord 7x") == " 17xcafe 17xnord 17x7x"
    assert words.marked(1, None) == ""
    assert not words.mark(17).startswith(words.mark(1))


def _all(owner: int, wanted: Filter, sort: str) -> list[Any]:
    found: list[Any] = []
    cursor: str | None = None
    while True:
        rows, cursor = receipts.page(owner, wanted, sort, 40, cursor)
        found += [row["id"] for row in rows]
        if cursor is None:
            return found


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_every_page_of_a_search_is_what_the_index_of_words_finds(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "WALK", 100)
    url = f"sqlite:///{tmp_path}/a.db" if kind == "sqlite" else postgres.cluster().database()
    with installation.database(installation.settings(tmp_path, DATABASE_URL=url)):
        one, other = installation.business("one").id, installation.business("other").id
        fill([one, one, one, other], 1200)
        sql.run("update receipt set date = null where id % 11 = 0")
        sql.run("update receipt set note = 'Zebra' where id in (select min(id) from receipt group by business_id)")
        for text in ("inv", "harb", "zebra", "coffee nord", "item 12", "INV-00001", "nowhere"):
            for sort in ("-date", "created", "vendor"):
                walked = _all(one, Filter(q=text), sort)
                looked_up = _all(one, Filter(q=text, source="upload"), sort)  # a second filter: no walk
                assert walked == looked_up, (text, sort)
        assert len(_all(one, Filter(q="inv"), "-date")) == 900
        assert len(_all(one, Filter(q="zebra"), "-date")) == 1
        assert _all(one, Filter(vendor="inv"), "-date") == []
        assert _all(one, Filter(vendor="wolt"), "date") == _all(one, Filter(q="wolt"), "date")
        oldest = [hit["id"] for hit in everything.search_all(one, "zebra", 5)]
        assert oldest == [min(row.id for row in models.Receipt.select().where(models.Receipt.business == one))]
