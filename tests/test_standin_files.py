"""What the stand-in makes of odd files in its folder."""

from __future__ import annotations

from pathlib import Path

from demo.standin.server import StandIn


def test_a_mail_from_the_far_future_or_past_still_has_an_id_that_gmail_could_give(tmp_path: Path) -> None:
    for name, date in {"future": "Fri, 01 Jan 8888 00:00:00 +0000", "past": "Mon, 01 Jan 1900 00:00:00 +0000"}.items():
        (tmp_path / f"{name}.eml").write_bytes(f"Date: {date}\r\nSubject: {name}\r\n\r\nx".encode())
    with StandIn(tmp_path) as standin:
        ids = [int(message["id"], 16) for message in standin.client.messages()]
    assert len(ids) == 2
    assert all(0 < number < 2**63 for number in ids)


def test_a_file_without_a_byte_is_no_mail(tmp_path: Path) -> None:
    (tmp_path / "empty.eml").write_bytes(b"")
    (tmp_path / "mail.eml").write_bytes(b"Subject: x\r\n\r\ny")
    with StandIn(tmp_path) as standin:
        assert len(standin.client.messages()) == 1
