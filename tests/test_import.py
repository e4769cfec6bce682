"""Mail from files beside the mailbox: the same mail from two sources is one mail, whichever came first."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.standin.server import StandIn
from jobs import importing
from models import Business, Mail, Receipt
from receipts.child import Reader
from sources import mbox
from store import runs
from tests.support import desk, installation, post


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    shared = Reader()
    yield shared
    shared.close()


@pytest.fixture
def works(tmp_path: Path, reader: Reader) -> Iterator[desk.Desk]:
    with StandIn() as standin:
        standin.client.set_quota("off")
        config = desk.settings(tmp_path, standin)
        with installation.database(config):
            yield desk.Desk(config, standin, reader)


@pytest.fixture
def business(works: desk.Desk) -> Business:
    owner = installation.business()
    works.connect(owner)
    return owner


def _takeout(works: desk.Desk, folder: Path, mails: dict[str, bytes]) -> Path:
    """The mailbox as Google Takeout writes it: Gmail's number in the separator, its two headers added."""
    path = folder / "All mail Including Spam and Trash.mbox"
    labels = {message["id"]: message["labels"] for message in works.client.messages()}
    with path.open("wb") as file:
        for id_, raw in mails.items():
            file.write(f"From {int(id_, 16)}@xxx Mon Nov 23 09:00:00 +0000 2026\r\n".encode())
            file.write(f"X-GM-THRID: {int(id_, 16)}\r\nX-Gmail-Labels: {','.join(labels[id_])}\r\n".encode())
            file.write(
                raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").replace(b"\r\nFrom ", b"\r\n>From ") + b"\r\n\r\n"
            )
    return path


def _import(works: desk.Desk, business: Business, path: Path) -> importing.Count:
    count = importing.Count()
    assert list(importing.take(business, works.shop.blobs, mbox.read(path), count)) == []
    return count


def _read(works: desk.Desk, business: Business) -> None:
    run = runs.request(business, mode="upload")
    works.bell.append(run.id)
    assert works.work(run).status == "completed"


def _deliver(works: desk.Desk) -> dict[str, bytes]:
    mails = [post.receipt(number) for number in range(4)] + [post.letter(number) for number in range(3)]
    return {works.client.deliver(raw): raw for raw in mails}


def test_takeout_after_the_sync_adds_no_receipt(works: desk.Desk, business: Business, tmp_path: Path) -> None:
    mails = _deliver(works)
    works.sync(business)
    count = _import(works, business, _takeout(works, tmp_path, mails))
    assert (count.new, count.known) == (0, 7)
    assert Receipt.select().count() == 4
    assert Mail.select().where(Mail.outcome == "duplicate").count() == 7


def test_takeout_before_the_sync_leaves_the_api_nothing_to_fetch(
    works: desk.Desk, business: Business, tmp_path: Path
) -> None:
    mails = _deliver(works)
    count = _import(works, business, _takeout(works, tmp_path, mails))
    assert (count.new, count.known) == (7, 0)
    _read(works, business)
    assert Receipt.select().count() == 4
    run = works.sync(business)
    assert (run.status, run.fetched, run.receipts) == ("completed", 0, 0)
    assert Receipt.select().count() == 4
    works.client.deliver(post.receipt(9))
    assert works.sync(business).receipts == 1


def test_importing_the_same_file_twice_is_importing_it_once(
    works: desk.Desk, business: Business, tmp_path: Path
) -> None:
    path = _takeout(works, tmp_path, _deliver(works))
    _import(works, business, path)
    _read(works, business)
    assert _import(works, business, path).known == 7
    assert Receipt.select().count() == 4


def test_a_zip_of_mails_and_documents_is_taken_in_and_what_is_neither_is_told(
    works: desk.Desk, business: Business, tmp_path: Path
) -> None:
    path = tmp_path / "bag.zip"
    with zipfile.ZipFile(path, "w") as bag:
        bag.writestr("one.eml", post.receipt(1))
        bag.writestr("inner/two.eml", post.receipt(2))
        bag.writestr("note.txt", b"Harbour Coffee\nReceipt no. HC-00777\nDate: 2026-10-03\nTotal: USD 12.00\n")
        bag.writestr("program.exe", b"MZ\x00\x00")
    count = importing.Count()
    (left,) = importing.take(business, works.shop.blobs, mbox.read(path), count)
    assert left.error.code == "not_a_mail_file"
    assert count.new == 3
    _read(works, business)
    assert Receipt.select().count() == 3


def test_spam_in_an_archive_is_in_the_ledger_and_not_read(works: desk.Desk, business: Business, tmp_path: Path) -> None:
    id_ = works.client.deliver(post.receipt(5), labels=["SPAM"])
    count = _import(works, business, _takeout(works, tmp_path, {id_: post.receipt(5)}))
    assert count.skipped == 1
    assert (Mail.get().outcome, Mail.get().reason_code) == ("skipped", "in_spam")
    assert Receipt.select().count() == 0
