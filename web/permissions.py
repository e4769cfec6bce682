"""The published table of who may do what, written from the declarations that the check itself reads.

`python -m web.permissions > docs/permissions.md` writes it anew.
"""

from __future__ import annotations

import sys

from web.routing import ACCESS, OPERATOR, PERSON, PUBLIC, ROLES, Route, allows

METHODS = ("GET", "POST", "PATCH", "DELETE")
_HEAD = """# Who may do what

This page is written from the routes' own declarations (`python -m web.permissions > docs/permissions.md`), which each
request is checked against, in one place (`web/auth.py`); a test compares. The screen does nothing that is not below.

* **anybody**: without signing in. **person**: whoever is signed in, in whatever business; never a token.
* **accountant**, **member**, **owner**: a person or a bearer token with that role in the business that the request is
  about. Each may do what the ones before may. To everybody else, the business and all that is in it look as if they did
  not exist (404).
* **operator**: a flag of a person or token, given on the command line: for the installation as a whole. It opens no
  business.

Where a route asks for less than an owner, some of what it takes may still need one: the webhooks' share in
`PATCH /api/alerts/choices` is the owner's to choose, and a token that is an operator's an operator's alone to give.

| route | anybody | person | accountant | member | owner | operator | what |
|---|---|---|---|---|---|---|---|
"""


def may(needed: str, who: str) -> bool:
    """Whether somebody of that kind (one of ACCESS) may call a route that needs so much."""
    if needed == PUBLIC:
        return True
    if needed == PERSON:
        return who != PUBLIC
    if needed == OPERATOR or who == OPERATOR:
        return needed == who
    return who in ROLES and allows(needed, who)


def page(routes: list[Route]) -> str:
    """The page with every route."""
    ordered = sorted(routes, key=lambda one: (one.template, METHODS.index(one.method)))
    return _HEAD + "".join(f"{_row(one)}\n" for one in ordered)


def _row(one: Route) -> str:
    marks = " | ".join("✓" if may(one.role, who) else "" for who in ACCESS)
    return f"| `{one.method} {one.template}` | {marks} | {one.summary} |".replace("|  |", "| |").replace("|  |", "| |")


if __name__ == "__main__":
    from web.app import declared

    sys.stdout.write(page(declared()))
