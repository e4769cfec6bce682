"""Making exports: which receipts go in, their documents made ready piece by piece, the file streamed into a blob."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, BinaryIO, cast

import clock
import money
from errors import Tellable, Temporary
from jobs import archive
from jobs.work import Again, Done, Job
from models import Business, Export
from receipts.export import beancount, csv_export, datev, hledger, ofx, pdf_report, quickbooks, xero, xlsx, zip_export
from receipts.export.rows import About, ExportDocument, ExportItem, ExportRow, ExportTax, LeftOut, Written
from receipts.export.text import file_name
from receipts.render import Renderer
from store import document_passwords, export_sets, exports, mailboxes, work
from store.sql import loaded

log = logging.getLogger("export")
_TELL_EVERY_S = 0.5
MOST_TOLD = 300  # sentences of what was left out
_MAIL = "message/rfc822"
_OWN_TEXT = ("message.html", "message.txt")
_BOOKS: Mapping[str, Any] = {
    "quickbooks": quickbooks.Books, "xero": xero.Books, "datev": datev.Books, "beancount": beancount.Books,
    "hledger": hledger.Books,
}  # fmt: skip
_WRITERS: Mapping[str, Any] = {
    "csv": csv_export, "xlsx": xlsx, "zip": zip_export, "pdf": pdf_report, "quickbooks": quickbooks, "xero": xero,
    "datev": datev, "beancount": beancount, "hledger": hledger, "ofx": ofx,
}  # fmt: skip


class _Stopped(Exception):
    """The process shall end: the file is begun again by the next worker."""


def step(job: Job) -> Again | Done:
    """Settle the set; for a report make its documents ready for some seconds; then write the file in one go.

    The file cannot be cut, so its step may take longer than others; its lease is renewed meanwhile.
    """
    export = Export.get_or_none(Export.id == job.args["export"])
    if export is None or export.status != "making":
        return Done()
    try:
        return _step(job, export)
    except _Stopped:
        return Again(job.state)
    except Tellable as error:
        if not isinstance(error, Temporary):
            with job.writing():
                exports.refuse(export.id, error.code, error.sentence)
        raise


def _step(job: Job, export: Export) -> Again | Done:
    if export.format == "archive":
        return _archive(job, export)
    if not export.chosen:
        with job.writing():
            exports.settle(export)
    total = export.count * (2 if export.format == "pdf" else 1)
    folder = job.shop.config.data_dir / "exports" / str(job.work_id)
    state = dict(job.state)
    if export.format == "pdf" and "written" not in state:
        bound = _make_ready(job, export, folder, int(state.get("bound", 0)), total)
        if bound is not None:
            return Again({"bound": bound})
    if "written" not in state:
        files, left_out = _write(job, export, folder, total)
        told = [{"receipt_id": one.row_id, "text": one.sentence} for one in left_out[:MOST_TOLD]]
        state = {"written": True, "files": files, "left_out": told, "marked": 0}
        with job.writing(state=state):
            # What a bookkeeping format could not take is not handed over, and is new the next time.
            exports.leave_out(export, [one.row_id for one in left_out if not one.document])
        log.info("An export was written export=%s receipts=%s", export.id, export.count)
    after: int | None = int(state["marked"])
    while after is not None:
        with job.writing(state={**state, "marked": after}):
            after = exports.mark(export, after)
            if after is None:
                exports.ready(export, state["files"], state["left_out"])
    shutil.rmtree(folder, ignore_errors=True)
    _sweep(folder.parent)
    return Done({"export": export.id})


def _archive(job: Job, export: Export) -> Done:
    """Everything of the business, in one go."""
    business: Business = Business.get_by_id(export.business_id)
    told = time.monotonic()

    def tell(done: int) -> None:
        nonlocal told
        if job.shop.stopping():
            raise _Stopped
        if time.monotonic() - told >= _TELL_EVERY_S:
            told = time.monotonic()
            job.save(progress=done)

    with job.shop.blobs.writer() as out:
        left_out = archive.write(business, job.shop.blobs, cast("BinaryIO", out), made_at=export.created_at, step=tell)
        name = f"{name_of(export, business)} archive.{archive.EXTENSION}"
        file = {"name": name, "media_type": archive.MEDIA_TYPE, "sha256": out.done(), "size": out.size}
    with job.writing():
        exports.ready(export, [file], [{"receipt_id": None, "text": sentence} for sentence in left_out])
    return Done({"export": export.id})


def _sweep(folder: Path) -> None:
    """Forget what exports that are over left behind."""
    for one in folder.glob("*"):
        row = work.get(int(one.name)) if one.name.isdigit() else None
        if row is None or row.status not in work.ACTIVE:
            shutil.rmtree(one, ignore_errors=True)


# -- documents of a report


def _make_ready(job: Job, export: Export, folder: Path, bound: int, total: int) -> int | None:
    """Make documents PDFs that can be bound in, from a place on, for some seconds; the next place, None when all are.

    They lie in a folder of this host; what another host does not find there it makes again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    renderer: Renderer | None = None
    passwords = document_passwords.tried(export.business_id)
    try:
        for place, row in enumerate(rows(export, job.shop.blobs.open, for_pages=True), 1):
            if place <= bound:
                continue
            for document in row.documents:
                if not _kept(folder, document).exists():
                    renderer = renderer or Renderer()
                    _bind(folder, document, renderer, passwords)
            bound = place
            if not job.more():
                job.save(progress=place, total=total)
                return bound
    finally:
        if renderer is not None:
            renderer.close()
    return None


def _kept(folder: Path, document: ExportDocument) -> Path:
    return folder / f"{document.open.key}.pdf"  # type: ignore[attr-defined]


def _bind(folder: Path, document: ExportDocument, renderer: Renderer, passwords: Sequence[str]) -> bytes:
    """The document as a PDF, kept; Tellable where there is none, kept too as an empty file beside its sentence."""
    path = _kept(folder, document)
    try:
        with document.open() as file:
            data = renderer.bindable(file.read(), document.media_type, passwords=passwords)
    except Tellable as error:
        _keep(path.with_suffix(".why"), f"{error.code}\n{error.sentence}".encode())
        _keep(path, b"")
        return b""
    _keep(path, data)
    return data


def _keep(path: Path, data: bytes) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(data)
    new.replace(path)


def _bound(folder: Path, business_id: int) -> Callable[[ExportDocument], bytes]:
    def bind(document: ExportDocument) -> bytes:
        path = _kept(folder, document)
        if not path.exists():
            renderer = Renderer()
            try:
                data = _bind(folder, document, renderer, document_passwords.tried(business_id))
            finally:
                renderer.close()
        else:
            data = path.read_bytes()
        if not data:
            code, _, sentence = path.with_suffix(".why").read_text(encoding="utf-8").partition("\n")
            raise Tellable(code, sentence)
        return data

    return bind


# -- the file


def _write(job: Job, export: Export, folder: Path, total: int) -> tuple[list[dict[str, Any]], tuple[LeftOut, ...]]:
    """The export's files in the blob store: what the row says of them, and what was left out."""
    business: Business = Business.get_by_id(export.business_id)
    about = about_of(export, business)
    writer = _WRITERS[export.format]
    stem = name_of(export, business)
    start = total - export.count
    told = time.monotonic()

    def tell(done: int) -> None:
        nonlocal told
        if job.shop.stopping():
            raise _Stopped
        if time.monotonic() - told >= _TELL_EVERY_S:
            told = time.monotonic()
            job.save(progress=min(start + done, total), total=total)

    more: dict[str, Any] = {"step": tell}
    if export.format == "pdf":
        more["bind"] = _bound(folder, export.business_id)
    elif export.format in _BOOKS:
        more["books"] = books_of(business.id, export.format)
    names = [f"{stem}.{writer.EXTENSION}"]
    write: Callable[..., Written] = writer.write
    if export.format == "csv":
        names.append(f"{stem}-lines.csv")
        write = csv_export.write_both
    with contextlib.ExitStack() as stack:
        outs = [stack.enter_context(job.shop.blobs.writer()) for _ in names]
        found = rows(export, job.shop.blobs.open, for_pages=export.format == "pdf")
        written = write(found, about, *outs, **more)
        files = [
            {"name": name, "media_type": writer.MEDIA_TYPE, "sha256": out.done(), "size": out.size}
            for name, out in zip(names, outs, strict=True)
        ]
    return files, written.left_out


def books_of(business_id: int, format_: str) -> Any:
    """The business's account numbers for a bookkeeping format, the format's own where it says nothing."""
    from store import export_plans

    kept = export_plans.books(business_id).get(format_, {})
    return _BOOKS[format_](**{name: _decimal_keys(name, value) for name, value in kept.items()})


def _decimal_keys(name: str, value: Any) -> Any:
    """Tables by tax rate have decimals as keys, which JSON has not."""
    if name in {"tax_keys", "tax_codes", "tax_types"} and isinstance(value, dict):
        return {Decimal(rate): code for rate, code in value.items()}
    return value


def about_of(export: Export, business: Business) -> About:
    """What the export is of, in the business's zone."""
    return About(
        business=business.name,
        base_currency=business.base_currency,
        made_at=export.created_at.astimezone(clock.zone(business.time_zone)),
        language=export.language,
        first=_date(export.first_day),
        last=_date(export.last_day),
    )


def name_of(export: Export, business: Business) -> str:
    """A file name without its ending: the client and the period."""
    first, last = _date(export.first_day), _date(export.last_day)
    period = f"{export.created_at.astimezone(clock.zone(business.time_zone)):%Y-%m-%d}"
    if first and last:
        one_month = first.day == 1 and f"{first:%Y-%m}" == f"{last:%Y-%m}"
        whole = one_month and (last + dt.timedelta(days=1)).day == 1
        period = f"{first:%Y-%m}" if whole else f"{first}_{last}"
    elif first or last:
        period = f"{first or ''}_{last or ''}"
    kind = "" if export.format in {"csv", "xlsx", "zip", "pdf", "archive"} else f" {export.format}"
    return f"{file_name(business.name) or business.slug} {period}{kind}"


# -- rows


class _Blob:
    """Opens a document's bytes; knows under which key they lie."""

    def __init__(self, key: str, open_: Callable[[str], BinaryIO]) -> None:
        self.key, self._open = key, open_

    def __call__(self) -> BinaryIO:
        return self._open(self.key)


def rows(export: Export, open_: Callable[[str], BinaryIO], *, for_pages: bool = False) -> Iterator[ExportRow]:
    """The receipts of the export in order.

    Args:
        export: whose set is settled.
        open_: the blob store's.
        for_pages: documents are for drawing: for a mail's own text the whole mail, which has its pictures.
    """
    base = Business.select(Business.base_currency).where(Business.id == export.business_id).scalar()
    for row, document in export_sets.receipts(export.id):
        yield export_row(row, document, base, open_, for_pages=for_pages)


def export_row(
    row: Mapping[str, Any],
    document: Mapping[str, Any] | None,
    base: str,
    open_: Callable[[str], BinaryIO],
    *,
    for_pages: bool = False,
) -> ExportRow:
    """A receipt's columns (store.export_sets) as the formats take them."""
    currency = row["currency"]
    places = -money.exponent(currency)

    def amount(minor: int | None) -> Decimal | None:
        return None if minor is None else Decimal(minor).scaleb(places)

    day = _date(row["date"])
    total = amount(row["total_minor"])
    value = (total, None, None) if currency == base else _in_base(row["total_minor"], currency, base, day)
    return ExportRow(
        id=row["id"],
        date=day,
        vendor=row["vendor"],
        total=total,
        currency=currency,
        kind=row["kind"],
        due_date=_date(row["due_date"]),
        vendor_tax_id=row["vendor_tax_id"],
        number=row["number"],
        net=amount(row["net_minor"]),
        tax=amount(row["tax_minor"]),
        payable=amount(row["payable_minor"]),
        tip=amount(row["tip_minor"]),
        discount=amount(row["discount_minor"]),
        payment_method=row["payment_method"],
        card_last4=row["card_last4"],
        billed_to=row["billed_to"],
        allocation_number=row["allocation_number"],
        tax_lines=tuple(
            ExportTax(_decimal(line["rate"]), amount(line["base_minor"]), amount(line["amount_minor"]))
            for line in _list(row["tax"])
        ),
        items=tuple(
            ExportItem(line["description"], _decimal(line["quantity"]), amount(line["amount_minor"]))
            for line in _list(row["items"])
        ),
        category=row["category"],
        status=row["status"],
        note=row["note"],
        source=row["source"],
        flags=tuple(flag["text"] for flag in _list(row["flags"])),
        received_at=_moment(row["received_at"]),
        approved_at=_moment(row["approved_at"]),
        base_total=value[0],
        base_rate=value[1],
        base_rate_day=value[2],
        documents=_documents(row, document, open_, for_pages=for_pages),
    )


def _in_base(
    minor: int | None, currency: str | None, base: str, day: dt.date | None
) -> tuple[Decimal | None, Decimal | None, dt.date | None]:
    if minor is None or currency is None:
        return None, None, None
    from store import rates

    found = rates.convert(minor, currency, base, day)
    if found is None:
        return None, None, None
    return money.to_decimal(found.minor, base), found.rate, found.day


def _documents(
    row: Mapping[str, Any],
    document: Mapping[str, Any] | None,
    open_: Callable[[str], BinaryIO],
    *,
    for_pages: bool,
) -> tuple[ExportDocument, ...]:
    raw = row["raw_sha256"]
    if document is None:
        if raw is None:
            return ()
        upload = row["mailbox_kind"] in mailboxes.FILES
        name = f"file-{row['mail_id']}" if upload else f"mail-{row['mail_id']}.eml"
        return (ExportDocument(name, "application/octet-stream" if upload else _MAIL, _Blob(raw, open_)),)
    key, media = document["sha256"], document["media_type"]
    if for_pages and document["filename"] in _OWN_TEXT and "/" not in document["part"] and raw is not None:
        key, media = raw, _MAIL
    name = document["filename"] or f"document-{document['id']}"
    return (ExportDocument(name, media, _Blob(key, open_)),)


def _list(value: Any) -> list[dict[str, Any]]:
    return [] if value == "[]" or value is None else list(loaded(value))


def _decimal(value: object) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _date(value: object) -> dt.date | None:
    if value is None or isinstance(value, dt.date):
        return value
    return dt.date.fromisoformat(str(value))


def _moment(value: int | None) -> dt.datetime | None:
    return None if value is None else dt.datetime.fromtimestamp(value / 1000, dt.UTC)
