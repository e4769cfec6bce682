"""Mail from files: each message comes once and whole, and what is no message says why it was left out."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from errors import Tellable
from sources.mbox import Item, LeftOut, LooseFile, mbox, read, read_stream
from sources.ports import RawMail
from tests.support.gmail import desk
from tests.support.standin import mail


def takeout(messages: Iterable[tuple[int, bytes, str]], newline: bytes = b"\r\n") -> bytes:
    """An mbox as Google Takeout writes it."""
    parts = []
    for number, raw, labels in messages:
        quoted = b"".join(
            b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in raw.splitlines(keepends=True)
        )
        head = [
            f"From {number}@xxx Sat Oct 31 21:30:00 +0000 2026",
            f"X-GM-THRID: {number}",
            f"X-Gmail-Labels: {labels}",
        ]
        parts.append(b"".join(line.encode() + newline for line in head) + quoted + newline)
    return b"".join(parts)


def taken(items: Iterable[Item]) -> list[RawMail]:
    found = list(items)
    assert all(isinstance(item, RawMail) for item in found), found
    return [item for item in found if isinstance(item, RawMail)]


def codes(items: Iterable[Item]) -> list[str]:
    left = [item for item in items if isinstance(item, LeftOut)]
    assert all(item.error.sentence.endswith(".") for item in left)
    return [item.error.code for item in left]


def test_takeouts_messages_have_the_ids_bytes_and_labels_of_the_api(tmp_path: Path) -> None:
    with desk() as at:
        at.sim.deliver(mail("plain", text="From here on\n\nFrom there on\n>From quoted\n"))
        at.sim.deliver(mail("sent"), labels=["SENT"])
        at.sim.deliver(mail("spam"), labels=["SPAM"])
        over_api = {row["id"]: at.gmail.fetch(row["id"]) for row in at.sim.messages()}
    names = {"SENT": "Sent", "SPAM": "Spam", "INBOX": "Inbox", "UNREAD": "Unread"}
    path = tmp_path / "All mail Including Spam and Trash.mbox"
    path.write_bytes(
        takeout(
            (int(each.id, 16), each.raw, ",".join(names[label] for label in sorted(each.labels)))
            for each in over_api.values()
        )
    )
    from_file = {item.id: item for item in taken(read(path))}
    assert from_file.keys() == over_api.keys()
    for message_id, message in from_file.items():
        assert message.raw == over_api[message_id].raw
        assert message.labels - {"Unread"} == over_api[message_id].labels - {"UNREAD"}
        assert message.received_at == datetime(2026, 10, 31, 21, 30, tzinfo=UTC)
        assert message.thread_id == message_id


@pytest.mark.parametrize(
    ("header", "labels"),
    [
        ("Inbox,Opened,Category Purchases", {"INBOX", "Opened", "Category Purchases"}),
        ("=?UTF-8?Q?Posteingang,Entw=C3=BCrfe?=", {"INBOX", "DRAFT"}),
        ("=?UTF-8?B?15PXldeQ16gg16DXm9eg16Es16fXkdec15XXqizXodek15DXnQ==?=", {"INBOX", "קבלות", "SPAM"}),
        ("=?UTF-8?Q?Bo=C3=AEte_de_r=C3=A9ception,?=\r\n =?UTF-8?Q?Corbeille?=", {"INBOX", "TRASH"}),
        ("", set()),
        ("=?nonsense?Q?x?=", {"=?nonsense?Q?x?="}),
    ],
)
def test_takeouts_labels_are_understood_in_the_accounts_language(header: str, labels: set[str]) -> None:
    (message,) = taken(mbox(io.BytesIO(takeout([(1500000000000000001, mail("x"), header)])), "x"))
    assert message.labels == labels
    assert b"X-Gmail-Labels" not in message.raw


def test_a_takeout_is_split_by_gmails_separators_only() -> None:
    trap = mail("trap", text="before\n\nFrom someone@example.com Sat Oct 31 21:30:00 2026\nafter\n")
    data = b"From 1500000000000000001@xxx Sat Oct 31 21:30:00 +0000 2026\r\n" + trap + b"\r\n"
    assert len(taken(mbox(io.BytesIO(data * 2), "x"))) == 2


def test_an_ordinary_mbox_is_split_at_senders_and_dates_after_an_empty_line() -> None:
    one, two = (
        mail("one", text="Look:\nFrom alma@example.com Sat Oct 31 21:30:00 2026\n\nFrom the heart\n"),
        mail("two"),
    )
    data = (
        b"From alma@example.com Sat Oct 31 21:30:00 2026\n"
        + one
        + b"\nFrom MAILER-DAEMON Sat Oct  3 21:30:00 2026 +0200\n"
        + two
        + b"\nFrom - Sat Oct 31 21:30:00 2026\n"
        + mail("three")
    )
    found = taken(mbox(io.BytesIO(data), "x"))
    assert [message.raw.split(b"Subject: ")[1].split(b"\r\n")[0] for message in found] == [b"one", b"two", b"three"]
    assert b"From the heart" in found[0].raw
    assert len({message.id for message in found}) == 3


@given(
    st.lists(
        st.lists(st.sampled_from([b"From ", b">From ", b">>From x", b"", b"text", b"From a b 2026"]), max_size=6),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([b"\n", b"\r\n"]),
)
@example([[b""], [b"", b""]], b"\n")
def test_whatever_the_text_every_message_comes_back(bodies: list[list[bytes]], newline: bytes) -> None:
    raws = [b"Subject: x" + newline + newline + newline.join(body) + newline for body in bodies]
    data = takeout(((1500000000000000000 + n, raw, "Inbox") for n, raw in enumerate(raws)), newline)
    found = taken(mbox(io.BytesIO(data), "x"))
    assert [message.id for message in found] == [f"{1500000000000000000 + n:x}" for n in range(len(raws))]
    for message, raw in zip(found, raws, strict=True):
        assert message.raw.rstrip(b"\r\n") == raw.rstrip(b"\r\n")


def test_memory_holds_one_message_however_long_the_file(tmp_path: Path) -> None:
    path = tmp_path / "big.mbox"
    with path.open("wb") as file:
        for number in range(20):
            big = mail("big", text=("x" * 70 + "\n") * 1000)
            file.write(takeout([(1500000000000000000 + number, big, "Inbox")]))
    size = path.stat().st_size
    tracemalloc.start()
    count = sum(1 for _ in read(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20
    assert peak < size / 3


def test_a_message_that_is_too_large_is_left_out_and_the_rest_comes() -> None:
    large = b"Subject: x\r\n\r\n" + b"y" * 5_000_000 + b"\r\n"
    data = takeout([(1500000000000000001, large, ""), (1500000000000000002, mail("z"), "")])
    found = list(mbox(io.BytesIO(data), "x", most_bytes=1 << 20))
    assert codes(found) == ["mail_too_large"]
    assert [item.id for item in found if isinstance(item, RawMail)] == [f"{1500000000000000002:x}"]


def test_a_folder_of_everything_comes_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "b.eml").write_bytes(mail("b"))
    (tmp_path / "a.EML").write_bytes(mail("a"))
    (tmp_path / "c.pdf").write_bytes(b"%PDF-1.7 ...")
    (tmp_path / "cur").mkdir()
    (tmp_path / "cur" / "1690000000.M1P1.host:2,S").write_bytes(mail("maildir"))
    (tmp_path / ".hidden.eml").write_bytes(mail("hidden"))
    (tmp_path / "program.exe").write_bytes(b"MZ\x90\x00")
    (tmp_path / "empty.eml").write_bytes(b"")
    (tmp_path / "link.eml").symlink_to(tmp_path / "b.eml")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    items = list(read(tmp_path))
    subjects = [item.raw.split(b"Subject: ")[1].split(b"\r\n")[0] for item in items if isinstance(item, RawMail)]
    assert subjects == [b"a", b"b", b"maildir"]
    assert [item.name for item in items if isinstance(item, LooseFile)] == ["c.pdf"]
    assert {(item.name, item.error.code) for item in items if isinstance(item, LeftOut)} == {
        ("program.exe", "not_a_mail_file"),
        ("empty.eml", "empty_file"),
        ("broken.zip", "zip_broken"),
    }


def test_a_takeout_zip_is_read_without_unpacking(tmp_path: Path) -> None:
    path = tmp_path / "takeout-20261123.zip"
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("deep.eml", mail("deep"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "Takeout/Mail/All mail.mbox", takeout((1500000000000000000 + n, mail(f"{n}"), "Inbox") for n in range(5))
        )
        archive.writestr("Takeout/Mail/one.eml", mail("one"))
        archive.writestr("Takeout/receipt.pdf", b"%PDF-1.7")
        archive.writestr("__MACOSX/Takeout/._one.eml", b"junk")
        archive.writestr("inner.zip", inner.getvalue())
    items = list(read(path))
    assert sum(isinstance(item, RawMail) for item in items) == 7
    assert [item.name for item in items if isinstance(item, LooseFile)] == ["receipt.pdf"]
    assert codes(items) == []


def test_zips_that_mean_harm_are_left_out(tmp_path: Path) -> None:
    data = b"Subject: x\r\n\r\n"
    for _ in range(4):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("one.zip" if data.startswith(b"PK") else "one.eml", data)
        data = packed.getvalue()
    assert codes(read_stream(io.BytesIO(data), "nested.zip")) == ["zip_too_deep"]
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.pdf", b"\0" * 8_000_000)
        archive.writestr("bomb.zip", b"\0" * 8_000_000)
        archive.writestr("../../../etc/evil.eml", mail("evil"))
    items = list(read_stream(io.BytesIO(bomb.getvalue()), "bomb.zip", most_bytes=1 << 20))
    assert codes(items) == ["file_too_large", "file_too_large"]
    assert [item.raw for item in items if isinstance(item, RawMail)] != []
    half = bomb.getvalue()[:-40]
    assert codes(read_stream(io.BytesIO(half), "half.zip")) == ["zip_broken"]


def test_a_locked_zip_says_so() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.eml", mail("one"))
    data = bytearray(packed.getvalue())
    data[6] |= 1  # the flag of the local header and of the directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert codes(read_stream(io.BytesIO(bytes(data)), "locked.zip")) == ["zip_locked"]


def test_the_moment_of_a_file_is_that_of_its_arrival() -> None:
    raw = (
        b"Received: from a by b; Sun, 01 Nov 2026 00:30:00 +0200\r\nReceived: by c; Sat, 31 Oct 2026 20:00:00 +0000\r\n"
        b"Date: Sat, 31 Oct 2026 10:00:00 +0000\r\nSubject: x\r\n\r\nbody\r\n"
    )
    (message,) = taken(read_stream(io.BytesIO(raw), "x.eml"))
    assert message.received_at == datetime(2026, 10, 31, 22, 30, tzinfo=UTC)
    (message,) = taken(read_stream(io.BytesIO(b"Date: Sat, 31 Oct 2026 10:00:00 -0000\r\n\r\nx"), "x.eml"))
    assert message.received_at == datetime(2026, 10, 31, 10, tzinfo=UTC)
    for broken in (
        b"Date: someday\r\n\r\nx",
        b"Received: x;;\r\n\r\n",
        b"Date: Sat, 31 Oct 99999 10:00\r\n\r\n",
        b"x\r\n",
    ):
        (message,) = taken(read_stream(io.BytesIO(broken), "x.eml"))
        assert message.received_at == datetime(1970, 1, 1, tzinfo=UTC)


@given(st.binary(max_size=400), st.sampled_from(["x.eml", "x.mbox", "x.zip", "x", "x.pdf", "x.mbx"]))
def test_no_bytes_break_it(data: bytes, name: str) -> None:
    for start in (b"", b"From 1500000000000000001@xxx Sat Oct 31 21:30:00 +0000 2026\n", b"PK\x03\x04"):
        for item in read_stream(io.BytesIO(start + data), name):
            assert isinstance(item, RawMail | LooseFile | LeftOut)


def test_nothing_at_a_path_is_told(tmp_path: Path) -> None:
    with pytest.raises(Tellable) as error:
        list(read(tmp_path / "none.mbox"))
    assert error.value.code == "not_found"
    assert str(tmp_path) not in error.value.sentence
