"""The cache of drawn pages: made once, refusals kept for a while, the least used given up first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from errors import Tellable
from web.files import PageCache, disposition


def test_a_page_is_made_once(tmp_path: Path) -> None:
    made = []
    for _ in range(3):
        stream, etag = PageCache(tmp_path / "1").get("abc.webp", lambda: made.append(1) or b"page")
        assert (stream.read(), len(etag)) == (b"page", 32)
        stream.close()
    assert made == [1]


@pytest.mark.parametrize(("code", "tries"), [("document_damaged", 1), ("render_timeout", 1), ("blob_missing", 3)])
def test_what_cannot_be_drawn_is_not_tried_again_at_once(tmp_path: Path, code: str, tries: int) -> None:
    cache, made = PageCache(tmp_path / "1"), []

    def make() -> bytes:
        made.append(1)
        raise Tellable(code, "No.", reason="x")

    for _ in range(3):
        with pytest.raises(Tellable) as told:
            cache.get("abc.webp", make)
        assert (told.value.code, told.value.details) == (code, {"reason": "x"})
    assert len(made) == tries


def test_the_least_used_pages_go_first_those_of_earlier_versions_too(tmp_path: Path) -> None:
    old, cache = PageCache(tmp_path / "1"), PageCache(tmp_path / "2", most_bytes=250)
    for number, one in enumerate((old, cache, cache, cache)):
        name = f"{number}{number}.webp"
        one.get(name, lambda: b"x" * 100)
        folder = tmp_path / ("1" if one is old else "2")
        os.utime(folder / name[:2] / name, (1000 + number, 1000 + number))
    cache.get("11.webp", lambda: b"")[0].close()  # used just now
    cache.tidy()
    assert sorted(path.name for path in tmp_path.glob("*/*/*")) == ["11.webp", "33.webp"]


def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = PageCache(tmp_path / "file" / "cache")
    assert cache.get("abc.webp", lambda: b"page")[0].read() == b"page"


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ('a"b\r\nSet-Cookie: x.pdf', "a_b_Set-Cookie_ x.pdf"),
        ("../../x.pdf", "_.._x.pdf"),
        ("", "file"),
        ("קבלה.pdf", "____.pdf"),
        ("x" * 400, "x" * 150),
        ("bad\udce9.pdf", "bad_.pdf"),
    ],
)
def test_a_files_name_cannot_break_its_header(name: str, plain: str) -> None:
    header = disposition(name)
    assert header.startswith(f'attachment; filename="{plain}"; filename*=UTF-8')
    assert "\n" not in header
    header.encode("ascii")
