"""Messages as the Gmail stand-in shows them: formats, attachments, masks, compression, threads, search."""

from __future__ import annotations

import base64
import gzip
import time
from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth.transport.requests import Request as GoogleRequest
from google.oauth2 import service_account

from demo.standin import Options
from demo.standin.client import READONLY
from demo.standin.parts import take_apart, words
from demo.standin.synthetic import SyntheticRaw, synthetic_mail
from tests.support.discovery import Checked
from tests.support.standin import Caller, error, mail

DAY_S = 86400
NOW = time.time()
PDF = b"%PDF-1.4 small"


@pytest.fixture
def standin() -> Iterator[Checked]:
    with Checked(options=Options(quota="off")) as made:
        yield made
        assert made.wrong == []


@pytest.fixture
def caller(standin: Checked) -> Caller:
    return Caller(standin)


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


def leaves(part: Any) -> Iterator[Any]:
    yield part
    for inner in part.get("parts", ()):
        yield from leaves(inner)


def test_full_shows_the_tree_with_text_inline_and_files_by_key(standin: Checked, caller: Caller) -> None:
    inner = EmailMessage()
    inner["Subject"] = "inside"
    inner.set_content("forwarded text")
    outer = EmailMessage()
    outer["Subject"] = "Beleg für März – קבלה"
    outer.set_content("hello")
    outer.add_alternative("<p>hello</p>", subtype="html")
    outer.add_attachment(PDF, maintype="application", subtype="pdf", filename="Rechnung März.pdf")
    outer.add_attachment(inner)
    made = standin.client.deliver(outer.as_bytes())
    payload = caller.get(f"messages/{made}")["payload"]
    parts = {part["partId"]: part for part in leaves(payload)}
    assert {key: part["mimeType"] for key, part in parts.items()} == {
        "": "multipart/mixed",
        "0": "multipart/alternative",
        "0.0": "text/plain",
        "0.1": "text/html",
        "1": "application/pdf",
        "2": "message/rfc822",
        "2.0": "text/plain",
    }
    assert {"name": "Subject", "value": "Beleg für März – קבלה"} in payload["headers"]
    assert decoded(parts["0.0"]["body"]["data"]) == b"hello\n"
    assert parts["1"]["filename"] == "Rechnung März.pdf"
    assert set(parts["1"]["body"]) == {"attachmentId", "size"}
    assert parts["0"]["body"] == {"size": 0}
    path = f"messages/{made}/attachments"
    body = caller.get(f"{path}/{parts['1']['body']['attachmentId']}")
    assert (decoded(body["data"]), body["size"]) == (PDF, len(PDF))
    whole = caller.get(f"{path}/{parts['2']['body']['attachmentId']}")
    assert b"Subject: inside" in decoded(whole["data"])


def test_text_is_shown_as_utf8_under_its_old_charset(standin: Checked, caller: Caller) -> None:
    raw = "Subject: x\r\nContent-Type: text/plain; charset=windows-1255\r\n\r\nסך הכל 12".encode("windows-1255")
    made = standin.client.deliver(raw)
    payload = caller.get(f"messages/{made}")["payload"]
    assert decoded(payload["body"]["data"]).decode() == "סך הכל 12"
    assert {"name": "Content-Type", "value": "text/plain; charset=windows-1255"} in payload["headers"]
    assert decoded(caller.get(f"messages/{made}", format="raw")["raw"]) == raw


def test_the_key_of_an_attachment_changes_and_runs_out(standin: Checked, caller: Caller) -> None:
    made = standin.client.deliver(mail(attachments=(("a.pdf", "application/pdf", PDF),)))
    other = standin.client.deliver(mail())

    def key() -> str:
        return str(caller.get(f"messages/{made}")["payload"]["parts"][1]["body"]["attachmentId"])

    one, two = key(), key()
    assert one != two
    caller.get(f"messages/{made}/attachments/{one}")
    assert error(caller.get(f"messages/{other}/attachments/{one}", 400)) == (400, "invalidArgument")
    assert error(caller.get(f"messages/{made}/attachments/{one[:-4]}AAAA", 400)) == (400, "invalidArgument")
    standin.client.set_habits(attachment_s=60)
    short = key()
    standin.client.advance(61)
    assert error(caller.get(f"messages/{made}/attachments/{short}", 400)) == (400, "invalidArgument")


def test_metadata_shows_the_headers_asked_for(standin: Checked, caller: Caller) -> None:
    made = standin.client.deliver(mail("Hello"))
    got = caller.get(f"messages/{made}", format="metadata", metadataHeaders=["subject", "From"])
    assert [header["name"] for header in got["payload"]["headers"]] == ["From", "Subject"]
    assert "body" not in got["payload"]
    assert "payload" not in caller.get(f"messages/{made}", format="minimal")


def nested(depth: int) -> bytes:
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))


BROKEN = {
    "empty": b"",
    "binary": b"\x00\xff" * 50,
    "unfinished": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n",
    "charset": b"Content-Type: text/plain; charset=nonsense\r\nSubject: =?x?q?=?=\r\n\r\n\xff",
    "inner": b"Content-Type: message/rfc822\r\n\r\nSubject: a\r\n\r\nb",
    "name": b"Content-Disposition: attachment; filename*=bad''%ff\r\n\r\nx",
    "deep": nested(300),
    "bottomless": nested(3000),
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN.keys())
def test_no_bytes_are_too_broken_to_be_shown(standin: Checked, caller: Caller, raw: bytes) -> None:
    made = standin.client.deliver(raw)
    for form in ("full", "metadata", "minimal"):
        assert caller.get(f"messages/{made}", format=form)["id"] == made
    assert decoded(caller.get(f"messages/{made}", format="raw").get("raw", "")) == raw
    assert caller.ids(q="-nonsense") == [made]


def test_a_mask_leaves_only_what_it_names(standin: Checked, caller: Caller) -> None:
    made = standin.client.deliver(mail(attachments=(("a.pdf", "application/pdf", PDF),)))
    assert caller.get("messages", fields="messages/id") == {"messages": [{"id": made}]}
    assert caller.get("messages", fields="messages(id),nextPageToken") == {"messages": [{"id": made}]}
    assert set(caller.get(f"messages/{made}", fields="id,labelIds,raw", format="raw")) == {"id", "labelIds", "raw"}
    got = caller.get(f"messages/{made}", fields="payload(parts(filename,body/size),mimeType)")
    assert got["payload"]["parts"][1] == {"filename": "a.pdf", "body": {"size": len(PDF)}}
    assert set(got["payload"]) == {"parts", "mimeType"}
    assert set(caller.get("profile", fields="*")) == {"emailAddress", "messagesTotal", "threadsTotal", "historyId"}
    assert error(caller.get("messages", 400, fields="messages(id,colour)")) == (400, "invalidParameter")


def test_compression_must_be_asked_for_twice(standin: Checked, caller: Caller) -> None:
    made = standin.client.deliver(mail(text="receipt " * 2000))
    url = f"{caller.base}/messages/{made}?format=raw"
    token = caller.session.headers["Authorization"]
    sizes = {}
    for accept, agent in (("gzip", "app/1.0 (gzip)"), ("gzip", "app/1.0"), ("identity", "app/1.0 (gzip)")):
        headers = {"Authorization": token, "Accept-Encoding": accept, "User-Agent": agent}
        answer = requests.get(url, headers=headers, stream=True, timeout=30)
        body = answer.raw.read(decode_content=False)
        zipped = answer.headers.get("Content-Encoding") == "gzip"
        sizes[accept, agent] = zipped
        assert b'"raw"' in (gzip.decompress(body) if zipped else body)
    assert list(sizes.values()) == [True, False, False]


def test_answers_are_indented_unless_asked_otherwise(caller: Caller) -> None:
    assert caller.session.get(f"{caller.base}/profile", timeout=30).text.startswith('{\n  "emailAddress"')
    flat = caller.session.get(f"{caller.base}/profile?prettyPrint=false", timeout=30).text
    assert "\n" not in flat
    wrong = caller.session.get(f"{caller.base}/nothing?prettyPrint=false", timeout=30)
    assert (wrong.status_code, "\n" in wrong.text) == (404, False)


def test_answers_to_a_mail_join_its_thread(standin: Checked, caller: Caller) -> None:
    first = standin.client.deliver(mail("Order", message_id="<one@x>"))
    again = standin.client.deliver(mail("Re: Order", message_id="<two@x>", In_Reply_To="<one@x>"))
    alone = standin.client.deliver(mail("Order", message_id="<three@x>"))
    thread = caller.get(f"threads/{first}", format="minimal")
    assert [message["id"] for message in thread["messages"]] == [first, again]
    assert caller.get(f"messages/{alone}", format="minimal")["threadId"] == alone
    profile = caller.get("profile")
    assert (profile["messagesTotal"], profile["threadsTotal"]) == (3, 2)


def test_new_mail_shows_in_history_at_once_and_in_lists_later(standin: Checked, caller: Caller) -> None:
    start = caller.get("profile")["historyId"]
    standin.client.set_habits(index_lag_s=30)
    made = standin.client.deliver(mail())
    assert caller.ids() == []
    assert len(caller.get("history", startHistoryId=start)["history"]) == 1
    standin.client.advance(31)
    assert caller.ids() == [made]


def test_history_can_run_ahead_of_what_it_shows(standin: Checked, caller: Caller) -> None:
    start = caller.get("profile")["historyId"]
    standin.client.set_habits(history_lag_s=60)
    standin.client.deliver(mail())
    page = caller.get("history", startHistoryId=start)
    assert int(page["historyId"]) > int(start)
    assert "history" not in page
    standin.client.advance(61)
    assert len(caller.get("history", startHistoryId=start)["history"]) == 1
    assert "history" not in caller.get("history", startHistoryId=page["historyId"])  # who jumped ahead has lost it


# -- search


@pytest.fixture(scope="module")
def library() -> Iterator[Caller]:
    """A mailbox to search in; the caller's `names` are the mails' ids by name."""
    pacific = ZoneInfo("America/Los_Angeles")
    with Checked(options=Options(quota="off")) as standin:
        said: dict[str, tuple[bytes, list[str], float]] = {
            "invoice": (mail("Invoice 17", attachments=(("Invoice_17.pdf", "application/pdf", PDF),)), ["INBOX"], NOW),
            "order": (
                mail("Your order confirmation", sender="Amazon <auto@amazon.example>", text="Thanks. Bananas 3",
                     html='<script type="application/ld+json">{"@context":"http://schema.org","@type":"Order"}</script>'),
                ["INBOX", "CATEGORY_UPDATES"], NOW - 10 * DAY_S,
            ),
            "big": (mail("Pictures", text="x " * 60_000), ["INBOX", "STARRED", "UNREAD"], NOW - 40 * DAY_S),
            "junk": (mail("Win money", message_id="<junk@x>"), ["SPAM"], NOW),
            "binned": (mail("Old invoice"), ["TRASH"], NOW),
            "sent": (mail("Re: offer", sender="me@example.com", Cc="boss@firm.example"), ["SENT", "Work stuff"], NOW),
            "chat": (mail("chat with Ann"), ["CHAT"], NOW),
            "late": (mail("at the edge"), ["INBOX"], datetime(2020, 3, 1, 0, 0, 1, tzinfo=pacific).timestamp()),
            "early": (mail("just before"), ["INBOX"], datetime(2020, 2, 29, 23, 59, 59, tzinfo=pacific).timestamp()),
        }  # fmt: skip
        names = {
            standin.client.deliver(raw, labels=labels, internal_date_ms=int(moment * 1000)): name
            for name, (raw, labels, moment) in said.items()
        }
        caller = Caller(standin)
        caller.names = names
        yield caller
        assert standin.wrong == []


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("invoice", {"invoice"}),
        ("INVOICE 17", {"invoice"}),
        ("subject:invoice", {"invoice"}),
        ("subject:(invoice OR order)", {"invoice", "order"}),
        ("{subject:invoice subject:order}", {"invoice", "order"}),
        ('"order confirmation"', {"order"}),
        ('"confirmation order"', set()),
        ("from:amazon.example", {"order"}),
        ("from:amazon -subject:order", set()),
        ("to:me@example.com filename:pdf", {"invoice"}),
        ("filename:invoice_17.pdf", {"invoice"}),
        ("has:attachment", {"invoice"}),
        ("cc:boss", {"sent"}),
        ("banana", set()),
        ("bananas", {"order"}),
        ("larger:100K", {"big"}),
        ("smaller:100K larger:1", {"invoice", "order", "sent", "chat", "late", "early"}),
        ("in:spam", {"junk"}),
        ("label:trash", {"binned"}),
        ("in:anywhere invoice", {"invoice", "binned"}),
        ("in:inbox is:unread", {"big"}),
        ("is:starred OR in:sent", {"big", "sent"}),
        ("label:work-stuff", {"sent"}),
        ("category:updates", {"order"}),
        ("category:purchases", {"order"}),
        ("-in:chats -in:sent -in:inbox", set()),
        ("newer_than:9d in:inbox", {"invoice"}),
        ("older_than:30d newer_than:50d", {"big"}),
        ("rfc822msgid:<junk@x> in:anywhere", {"junk"}),
        ("after:2020/03/01 before:2020/03/02", {"late"}),
        ("before:2020/03/01", {"early"}),
        ("after:{just_before} in:inbox", {"invoice"}),
        ("after:{now}", set()),
        ("before:{now} in:inbox", {"order", "big", "late", "early"}),
        ("(invoice OR order) -(has:attachment)", {"order"}),
        ("invoice)", {"invoice"}),
        ("subject:", set()),
        ("{}", set()),
        ("colour:red", set()),
    ],
)
def test_a_search_finds(library: Caller, q: str, found: set[str]) -> None:
    # The time is in no name: every process must gather the same tests.
    q = q.replace("{just_before}", f"{int(NOW) - 1}").replace("{now}", f"{int(NOW)}")
    assert {library.names[one] for one in library.ids(q=q)} == found


# -- service accounts


def key_pair() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def test_a_service_account_reads_for_a_user_with_googles_own_library(standin: Checked) -> None:
    private, public = key_pair()
    robot = "robot@project.example"
    info = {"client_email": robot, "private_key": private, "token_uri": f"{standin.url}/token"}

    def credentials(subject: str = "me@example.com", scope: str = READONLY) -> Any:
        read = service_account.Credentials.from_service_account_info
        made = read(info, scopes=[scope])  # type: ignore[no-untyped-call]
        return made.with_subject(subject)

    def refused(made: Any) -> str:
        with pytest.raises(Exception, match=r"invalid_grant|unauthorized_client") as caught:
            made.refresh(GoogleRequest())
        return str(caught.value.args[1]["error"])

    assert refused(credentials()) == "invalid_grant"
    standin.client.add_service_account(robot, key_pair()[1], [READONLY])
    assert refused(credentials()) == "invalid_grant"  # another key signed
    standin.client.add_service_account(robot, public, [READONLY])
    assert refused(credentials(scope="https://mail.google.com/")) == "unauthorized_client"
    assert refused(credentials(subject="someone@gmail.com")) == "unauthorized_client"
    good = credentials()
    good.refresh(GoogleRequest())
    caller = Caller(standin, good.token)
    assert caller.get("profile")["emailAddress"] == "me@example.com"
    caller.get("profile", quotaUser="mailbox-1")
    users = standin.client.stats()["users"]
    assert {user: figures["units"] for user, figures in users.items()} == {robot: 1, "mailbox-1": 1}


# -- size


def test_a_hundred_thousand_made_up_mails_are_listed_in_pages() -> None:
    with Checked(options=Options(quota="off", synthetic=100_000, accounts={"me@example.com": None})) as standin:
        caller = Caller(standin)
        found = caller.ids(maxResults=500)
        assert (len(found), len(set(found))) == (100_000, 100_000)
        one = decoded(caller.get(f"messages/{found[7]}", format="raw")["raw"])
        assert one.startswith(b"From: ")
        fresh = standin.client.deliver(mail())
        first = caller.get("messages", maxResults=500, fields="messages/id")["messages"]
        assert {"id": fresh} in first


def test_made_up_mail_is_searched_as_it_is_read() -> None:
    for kind in ("text", "pdf"):
        for raw, _, _ in synthetic_mail(4, kind, int(NOW * 1000)):
            assert isinstance(raw, SyntheticRaw)
            told, read = raw.words(), words(take_apart(raw.read()))
            assert {name: value.split() for name, value in told.fields.items()} == {
                name: value.split() for name, value in read.fields.items()
            }
            assert (told.message_id, told.filenames, told.snippet) == (read.message_id, read.filenames, read.snippet)


def test_made_up_pdf_mail_holds_a_real_pdf() -> None:
    import pypdfium2

    with Checked(options=Options(quota="off", synthetic=3, synthetic_kind="pdf")) as standin:
        caller = Caller(standin)
        for one in caller.ids():
            part = caller.get(f"messages/{one}")["payload"]["parts"][1]
            body = caller.get(f"messages/{one}/attachments/{part['body']['attachmentId']}")
            page = pypdfium2.PdfDocument(decoded(body["data"]))[0]
            assert "Total: USD" in page.get_textpage().get_text_bounded()
