"""A business out as one open file and into another installation: the same receipts, bytes and rules, once."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

import clock
from blobs import FolderBlobs
from config import Config
from errors import Tellable
from jobs import archive
from jobs.adapters import blob_folder
from models import (
    Business,
    ClosedMonth,
    Contact,
    Document,
    Export,
    ExportPlan,
    Mail,
    Mailbox,
    Receipt,
    SenderRule,
    VendorRule,
)
from store import contacts, export_plans, exports, months, senders
from store.receipt_filter import Filter
from tests.support import exports as making
from tests.support import installation
from tests.support.processes import environment, run
from tests.support.web import serving

COMPARED = (
    "vendor", "number", "date", "currency", "total_minor", "tax", "items", "fields", "flags", "hand_set", "status",
    "note", "category", "received_at", "approved_at", "created_at", "exported_at", "version",
)  # fmt: skip


def _blobs(config: Config) -> FolderBlobs:
    return FolderBlobs(blob_folder(config))


def _filled(config: Config) -> Business:
    """A business with receipts in several states, documents, rules, a contact, a hand-over and a closed month."""
    business = installation.business(name="קדם Studio", base_currency="EUR", time_zone="Europe/Berlin")
    raw = _blobs(config).put(b"From: a@b.example\r\n\r\nRaw mail")
    first = making.receipt(
        config, business, number="A1", date="2026-10-02", vendor="דפוס כהן", approved_at=clock.now(), status="approved",
        tax=[{"rate": "18", "base_minor": 100, "amount_minor": 18}], hand_set=["vendor"], note="=1+1",
        fields={"total": {"value": "184.00", "candidates": []}}, mail={"raw_sha256": raw, "subject": "קבלה"},
    )  # fmt: skip
    making.receipt(config, business, number="A2", duplicate_of=first, currency=None, date=None, status="to_review")
    senders.set_rule(business.id, "shop.example", "take", "user:1")
    VendorRule.create(
        business=business, vendor="דפוס", field="category", value="print", receipt=first, state="confirmed"
    )
    contacts.add(business.id, {"name": "Alma", "phones": ["+97231234567"]})
    making.made(config, exports.ask(business, "csv", Filter()))
    months.close(business.id, "2026-10", "user:1")
    export_plans.change(business.id, {"active": True, "mails": ["a@b.example"], "books": {"xero": {"account": "430"}}})
    return business


def _receipts(business: Business) -> list[dict[str, Any]]:
    out = []
    for row in Receipt.select().where(Receipt.business == business).order_by(Receipt.id):
        told = {name: getattr(row, name) for name in COMPARED}
        told["document"] = row.document and (row.document.sha256, row.document.filename, row.document.media_type)
        told["mail"] = row.mail and (row.mail.source_id, row.mail.subject, row.mail.raw_sha256)
        told["duplicate_of"] = row.duplicate_of and row.duplicate_of.number
        out.append(told)
    return out


def _rules(business: Business) -> list[tuple[object, ...]]:
    own = VendorRule.select().where(VendorRule.business == business).order_by(VendorRule.id)
    rules: list[tuple[object, ...]] = [(row.vendor, row.field, row.value, row.state, row.receipt.number) for row in own]
    rules += [(row.sender, row.verdict) for row in SenderRule.select().where(SenderRule.business == business)]
    return rules


def _written(config: Config, business: Business, path: Path) -> list[str]:
    with path.open("wb") as file:
        return archive.write(business, _blobs(config), file, made_at=clock.now())


def test_out_and_into_a_new_installation_gives_the_same_receipts_bytes_and_rules(tmp_path: Path) -> None:
    old, new = (installation.settings(tmp_path / name) for name in ("old", "new"))
    file = tmp_path / "kedem.zip"
    with installation.database(old):
        business = _filled(old)
        assert _written(old, business, file) == []
        before = _receipts(business), _rules(business)
        keys = [row.sha256 for row in Document.select()] + [row.raw_sha256 for row in Mail.select() if row.raw_sha256]
        keys += [one["sha256"] for row in Export.select() for one in row.files]
        content = {key: _blobs(old).get(key) for key in keys}
    with installation.database(new):
        other = installation.business("filler")  # so that ids are other ones than before
        for number in range(3):
            making.receipt(new, other, number=f"F{number}")
        business, count = archive.read(file, _blobs(new))
        assert (business.name, business.base_currency, business.time_zone) == ("קדם Studio", "EUR", "Europe/Berlin")
        assert (count.new["receipt"], count.known, count.left_out) == (2, 0, 0)
        assert (_receipts(business), _rules(business)) == before
        assert {key: _blobs(new).get(key) for key in keys} == content
        box = Mailbox.get(Mailbox.business == business)
        assert (box.status, box.refresh_token) == ("disconnected", None)
        plan = ExportPlan.get(ExportPlan.business == business)
        assert (plan.active, plan.books) == (False, {"xero": {"account": "430"}})
        assert ClosedMonth.get(ClosedMonth.business == business).month == "2026-10"
        assert Contact.select().where(Contact.business == business, Contact.name == "Alma").count() == 1
        row = Export.get(Export.business == business)
        assert exports.receipt_ids(row) == [Receipt.get(Receipt.business == business, Receipt.number == "A1").id]
        exports.undo(business.id, row.id)
        assert Receipt.select().where(Receipt.business == business, Receipt.exported_at.is_null()).count() == 2


def test_taken_in_twice_nothing_is_doubled_and_what_changed_since_stays(tmp_path: Path) -> None:
    old, new = (installation.settings(tmp_path / name) for name in ("old", "new"))
    file = tmp_path / "kedem.zip"
    with installation.database(old):
        _written(old, _filled(old), file)
    with installation.database(new):
        business, _ = archive.read(file, _blobs(new))
        Receipt.update(vendor="Changed here").where(Receipt.number == "A1").execute()
        before = _receipts(business)
        again, count = archive.read(file, _blobs(new))
        assert again.id == business.id
        assert (sum(count.new.values()), count.left_out) == (0, 0)
        assert _receipts(business) == before
        copy, _ = archive.read(file, _blobs(new), "copy")
        assert copy.id != business.id
        assert Receipt.select().where(Receipt.business == copy).count() == 2


def test_an_interrupted_one_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (installation.settings(tmp_path / name) for name in ("old", "new"))
    file = tmp_path / "kedem.zip"
    with installation.database(old):
        business = _filled(old)
        _written(old, business, file)
        before = _receipts(business)
    with installation.database(new):
        take = archive.archive.take
        monkeypatch.setattr(archive.archive, "take", lambda *a: 1 / 0 if a[1] == "receipt" else take(*a))
        with pytest.raises(ZeroDivisionError):
            archive.read(file, _blobs(new))
        monkeypatch.undo()
        business, count = archive.read(file, _blobs(new))
        assert count.known > 0
        assert _receipts(business) == before


def test_where_it_came_from_it_is_not_taken_in_over_itself(tmp_path: Path) -> None:
    config = installation.settings(tmp_path)
    file = tmp_path / "kedem.zip"
    with installation.database(config):
        _written(config, _filled(config), file)
        with pytest.raises(Tellable, match="lives here already"):
            archive.read(file, _blobs(config))
        assert archive.read(file, _blobs(config), "copy")[0].slug == "copy"


def test_it_can_be_read_without_us_and_holds_no_secret(tmp_path: Path) -> None:
    config = installation.settings(tmp_path)
    file = tmp_path / "kedem.zip"
    with installation.database(config):
        business = _filled(config)
        Mailbox.update(access_token="ya29.secret").execute()
        _written(config, business, file)
    with zipfile.ZipFile(file) as zip_:
        assert zip_.testzip() is None
        rows = [json.loads(line) for line in zip_.read("tables/receipt.jsonl").splitlines()]
        assert [(row["number"], row["total_minor"], row["date"]) for row in rows] == [
            ("A1", 18400, "2026-10-02"),
            ("A2", 18400, None),
        ]
        everything = b"".join(zip_.read(name) for name in zip_.namelist())
        assert json.loads(zip_.read("manifest.json"))["rows"]["receipt"] == 2
    for secret in (b"1//refresh", b"ya29", b"refresh_token", b"password"):
        assert secret not in everything.replace(b"Passwords, permissions", b"")


@pytest.mark.parametrize("damage", ["no zip", "no manifest", "another format", "a changed file", "cut"])
def test_what_is_no_archive_or_damaged_is_told_and_leaves_no_receipt(tmp_path: Path, damage: str) -> None:
    old, new = (installation.settings(tmp_path / name) for name in ("old", "new"))
    file = tmp_path / "kedem.zip"
    with installation.database(old):
        _written(old, _filled(old), file)
    _damage(file, damage)
    with installation.database(new):
        with pytest.raises(Tellable) as told:
            archive.read(file, _blobs(new))
        assert told.value.code in {"archive_unreadable", "archive_newer"}
        assert Receipt.select().count() == 0


def _damage(file: Path, damage: str) -> None:
    if damage == "no zip":
        file.write_bytes(b"%PDF-1.4")
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:-2000])
    else:
        out = io.BytesIO()
        with zipfile.ZipFile(file) as zip_, zipfile.ZipFile(out, "w") as changed:
            for name in zip_.namelist():
                data = zip_.read(name)
                if name == "manifest.json" and damage == "no manifest":
                    continue
                if name == "manifest.json" and damage == "another format":
                    data = json.dumps({**json.loads(data), "format": "other"}).encode()
                if name.startswith("blobs/") and damage == "a changed file":
                    data += b"!"
                changed.writestr(name, data)
        file.write_bytes(out.getvalue())


def test_the_command_line_takes_it_out_and_in(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    with installation.database(installation.settings(old)):
        _filled(installation.settings(old))
    file = tmp_path / "kedem.zip"
    env = environment(old, ENCRYPTION_KEY=installation.KEY)
    out = run("archive", "out", str(file), "--business", "kedem", env=env)
    assert (out.returncode, out.stderr) == (0, "")
    env = environment(new, ENCRYPTION_KEY=installation.KEY)
    back = run("archive", "in", str(file), env=env)
    assert (back.returncode, back.stderr) == (0, "")
    assert "kedem: 2 receipts" in back.stdout
    assert run("archive", "in", str(tmp_path / "none.zip"), env=env).returncode == 2


def test_an_owner_takes_everything_out_over_http_and_nobody_else(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        business = site.business()
        making.receipt(site.config, business, number="A1")
        owner, accountant = site.browser(business), site.browser(business, role="accountant")
        assert accountant.post("/api/exports/archive", {}).status_code == 403
        asked = owner.post("/api/exports/archive", {})
        assert asked.status_code == 202
        making.done(site.config, Export.get_by_id(asked.json()["id"]).work_id)
        path = f"/api/exports/{asked.json()['id']}/file"
        assert accountant.get(path).status_code == 403
        with zipfile.ZipFile(io.BytesIO(owner.get(path).content)) as zip_:
            assert len(zip_.read("tables/receipt.jsonl").splitlines()) == 1
