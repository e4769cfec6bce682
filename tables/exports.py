"""The tables of what is handed over: exports, what went into them, closed months, the plan, and exchange rates."""

from __future__ import annotations

import peewee

import clock
from database import Owned, Table, UtcField
from tables.people import Business


class Export(Owned):
    """A hand-over: what was asked, and its files once they are whole (docs/exports.md)."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    work_id = peewee.IntegerField(null=True, index=True)  # its background work, as long as that row is kept
    status = peewee.CharField(default="making")  # making | ready | failed | cancelled
    format = peewee.CharField()
    language = peewee.CharField(default="en")
    wanted = peewee.JSONField(default=dict)  # the filter, as store.export_sets writes it
    first_day = peewee.DateField(null=True)  # the period that was asked for
    last_day = peewee.DateField(null=True)
    mark = peewee.BooleanField(default=True)  # its receipts count as handed over
    chosen = peewee.BooleanField(default=False)  # its receipts are settled
    count = peewee.IntegerField(default=0)
    sums = peewee.JSONField(default=list)  # [{"currency", "count", "total_minor"}]
    left_out = peewee.JSONField(default=list)  # [{"receipt_id", "text"}], the first few hundred
    files = peewee.JSONField(default=list)  # [{"name", "media_type", "sha256", "size"}]
    error_code = peewee.CharField(null=True)
    error_text = peewee.TextField(null=True)
    pack = peewee.CharField(null=True)  # the slot of the monthly pack that it was made for
    requested_by = peewee.CharField(default="")
    created_at = UtcField(default=clock.now)
    ready_at = UtcField(null=True)
    undone_at = UtcField(null=True)
    expired_at = UtcField(null=True)  # its files were let go of


class ExportedReceipt(Table):
    """A receipt of an export, in its order; rows stay so that an export can be told, undone and made again."""

    export = peewee.ForeignKeyField(Export, on_delete="CASCADE", index=False)
    receipt_id = peewee.IntegerField(index=True)
    position = peewee.IntegerField()

    class Meta:
        """One place each."""

        indexes = ((("export", "position"), True),)


class ClosedMonth(Owned):
    """A month whose receipts are handed over: whoever changes one is asked first."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
    month = peewee.CharField(max_length=7)  # YYYY-MM
    closed_by = peewee.CharField(default="")
    closed_at = UtcField(default=clock.now)

    class Meta:
        """A month is closed once."""

        indexes = ((("business", "month"), True),)


class ExportPlan(Owned):
    """How a business hands over: its monthly pack, and the account numbers of its bookkeeping program."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE", unique=True)
    active = peewee.BooleanField(default=False)
    day = peewee.IntegerField(default=5)  # of the month, 1 to 28, in the business's zone
    hour = peewee.IntegerField(default=7)
    formats = peewee.JSONField(default=list)
    language = peewee.CharField(default="en")
    mails = peewee.JSONField(default=list)  # addresses
    close_month = peewee.BooleanField(default=False)
    since = peewee.DateField(null=True)  # receipts before this day are no concern of the packs
    books = peewee.JSONField(default=dict)  # {"datev": {"adviser": 1001, …}, …}
    updated_at = UtcField(default=clock.now)


class EcbRate(Table):
    """A reference rate of the European Central Bank that is newer than those that came with the installation."""

    day = peewee.DateField()
    currency = peewee.CharField(max_length=3)
    rate = peewee.CharField()  # units of the currency for one euro, as the bank writes it

    class Meta:
        """One rate a day."""

        indexes = ((("day", "currency"), True),)


class ArchivedRow(Owned):
    """Where a row of an archive went when it was taken in: the second time it is known."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
    name = peewee.CharField()  # of the table
    was = peewee.IntegerField()  # its id in the archive
    became = peewee.IntegerField()

    class Meta:
        """A row is taken in once."""

        indexes = ((("business", "name", "was"), True),)
