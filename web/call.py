"""One request as its handler sees it: who asks, for which business, and the values that came along."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import bottle

from errors import Tellable
from models import Business
from store import people

if TYPE_CHECKING:
    from blobs import BlobStore
    from config import Config
    from web.assets import Assets
    from web.files import PageCache
    from web.queueing import Queue


@dataclass(frozen=True)
class Site:
    """What the handlers of a process share."""

    config: Config
    blobs: BlobStore
    queue: Queue
    assets: Assets
    pages: PageCache
    version: str


@dataclass(slots=True)
class Call:
    """A request that was let in.

    query and body hold only declared values; `tenant` is the business that the request is about, if any.
    """

    site: Site
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    person: people.Person | None = None
    token_id: int | None = None
    tenant: people.Tenant | None = None

    @property
    def business_id(self) -> int:
        """The id of the business that the request is about."""
        return self.business.id

    @property
    def business(self) -> people.Tenant:
        """The business that the request is about; every route with a role in one has it."""
        if self.tenant is None:
            raise Tellable("business_needed", "Say which business you mean, in the header X-Business.")
        return self.tenant

    @property
    def business_row(self) -> Business:
        """The business's row."""
        row: Business = Business.get_by_id(self.business.id)
        return row

    @property
    def who(self) -> people.Person:
        """The signed-in person; Tellable `signed_out` for a bearer token, which is nobody."""
        if self.person is None:
            raise Tellable("signed_out", "This needs a person who is signed in, not a token.")
        return self.person

    @property
    def actor(self) -> str:
        """Who asks, as rows keep it: user:<id>, token:<id>, or nobody."""
        if self.person:
            return f"user:{self.person.user_id}"
        return f"token:{self.token_id}" if self.token_id else "nobody"

    @property
    def request(self) -> bottle.LocalRequest:
        """Bottle's request, for headers and files."""
        return bottle.request
