"""IMAP as a source: against a real Dovecot, and against Gmail's dialect where ids meet those of the API."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from errors import Temporary
from sources.imap import Imap, ImapAccount
from sources.ports import (
    Change,
    CursorExpired,
    Found,
    Gone,
    MailSource,
    NeedsReconnect,
    Page,
    RateLimited,
    RawMail,
    Refused,
    Unfetchable,
)
from tests.support.dovecot import USER, Dovecot
from tests.support.gmail import desk
from tests.support.gmail_imap import ALL, JUNK, PASSWORD, TRASH, GmailImap, Message
from tests.support.standin import mail


@pytest.fixture(scope="module")
def running() -> Iterator[Dovecot]:
    with Dovecot() as server:
        yield server


@pytest.fixture
def server(running: Dovecot) -> Dovecot:
    """The server with its folders empty."""
    client = running.client()
    for _, _, name in client.list_folders():
        client.select_folder(name)
        client.delete_messages(client.search("ALL"))
        client.expunge()
        client.unselect_folder()
        if "/" in name or name in {"Ordner ü", "New"}:
            client.delete_folder(name)
    client.logout()
    return running


@pytest.fixture
def source(server: Dovecot) -> Iterator[Imap]:
    source = Imap(ImapAccount("127.0.0.1", USER, "secret", server.port, "off"))
    yield source
    source.close()


def put(server: Dovecot, raw: bytes, folder: str = "INBOX", at: datetime | None = None) -> None:
    client = server.client()
    client.append(folder, raw, msg_time=at)
    client.logout()


def named(pages: Iterable[Page]) -> dict[str, Found]:
    return {found.id: found for page in pages for found in page.found}


def since(source: Imap, cursor: str) -> tuple[dict[str, Found], str]:
    pages = list(source.changes(cursor))
    assert all(page.cursor is None for page in pages[:-1])
    assert pages[-1].cursor is not None
    return named(pages), pages[-1].cursor


def contents(source: Imap, ids: Iterable[str]) -> set[bytes]:
    return {source.fetch(each).raw for each in ids}


def test_a_server_tells_who_it_is(server: Dovecot, source: Imap) -> None:
    put(server, mail("one"))
    put(server, mail("two"), "Archive")
    port: MailSource = source
    assert port.mark()
    profile = source.profile()
    assert (profile.address, profile.messages_total, profile.gmail, profile.maybe_cut) == (USER, 2, False, False)


def test_every_folder_is_listed_and_what_sets_mail_aside_is_told(server: Dovecot, source: Imap) -> None:
    client = server.client()
    client.create_folder("Ordner ü")
    client.logout()
    for folder in ("INBOX", "Archive", "Ordner ü", "Junk", "Trash", "Drafts", "Sent"):
        put(server, mail(f"in {folder}"), folder)
    found = named(source.everything(None, None))
    by_folder = {each.split(".", 2)[2]: told.labels for each, told in found.items()}
    assert by_folder == {
        "INBOX": frozenset(),
        "Archive": frozenset(),
        "Ordner ü": frozenset(),
        "Junk": {"SPAM"},
        "Trash": {"TRASH"},
        "Drafts": {"DRAFT"},
        "Sent": {"SENT"},
    }
    umlaut = next(each for each in found if each.endswith("Ordner ü"))
    assert b"in Ordner" in source.fetch(umlaut).raw


def test_a_message_comes_byte_for_byte_and_stays_unread(server: Dovecot, source: Imap) -> None:
    raw = mail("Rechnung", text="Grüße", attachments=(("r.pdf", "application/pdf", bytes(range(256)) * 50),))
    moment = datetime(2026, 10, 31, 21, 30, tzinfo=UTC)
    put(server, raw, at=moment)
    (message_id,) = named(source.everything(None, None))
    fetched = source.fetch(message_id)
    assert fetched.raw == raw
    assert fetched.received_at == moment
    assert fetched.labels == {"INBOX"}
    client = server.client()
    client.select_folder("INBOX", readonly=True)
    assert len(client.search("UNSEEN")) == 1
    client.logout()


def test_a_range_of_time_is_exact(server: Dovecot, source: Imap) -> None:
    start = datetime(2026, 10, 31, 22, tzinfo=UTC)
    end = start + timedelta(days=1)
    for offset in (-1, 0, 43_200, 86_399, 86_400):
        put(server, mail(f"offset {offset}"), at=start + timedelta(seconds=offset))
    moments = {source.fetch(each).received_at - start for each in named(source.everything(start, end))}
    assert moments == {timedelta(seconds=offset) for offset in (0, 43_200, 86_399)}
    assert len(named(source.everything(start, None))) == 4
    assert len(named(source.everything(None, end))) == 4


def test_likely_receipts_are_found_by_their_subject(server: Dovecot, source: Imap) -> None:
    for subject in ("Your invoice 7", "קבלה 12", "Holiday pictures", "Votre FACTURE"):
        put(server, mail(subject))
    put(server, mail("invoice in the trash"), "Trash")
    likely = {each for page in source.likely(None, None) for each in page}
    subjects = {source.fetch(each).raw.split(b"Subject: ")[1].split(b"\r\n")[0] for each in likely}
    assert len(subjects) == 3
    assert not any(b"Holiday" in subject or b"trash" in subject for subject in subjects)
    assert not list(source.likely(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 2, 1, tzinfo=UTC)))


def test_only_what_is_new_is_told_after_a_mark(server: Dovecot, source: Imap) -> None:
    put(server, mail("old"))
    cursor = source.mark()
    assert since(source, cursor) == ({}, cursor)
    put(server, mail("new"))
    put(server, mail("new in the archive"), "Archive")
    found, cursor = since(source, cursor)
    new = contents(source, found)
    assert any(b"Subject: new\r\n" in raw for raw in new)
    assert any(b"Subject: new in the archive\r\n" in raw for raw in new)
    assert all(told.change is Change.ADDED for told in found.values())
    assert since(source, cursor) == ({}, cursor)


def test_a_moved_message_is_told_where_it_went_with_the_same_content(server: Dovecot, source: Imap) -> None:
    put(server, mail("wandering"))
    (before,) = named(source.everything(None, None))
    raw, cursor = source.fetch(before).raw, source.mark()
    client = server.client()
    client.select_folder("INBOX")
    client.move(client.search("ALL"), "Trash")
    client.logout()
    found, cursor = since(source, cursor)
    (after,) = found
    assert found[after].labels == {"TRASH"}
    assert source.fetch(after).raw == raw
    with pytest.raises(Gone):
        source.fetch(before)
    client = server.client()
    client.select_folder("Trash")
    client.move(client.search("ALL"), "INBOX")
    client.logout()
    found, _ = since(source, cursor)
    assert [told.labels for told in found.values()] == [{"INBOX"}]


def test_a_new_folder_and_a_renamed_one_come_whole(server: Dovecot, source: Imap) -> None:
    cursor = source.mark()
    client = server.client()
    client.create_folder("New")
    client.append("New", mail("in a new folder"))
    client.logout()
    found, cursor = since(source, cursor)
    assert len(found) == 1
    client = server.client()
    client.rename_folder("New", "Archive/Renamed")
    client.logout()
    found, cursor = since(source, cursor)
    assert [each.split(".", 2)[2] for each in found] == ["Archive/Renamed"]
    assert since(source, cursor)[0] == {}


def test_a_folder_whose_uidvalidity_changed_is_told_whole_again(server: Dovecot, source: Imap) -> None:
    client = server.client()
    client.create_folder("New")
    client.select_folder("New")
    for _ in range(60):  # so that the numbers to come lie far below the ones that are used up
        client.append("New", b"Subject: x\r\n\r\n")
    client.delete_messages(client.search("ALL"))
    client.expunge()
    for number in range(3):
        client.append("New", mail(f"{number}"))
    before = {each for each in named(source.everything(None, None)) if each.endswith(".New")}
    raws, cursor = contents(source, before), source.mark()
    old = client.folder_status("New", ["UIDVALIDITY"])[b"UIDVALIDITY"]
    client.logout()
    # what a restored backup or a repaired index does: the same messages under new numbers
    (server.folder / "mail" / ".New" / "dovecot-uidlist").unlink()
    for index in (server.folder / "mail" / ".New").glob("dovecot.index*"):
        index.unlink()
    client = server.client()
    assert client.folder_status("New", ["UIDVALIDITY"])[b"UIDVALIDITY"] != old
    client.logout()
    fresh = Imap(ImapAccount("127.0.0.1", USER, "secret", server.port, "off"))
    found, cursor = since(fresh, cursor)
    assert len(found) == 3
    assert not set(found) & before
    assert contents(fresh, found) == raws
    for each in before:
        with pytest.raises(Gone):
            fresh.fetch(each)
    assert since(fresh, cursor)[0] == {}
    fresh.close()


def test_many_messages_come_over_a_few_connections(server: Dovecot, source: Imap) -> None:
    client = server.client()
    for number in range(25):
        client.append("INBOX", mail(f"number {number}"))
    client.logout()
    ids = list(named(source.everything(None, None)))
    results = dict(source.fetch_many([*ids, "1.1.INBOX", "what"], 3))
    assert isinstance(results.pop("1.1.INBOX"), Gone)
    assert isinstance(results.pop("what"), Unfetchable)
    assert {type(result) for result in results.values()} == {RawMail}
    assert len({result.raw for result in results.values() if isinstance(result, RawMail)}) == 25


@pytest.mark.parametrize("message_id", ["", "x", "1.2", "a.b.INBOX", "1.2.", "1.2.No such folder"])
def test_an_id_that_is_none_is_refused_without_harm(source: Imap, message_id: str) -> None:
    with pytest.raises((Gone, Unfetchable)):
        source.fetch(message_id)


@pytest.mark.parametrize("cursor", ["", "abc", "[]", '{"INBOX": 5}', "12345"])
def test_a_cursor_that_is_none_asks_for_a_full_pass(source: Imap, cursor: str) -> None:
    with pytest.raises(CursorExpired):
        list(source.changes(cursor))


def test_a_changed_password_ends_all_calls_until_it_is_connected_again(server: Dovecot) -> None:
    put(server, mail("here"))
    account = ImapAccount("127.0.0.1", USER, "secret", server.port, "off")
    source = Imap(account)
    (message_id,) = named(source.everything(None, None))
    server.set_password("another")
    try:
        before = (server.folder / "dovecot.log").read_text().count("auth failed")
        source.close()
        for _ in range(2):
            with pytest.raises(NeedsReconnect) as refused:
                source.fetch(message_id)
            assert refused.value.code == "imap_login_refused"
        tried = (server.folder / "dovecot.log").read_text().count("auth failed") - before
        assert tried <= 1, "a wrong password is tried once, or the account gets locked"
        again = Imap(ImapAccount("127.0.0.1", USER, "another", server.port, "off"))
        assert again.fetch(message_id).raw
        again.close()
        assert "secret" not in repr(account)
    finally:
        server.set_password("secret")


def test_connections_that_died_of_age_are_replaced_without_a_word(server: Dovecot, source: Imap) -> None:
    put(server, mail("one"))
    (message_id,) = named(source.everything(None, None))
    for line in source._idle:
        line.client.socket().shutdown(socket.SHUT_RDWR)
    assert source.fetch(message_id).raw


def test_a_server_that_is_not_there_is_temporary() -> None:
    with pytest.raises(Temporary) as error:
        Imap(ImapAccount("127.0.0.1", USER, "secret", 9, "off")).mark()
    assert error.value.code == "imap_unreachable"


def test_a_server_that_speaks_no_imap_or_says_nothing_is_temporary() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def serve() -> None:
            for words in (b"HTTP/1.1 400 Bad Request\r\n\r\n", None):
                connection, _ = listening.accept()
                held.append(connection)
                if words:
                    connection.sendall(words)
                    connection.close()

        held: list[socket.socket] = []
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        for _ in range(2):
            with pytest.raises(Temporary):
                Imap(ImapAccount("127.0.0.1", USER, "secret", port, "off"), timeout_s=(1.0, 0.5)).mark()
        thread.join(10)


def test_a_certificate_that_nobody_vouches_for_is_refused(server: Dovecot) -> None:
    with pytest.raises((Refused, Temporary)):
        Imap(ImapAccount("127.0.0.1", USER, "secret", server.port, "tls")).mark()


# -- Gmail's dialect


@pytest.fixture
def gmail() -> Iterator[GmailImap]:
    with GmailImap() as server:
        yield server


def reader(server: GmailImap, password: str = PASSWORD) -> Imap:
    return Imap(ImapAccount("127.0.0.1", "me@gmail.com", password, server.port, "off"))


def test_over_imap_gmails_messages_have_the_ids_of_the_api(gmail: GmailImap) -> None:
    with desk(mails=12) as at:
        truth = {row["id"]: at.gmail.fetch(row["id"]) for row in at.sim.messages()}
        for message_id, message in truth.items():
            gmail.put(Message(int(message_id, 16), message.raw, received=message.received_at.replace(microsecond=0)))
        source = reader(gmail)
        over_api = named(at.gmail.everything(None, None))
        over_imap = named(source.everything(None, None))
        assert over_imap.keys() == over_api.keys()
        assert all(over_imap[each].labels == over_api[each].labels for each in truth)
        for message_id in truth:
            got = source.fetch(message_id)
            assert got.raw == truth[message_id].raw
            assert got.thread_id
        source.close()


def test_gmails_all_mail_spam_and_trash_hold_everything_once_whatever_they_are_called(gmail: GmailImap) -> None:
    gmail.put(Message(0x19D0000000000001, mail("plain"), ("\\Inbox", "Receipts")))
    gmail.put(Message(0x19D0000000000002, mail("sent"), ("\\Sent",)))
    gmail.put(Message(0x19D0000000000003, mail("draft"), ("\\Draft",)))
    gmail.put(Message(0x19D0000000000004, mail("spam"), ()), JUNK)
    gmail.put(Message(0x19D0000000000005, mail("trash"), ("\\Inbox",)), TRASH)
    source = reader(gmail)
    labels = {each[-1]: set(told.labels or ()) for each, told in named(source.everything(None, None)).items()}
    assert labels == {"1": set(), "2": {"SENT"}, "3": {"DRAFT"}, "4": {"SPAM"}, "5": {"TRASH"}}
    assert source.fetch("19d0000000000001").labels == {"INBOX", "Receipts"}
    assert source.fetch("19d0000000000005").labels >= {"TRASH"}
    assert source.profile().gmail


def test_a_move_to_spam_and_back_keeps_gmails_id(gmail: GmailImap) -> None:
    message = Message(0x19D0000000000009, mail("wandering"))
    gmail.put(message)
    source = reader(gmail)
    cursor = source.mark()
    gmail.put(message, JUNK)
    found, cursor = since(source, cursor)
    assert found["19d0000000000009"].labels == {"SPAM", "INBOX"}
    gmail.put(message, ALL)
    found, cursor = since(source, cursor)
    assert found["19d0000000000009"].labels == {"INBOX"}
    del gmail.messages[message.number]
    with pytest.raises(Gone):
        source.fetch("19d0000000000009")
    with pytest.raises(Unfetchable):
        source.fetch("not hex")


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ("NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", NeedsReconnect, "imap_login_refused"),
        (
            "NO [ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833",
            NeedsReconnect,
            "imap_app_password",
        ),
        ("NO [ALERT] Too many simultaneous connections. (Failure)", RateLimited, "imap_busy"),
        ("NO [OVERQUOTA] Account exceeded command or bandwidth limits.", RateLimited, "imap_busy"),
        ("NO [UNAVAILABLE] Temporary authentication failure.", Temporary, "imap_unreachable"),
    ],
)
def test_what_the_server_says_to_a_login_is_told_apart(
    gmail: GmailImap, answer: str, kind: type[Any], code: str
) -> None:
    gmail.login_answer = answer
    source = reader(gmail)
    for _ in range(2):
        with pytest.raises(kind) as refused:
            source.mark()
        assert refused.value.code == code
        assert refused.value.sentence.endswith(".")
    asked = gmail.commands.count("LOGIN")
    assert asked == (1 if kind is NeedsReconnect else 2)


def test_the_days_bandwidth_is_a_limit_and_no_fault_of_a_message(gmail: GmailImap) -> None:
    gmail.put(Message(0x19D0000000000009, mail("big")))
    gmail.fetch_answer = "NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)"
    with pytest.raises(RateLimited) as limited:
        reader(gmail).fetch("19d0000000000009")
    assert limited.value.retry_after_s == 3600


def test_a_view_that_gmails_setting_may_have_cut_is_noticed(gmail: GmailImap) -> None:
    for number in range(1000):
        gmail.put(Message(0x19D0000000000000 + number, b"Subject: x\r\n\r\n"))
    assert reader(gmail).profile().maybe_cut
    del gmail.messages[0x19D0000000000000]
    assert not reader(gmail).profile().maybe_cut
