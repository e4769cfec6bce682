"""The renderer's child process: the same answers, time-outs, crashes and memory kept away from the caller."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from errors import Tellable
from receipts import render
from receipts.render import Renderer
from tests.support.documents import mail, opened, pdf, picture


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    """One renderer for all tests."""
    renderer = Renderer(seconds=60)
    yield renderer
    renderer.close()


def test_the_child_answers_as_the_functions_do(renderer: Renderer) -> None:
    data = pdf(2)
    assert renderer.page_count(data, "application/pdf") == 2
    assert renderer.page_image(data, "", page=1, width=300) == render.page_image(data, "", page=1, width=300)
    assert renderer.thumbnail(picture(), "") == render.thumbnail(picture(), "")
    assert renderer.locate(data, "Total 12.00 page 2") == render.locate(data, "Total 12.00 page 2") != []
    assert renderer.to_pdf(data, "application/pdf") == data


def test_a_mail_and_its_pictures_reach_the_child(renderer: Renderer) -> None:
    raw = mail("<img src='cid:a'>", pictures={"a": picture(color=(0, 0, 255))})
    assert renderer.page_count(raw, "message/rfc822") == 1
    for image in (
        renderer.page_image(raw, "message/rfc822"),
        renderer.page_image(b"<img src='cid:a'>", "text/html", pictures={"a": picture(color=(0, 0, 255))}),
    ):
        assert (0, 0, 255) in {color for _, color in opened(image).getcolors(10_000_000)}


def test_a_refusal_comes_back_with_its_code_and_details(renderer: Renderer) -> None:
    with pytest.raises(Tellable) as caught:
        renderer.page_image(pdf(2), "application/pdf", page=7)
    assert (caught.value.code, caught.value.details["pages"]) == ("page_missing", 2)
    with pytest.raises(Tellable) as caught:
        renderer.page_count(pdf(password="x"), "application/pdf")
    assert caught.value.code == "document_locked"
    assert renderer.page_count(pdf(password="x"), "application/pdf", passwords=["x"]) == 1


SLOW = b"<p>" + b"words and more words " * 150_000


def test_a_late_answer_is_told() -> None:
    renderer = Renderer(seconds=0.5)
    with pytest.raises(Tellable) as caught:
        renderer.to_pdf(SLOW, "text/html")
    assert caught.value.code == "render_timeout"
    renderer.close()


def test_a_crash_in_the_middle_is_told() -> None:
    renderer = Renderer(seconds=120)

    def strike() -> None:
        while not renderer.pids:
            time.sleep(0.01)
        os.kill(renderer.pids[0], signal.SIGSEGV)

    striker = threading.Thread(target=strike)
    striker.start()
    with pytest.raises(Tellable) as caught:
        renderer.to_pdf(SLOW, "text/html")
    striker.join()
    assert caught.value.code == "render_failed"
    assert renderer.page_count(pdf(), "") == 1
    renderer.close()


def test_a_child_killed_from_outside_is_replaced(renderer: Renderer) -> None:
    renderer.page_count(pdf(), "")
    for pid in renderer.pids:
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(Tellable):  # the call may still meet the dying child
        renderer.page_count(pdf(), "")
    assert renderer.page_count(pdf(), "") == 1


def test_many_threads_share_the_children() -> None:
    renderer = Renderer(seconds=60, children=2)
    out: list[int] = []
    documents = [pdf(n + 1) for n in range(6)]
    try:
        threads = [threading.Thread(target=lambda d=d: out.append(renderer.page_count(d, ""))) for d in documents]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        renderer.close()
    assert sorted(out) == [1, 2, 3, 4, 5, 6]
