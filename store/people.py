"""People and what lets them in: users, businesses, roles, sessions, one-time links and bearer tokens."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import peewee

import clock
from errors import Tellable
from models import ApiToken, Business, Membership, OneTimeLink, Session, User, digest, write
from store import audit, passwords, sql

ROLES = ("accountant", "member", "owner")  # each may do all that the ones before it may
SESSION_DAYS = 30
LINK_LIFE = timedelta(days=7)
PASSWORD_LINK_LIFE = timedelta(hours=1)
_SEEN_EVERY_MS = 5 * 60 * 1000  # a session's or token's last use is kept to five minutes, to spare writes
_DAY_MS = 24 * 3600 * 1000
_BEARER = "prosaas_"
LANGUAGES = ("en", "he", "de", "fr")  # that people are spoken to in: the screen, letters, exports, callers
_ADDRESS = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f.]+(\.[^@\s\x00-\x1f.]+)*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, by the session of the browser."""

    session_id: int
    user_id: int
    csrf: str
    operator: bool


@dataclass(frozen=True, slots=True)
class Tenant:
    """A business and the role in it of whoever asks."""

    id: int
    slug: str
    name: str
    time_zone: str
    base_currency: str
    role: str


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a bearer token stands for."""

    token_id: int
    operator: bool
    business: Tenant


def add_user(email: str, name: str = "", *, operator: bool = False, language: str = "en") -> User:
    """The person of that address, made where there is none yet; Tellable `bad_email`."""
    known_as = address(email)
    with write():
        user: User | None = User.get_or_none(User.email == known_as)
        if user is None:
            user = User(email=known_as, name=name.strip(), operator=operator, language=language)
            user.save()
        elif operator and not user.operator:
            user.operator = True
            user.save(only=[User.operator])
    return user


def address(email: str) -> str:
    """An e-mail address as accounts know it; Tellable `bad_email`."""
    plain = email.strip().casefold()
    if len(plain) > 254 or not _ADDRESS.fullmatch(plain):
        raise Tellable("bad_email", "That is not an e-mail address.")
    return plain


def find_user(email: str) -> User:
    """The person of that address; Tellable `not_found`."""
    user = User.get_or_none(User.email == email.strip().casefold())
    if user is None:
        raise Tellable("not_found", "There is no such person here; add them with ./prosaas user add.")
    return user


def knows(email: str) -> bool:
    """Whether there is an account of that address."""
    return bool(User.select().where(User.email == email.strip().casefold()).exists())


def update_user(user_id: int, **changes: Any) -> None:
    """Change name, language or prefs; Tellable `bad_value`."""
    if "language" in changes and changes["language"] not in LANGUAGES:
        raise Tellable("bad_value", f"The language must be one of {', '.join(LANGUAGES)}.", field="language")
    if changes:
        with write():
            User.update(**changes).where(User.id == user_id).execute()


def set_password(user_id: int, password: str, *, but_session: int | None = None) -> None:
    """Keep the hash of a new password and end the person's other sessions; Tellable `weak_password`."""
    hashed = passwords.hashed(password)
    with write():
        User.update(password_hash=hashed).where(User.id == user_id).execute()
        Session.delete().where(Session.user == user_id, Session.id != (but_session or 0)).execute()
        audit.note(None, "person.password_set", "user", user_id)


def add_business(
    name: str,
    slug: str | None = None,
    *,
    country: str = "IL",
    time_zone: str = "Asia/Jerusalem",
    base_currency: str = "ILS",
    language: str = "en",
) -> Business:
    """A new business; its slug is made from its name unless given.

    Tellable `bad_slug`, `slug_taken`, `bad_time_zone` or `bad_value`.
    """
    name = name.strip()
    check_business(name=name, country=country, time_zone=time_zone, base_currency=base_currency, language=language)
    if slug is not None and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        raise Tellable("bad_slug", "The short name may have small letters, digits and single dashes only.")
    wanted = slug or _slug(name)
    for number in range(1, 1000):
        candidate = wanted if number == 1 else f"{wanted}-{number}"
        try:
            with write():
                made: Business = Business.create(
                    slug=candidate,
                    name=name,
                    country=country,
                    time_zone=time_zone,
                    base_currency=base_currency,
                    language=language,
                )
                audit.note(made.id, "business.added", "business", made.id, label=name)
                return made
        except peewee.IntegrityError:
            if slug is not None:
                break
    raise Tellable("slug_taken", "A business of that short name exists already; choose another one.")


def check_business(**values: str) -> None:
    """Tellable `bad_value` or `bad_time_zone` where one of a business's values cannot be."""
    if "time_zone" in values:
        clock.zone(values["time_zone"])
    if "name" in values and not 0 < len(values["name"]) <= 200:
        raise Tellable("bad_value", "The name must have 1 to 200 characters.", field="name")
    for field, pattern in (("country", "[A-Z]{2}"), ("base_currency", "[A-Z]{3}")):
        if field in values and not re.fullmatch(pattern, values[field]):
            raise Tellable("bad_value", f"“{values[field][:20]}” is no ISO code for {field}.", field=field)
    if "language" in values and values["language"] not in LANGUAGES:
        raise Tellable("bad_value", f"The language must be one of {', '.join(LANGUAGES)}.", field="language")


def update_business(business_id: int, **changes: Any) -> Business:
    """Change a business's values; Tellable as check_business."""
    check_business(**{name: value for name, value in changes.items() if isinstance(value, str)})
    with write():
        row: Business = Business.get_by_id(business_id)
        told = audit.difference(row.__data__, changes)
        if told:
            Business.update(**changes).where(Business.id == business_id).execute()
            audit.note(business_id, "business.changed", "business", business_id, label=row.name, changes=told)
    return Business.get_by_id(business_id)


def find_business(slug: str) -> Business:
    """The business of that slug; Tellable `not_found`."""
    business = Business.get_or_none(Business.slug == slug)
    if business is None:
        raise Tellable("not_found", "There is no such business here; ./prosaas business list names them.")
    return business


def businesses() -> list[Business]:
    """All businesses of the installation, oldest first."""
    return list(Business.select().order_by(Business.id))


def add_member(business: Business | int, user: User | int, role: str = "owner") -> Membership:
    """Give the person that role in the business, in place of an earlier one; Tellable `bad_role`."""
    check_role(role)
    with write():
        member: Membership | None = Membership.get_or_none(Membership.business == business, Membership.user == user)
        if member is None:
            member = Membership(business=business, user=user, role=role)
            member.save()
            _tell("member.added", member, [None, role])
        elif member.role != role:
            _keep_an_owner(member)
            was, member.role = member.role, role
            member.save(only=[Membership.role])
            _tell("member.changed", member, [was, role])
    return member


def _tell(action: str, member: Membership, role: list[str | None]) -> None:
    label = member.user.name or member.user.email
    audit.note(member.business_id, action, "user", member.user_id, label=label, changes={"role": role})


def remove_member(business_id: int, user_id: int) -> None:
    """Take the person out of the business; Tellable `not_found`, `last_owner`."""
    with write():
        member = Membership.get_or_none(Membership.business == business_id, Membership.user == user_id)
        if member is None:
            raise Tellable("not_found", "There is no such thing here.")
        _keep_an_owner(member)
        Membership.delete().where(Membership.id == member.id).execute()
        _tell("member.removed", member, [member.role, None])


def members(business_id: int) -> list[dict[str, Any]]:
    """The people of a business with their roles, oldest first."""
    rows = sql.fetch(
        'select u.id, u.email, u.name, m.role, m.created_at from membership m join "user" u on u.id = m.user_id '
        "where m.business_id = ? order by m.id",
        [business_id],
    )
    names = ("id", "email", "name", "role", "created_at")
    return [dict(zip(names, row, strict=True)) for row in rows]


def moment(value: int | None) -> datetime | None:
    """A raw column of time as an aware datetime."""
    result: datetime | None = User.created_at.python_value(value)
    return result


def check_role(role: str) -> None:
    """Tellable `bad_role` where there is no such role."""
    if role not in ROLES:
        raise Tellable("bad_role", f"The role must be one of {', '.join(reversed(ROLES))}.")


def _keep_an_owner(leaving: Membership) -> None:
    others = Membership.select().where(
        Membership.business == leaving.business_id, Membership.role == "owner", Membership.id != leaving.id
    )
    if leaving.role == "owner" and not others.exists():
        raise Tellable("last_owner", "A business needs an owner; make somebody else one first.")


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "business"


# --- one-time links


def sign_in_link(user: User, public_url: str) -> str:
    """A link that signs the person in once, within a week; the token rides in the fragment, which no server logs."""
    return _link(user, public_url)


def first_run_link(public_url: str) -> str | None:
    """A link that makes the owner's account; None once there is an owner."""
    return None if _owner_exists() else _link(None, public_url)


def _owner_exists() -> bool:
    return bool(Membership.select().where(Membership.role == "owner").exists())


def password_link(user: User, public_url: str) -> str:
    """A link with which the person sets a new password, once, within an hour; it signs nobody in."""
    return _link(user, public_url, "password", PASSWORD_LINK_LIFE)


def _link(user: User | None, public_url: str, purpose: str = "sign_in", life: timedelta = LINK_LIFE) -> str:
    token = secrets.token_urlsafe(32)
    with write():
        OneTimeLink.delete().where(OneTimeLink.expires_at < clock.now()).execute()
        OneTimeLink.create(token_sha256=digest(token), user=user, purpose=purpose, expires_at=clock.now() + life)
    return f"{public_url}/app/sign-in#{'token' if purpose == 'sign_in' else purpose}={token}"


def set_password_by_link(token: str, password: str) -> User:
    """A new password for the person of the link, whose sessions all end; Tellable `bad_link`, `weak_password`."""
    hashed = passwords.hashed(password)
    with write():
        link = _good_link(token, "password")
        if link is None:
            raise Tellable("bad_link", "This link was used already or is too old; ask for a new one.")
        links = (OneTimeLink.user == link.user_id, OneTimeLink.purpose == "password")
        OneTimeLink.update(used_at=clock.now()).where(*links).execute()
        User.update(password_hash=hashed).where(User.id == link.user_id).execute()
        Session.delete().where(Session.user == link.user_id).execute()
        audit.note(None, "person.password_reset", "user", link.user_id)
        user: User = User.get_by_id(link.user_id)
    return user


def _good_link(token: str, purpose: str) -> OneTimeLink | None:
    link: OneTimeLink | None = OneTimeLink.get_or_none(
        OneTimeLink.token_sha256 == digest(token),
        OneTimeLink.purpose == purpose,
        OneTimeLink.used_at.is_null(),
        OneTimeLink.expires_at > clock.now(),
    )
    return link


def redeem(token: str, *, email: str = "", name: str = "", business_name: str = "", language: str = "en") -> User:
    """The person whom the link signs in; it works once.

    The first-run link makes the owner's account from `email` and `name`, and their business. Tellable `bad_link`, or
    `account_needed` where the first-run link came without an address.
    """
    with write():
        link = _good_link(token, "sign_in")
        if link is None or (link.user_id is None and _owner_exists()):
            raise Tellable(
                "bad_link",
                "This sign-in link was used already or is too old. Make a new one with ./prosaas user add E-MAIL.",
            )
        if link.user_id is not None:
            user: User = User.get_by_id(link.user_id)
        elif not email.strip():
            raise Tellable("account_needed", "Tell your e-mail address and name to make the owner's account.")
        else:
            user = add_user(email, name, operator=True, language=language)
            add_member(add_business(business_name or name.strip() or "My business", language=language), user, "owner")
        OneTimeLink.update(used_at=clock.now()).where(OneTimeLink.id == link.id).execute()
    return user


# --- sessions


def by_password(email: str, password: str) -> User:
    """The person of that address and password; Tellable `bad_password` whichever of the two is wrong."""
    user: User | None = User.get_or_none(User.email == email.strip().casefold())
    if not passwords.matches(user.password_hash if user else None, password) or user is None:
        raise Tellable("bad_password", "The e-mail address or the password is wrong.")
    return user


def start_session(user: User, agent: str = "") -> tuple[str, Person]:
    """A new session of the person in a browser of that name, and the cookie's value, which only the browser keeps."""
    token, now = secrets.token_urlsafe(32), clock.now()
    with write():
        Session.delete().where(Session.expires_at < now).execute()
        row = Session.create(
            token_sha256=digest(token),
            user=user,
            csrf=secrets.token_urlsafe(24),
            agent=agent[:200],
            expires_at=now + timedelta(days=SESSION_DAYS),
        )
    return token, Person(row.id, user.id, row.csrf, bool(user.operator))


def session(token: str) -> Person | None:
    """Who the cookie's value belongs to; None where it is unknown or over. Its end moves on while it is used."""
    now = _milliseconds()
    row = sql.one(
        "select s.id, s.user_id, s.csrf, s.last_seen_at, u.operator "
        'from session s join "user" u on u.id = s.user_id where s.token_sha256 = ? and s.expires_at > ?',
        [digest(token), now],
    )
    if row is None:
        return None
    if now - row[3] > _SEEN_EVERY_MS:
        later = now + SESSION_DAYS * _DAY_MS
        sql.note(Session.update(last_seen_at=now, expires_at=later).where(Session.id == row[0]))
    return Person(row[0], row[1], row[2], bool(row[4]))


def _milliseconds() -> int:
    return int(clock.now().timestamp() * 1000)


def end_session(session_id: int) -> None:
    """Sign out."""
    with write():
        Session.delete().where(Session.id == session_id).execute()


_TENANT = "b.id, b.slug, b.name, b.time_zone, b.base_currency, m.role"


def tenants(user_id: int) -> list[Tenant]:
    """The businesses of a person, by name."""
    rows = sql.fetch(
        f"select {_TENANT} from membership m join business b on b.id = m.business_id where m.user_id = ? "
        "order by b.name, b.id",
        [user_id],
    )
    return [Tenant(*row) for row in rows]


def tenant(user_id: int, slug: str) -> Tenant:
    """That business for that person; Tellable `not_found` whether it is missing or somebody else's."""
    row = sql.one(
        f"select {_TENANT} from membership m join business b on b.id = m.business_id "
        "where m.user_id = ? and b.slug = ?",
        [user_id, slug],
    )
    if row is None:
        raise Tellable("not_found", "There is no such thing here.")
    return Tenant(*row)


# --- bearer tokens


def new_token(business: Business | int, name: str, role: str = "member", *, operator: bool = False) -> str:
    """A new bearer token of the business, shown only now; Tellable `bad_role`."""
    return add_token(business, name, role, operator=operator)[1]


def add_token(business: Business | int, name: str, role: str, *, operator: bool = False) -> tuple[ApiToken, str]:
    """The row of a new bearer token and the token itself, which is kept nowhere; Tellable `bad_role`, `bad_value`."""
    check_role(role)
    if not 0 < len(name.strip()) <= 100:
        raise Tellable("bad_value", "The token's name must have 1 to 100 characters.", field="name")
    token = _BEARER + secrets.token_urlsafe(32)
    with write():
        row = ApiToken.create(
            business=business, name=name.strip(), role=role, operator=operator, token_sha256=digest(token)
        )
        told: dict[str, list[Any]] = {"role": [None, role], **({"operator": [False, True]} if operator else {})}
        audit.note(row.business_id, "token.added", "token", row.id, label=row.name, changes=told)
    return row, token


def by_bearer(token: str) -> Bearer | None:
    """The business and role of a bearer token; None where it is unknown."""
    row = sql.one(
        "select t.id, t.last_used_at, t.operator, b.id, b.slug, b.name, b.time_zone, b.base_currency, t.role "
        "from api_token t join business b on b.id = t.business_id where t.token_sha256 = ?",
        [digest(token)],
    )
    if row is None:
        return None
    now = _milliseconds()
    if row[1] is None or now - row[1] > _SEEN_EVERY_MS:
        sql.note(ApiToken.update(last_used_at=now).where(ApiToken.id == row[0]))
    return Bearer(row[0], bool(row[2]), Tenant(*row[3:]))


def tokens(business_id: int) -> Sequence[ApiToken]:
    """The business's bearer tokens, oldest first."""
    return list(ApiToken.select().where(ApiToken.business == business_id).order_by(ApiToken.id))


def revoke_token(row: ApiToken) -> None:
    """End a bearer token at once."""
    with write():
        ApiToken.delete().where(ApiToken.id == row.id).execute()
        audit.note(row.business_id, "token.ended", "token", row.id, label=row.name)
