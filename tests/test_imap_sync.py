"""The sync engine over IMAP, against a real Dovecot: new mail, moved mail, a renumbered folder, a changed password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.standin.server import StandIn
from models import Business, Mail, Mailbox, Receipt
from receipts.child import Reader
from store import mailboxes
from tests.support import desk, installation, post
from tests.support.dovecot import USER, Dovecot


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    shared = Reader()
    yield shared
    shared.close()


@pytest.fixture
def server() -> Iterator[Dovecot]:
    with Dovecot() as running:
        yield running


@pytest.fixture
def works(tmp_path: Path, reader: Reader) -> Iterator[desk.Desk]:
    with StandIn() as standin:
        config = installation.settings(tmp_path, PRIVATE_HOSTS="127.0.0.1", **standin.client.environment)
        with installation.database(config):
            yield desk.Desk(config, standin, reader)


@pytest.fixture
def business(works: desk.Desk, server: Dovecot) -> Business:
    owner = installation.business()
    _connect(owner, server)
    client = server.client()
    for number in range(3):
        client.append("INBOX", post.receipt(number))
    client.append("INBOX", post.letter(0))
    client.append("Junk", post.receipt(90))
    client.append("Sent", post.letter(91))
    client.logout()
    return owner


def _connect(owner: Business, server: Dovecot, password: str = "secret") -> Mailbox:
    return mailboxes.connect_imap(owner, host="127.0.0.1", port=server.port, tls="off", user=USER, password=password)


def _outcomes() -> list[str]:
    return sorted(mail.outcome for mail in Mail.select())


def test_every_folder_is_in_the_ledger_and_what_is_set_aside_is_not_read(works: desk.Desk, business: Business) -> None:
    run = works.sync(business)
    assert run.status == "completed"
    assert _outcomes() == ["not_receipt", "receipt", "receipt", "receipt", "skipped", "skipped"]
    assert Receipt.select().count() == 3


def test_new_mail_is_found_and_nothing_is_fetched_twice(works: desk.Desk, business: Business, server: Dovecot) -> None:
    works.sync(business)
    client = server.client()
    client.append("INBOX", post.receipt(7))
    client.logout()
    run = works.sync(business)
    assert (run.found, run.fetched, run.receipts) == (1, 1, 1)
    assert works.sync(business).fetched == 0


def test_mail_moved_to_another_folder_is_the_same_mail(works: desk.Desk, business: Business, server: Dovecot) -> None:
    works.sync(business)
    client = server.client()
    client.select_folder("INBOX")
    client.move(client.search("ALL")[:2], "Archive")
    client.logout()
    run = works.sync(business)
    assert run.status == "completed"
    assert run.receipts == 0
    assert Receipt.select().count() == 3
    assert _outcomes().count("duplicate") == 2


def test_a_folder_that_was_renumbered_adds_no_receipt(works: desk.Desk, business: Business, server: Dovecot) -> None:
    client = server.client()
    client.create_folder("New")
    client.append("New", post.receipt(20))
    works.sync(business)
    assert Receipt.select().count() == 4
    old = client.folder_status("New", ["UIDVALIDITY"])[b"UIDVALIDITY"]
    client.delete_folder("New")
    while True:  # the new number is the second in which the folder is made
        client.create_folder("New")
        if client.folder_status("New", ["UIDVALIDITY"])[b"UIDVALIDITY"] != old:
            break
        client.delete_folder("New")
    client.append("New", post.receipt(20))
    client.append("New", post.receipt(21))
    client.logout()
    run = works.sync(business)
    assert run.status == "completed"
    assert run.receipts == 1
    assert Receipt.select().count() == 5


def test_a_changed_password_is_told_on_the_mailbox_and_connecting_again_goes_on(
    works: desk.Desk, business: Business, server: Dovecot
) -> None:
    works.sync(business)
    server.set_password("changed")
    works.shop.open_source(Mailbox.get()).close()  # type: ignore[attr-defined]  # the server ends idle connections
    client = server.client("changed")
    client.append("INBOX", post.receipt(8))
    client.logout()
    run = works.sync(business)
    assert run.status == "failed"
    assert Mailbox.get().status == "needs_reconnect"
    assert Mailbox.get().error_text
    _connect(business, server, "changed")
    run = works.sync(business)
    assert (run.status, run.fetched, run.receipts) == ("completed", 1, 1)


def test_a_server_in_a_private_network_is_refused_unless_the_operator_allowed_it(
    works: desk.Desk, business: Business, tmp_path: Path
) -> None:
    closed = desk.Desk(installation.settings(tmp_path, **works.client.environment), works.standin, works.shop.reader)
    run = closed.sync(business)
    assert (run.status, run.error_code) == ("failed", "address_not_public")
    assert Mailbox.get().error_code == "address_not_public"
