"""Saved views: a filter of the receipts list under a name, a person's own or shared with the business."""

from __future__ import annotations

from collections.abc import Sequence

from errors import Tellable
from models import SavedView, write

MOST = 50


def listing(business_id: int, user_id: int) -> Sequence[SavedView]:
    """The person's own views and those that others share, oldest first."""
    mine = (SavedView.user == user_id) | (SavedView.shared)
    return list(SavedView.select().where(SavedView.business == business_id, mine).order_by(SavedView.id).limit(MOST))


def add(business_id: int, user_id: int, name: str, query: str, *, shared: bool) -> SavedView:
    """Keep a view; one of the same name of the same person is replaced. Tellable `bad_value`, `too_many`."""
    name = name.strip()
    if not 0 < len(name) <= 80:
        raise Tellable("bad_value", "The name must have 1 to 80 characters.", field="name")
    with write():
        own = SavedView.business == business_id, SavedView.user == user_id
        SavedView.delete().where(*own, SavedView.name == name).execute()
        if SavedView.select().where(*own).count() >= MOST:
            raise Tellable("too_many", f"{MOST} saved views are the most; delete one first.")
        view: SavedView = SavedView.create(business=business_id, user=user_id, name=name, query=query, shared=shared)
    return view


def remove(business_id: int, user_id: int, id_: object) -> None:
    """Forget one of the person's own views; Tellable `not_found`."""
    view = SavedView.find(business_id, id_)
    if view.user_id != user_id:
        raise Tellable("not_found", "There is no such thing here.")
    with write():
        SavedView.delete().where(SavedView.id == view.id).execute()
