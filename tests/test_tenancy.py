"""Every route, walked as a stranger, as nobody, with a wrong token and with too small a role."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
import requests

import clock
import models
from store import alerts, contacts, events, invitations, people, phone, senders, views, webhooks
from store import tasks as work
from tests.support import installation
from tests.support.web import Browser, Script, Web, receipt, serving
from web.app import declared
from web.permissions import may
from web.routing import OPERATOR, PERSON, PUBLIC, ROLES, Route

MARK = "Zanzibar-Secret"
ROUTES = declared()
API = [route for route in ROUTES if route.path.startswith("/api/")]
GUARDED = [route for route in API if route.role != PUBLIC]
TENANT = [route for route in GUARDED if route.role not in {PERSON, OPERATOR}]

# A body that gets each writing route past its own checks; a new route has to be added here.
BODIES: dict[str, dict[str, Any]] = {
    "DELETE /api/session": {},
    "PATCH /api/me": {"name": "New name"},
    "PATCH /api/business": {"name": "New name"},
    "POST /api/tokens": {"name": "script"},
    "POST /api/users": {"email": "invited@web.example"},
    "PATCH /api/users/<id:int>": {"role": "member"},
    "POST /api/views": {"name": "a view", "query": "status=ready"},
    "POST /api/receipts/sync": {},
    "POST /api/receipts/sync/<run_id:int>/cancel": {},
    "POST /api/receipts": {},
    "POST /api/months/<month>/close": {},
    "POST /api/months/<month>/reopen": {},
    "PATCH /api/exports/plan": {"day": 3},
    "POST /api/exports/pack": {"month": "2026-10"},
    "POST /api/exports/archive": {},
    "POST /api/exports": {"format": "csv"},
    "POST /api/exports/<id:int>/undo": {},
    "POST /api/exports/<id:int>/redo": {},
    "POST /api/exports/<id:int>/cancel": {},
    "POST /api/receipts/bulk": {"filter": {}, "action": "approve"},
    "POST /api/undo": {"undo": "unknown"},
    "PATCH /api/receipts/<id:int>": {"note": "mine"},
    "POST /api/receipts/<id:int>/restore": {},
    "POST /api/receipts/<id:int>/merge": {"other": 1},
    "POST /api/receipts/<id:int>/split": {},
    "POST /api/receipts/<id:int>/reread": {},
    "POST /api/receipts/<id:int>/document": {},
    "POST /api/receipts/<id:int>/unlock": {"password": "1234"},
    "POST /api/vendors/rename": {"names": ["Zanzibar"], "to": "Other"},
    "POST /api/vendors/expect": {"name": "Other", "expected": False},
    "POST /api/passwords": {"password": "1234"},
    "DELETE /api/passwords/<id:int>": {},
    "POST /api/rules": {"receipt": 1, "field": "approve"},
    "POST /api/rules/<id:int>/confirm": {},
    "POST /api/rules/<id:int>/apply": {},
    "DELETE /api/rules/<id:int>": {},
    "POST /api/mail/<id:int>/retry": {},
    "POST /api/mail/<id:int>/take": {},
    "POST /api/mail/retry": {},
    "POST /api/senders": {"sender": "shop.example", "verdict": "take"},
    "DELETE /api/senders/<id:int>": {},
    "DELETE /api/tokens/<id:int>": {},
    "DELETE /api/users/<id:int>": {},
    "DELETE /api/views/<id:int>": {},
    "DELETE /api/receipts/<id:int>": {},
    "DELETE /api/gmail/oauth/disconnect": {},
    "POST /api/mailboxes": {"host": "127.0.0.1", "user": "me", "password": "secret"},
    "DELETE /api/mailboxes/<id:int>": {},
    "POST /api/gmail/delegated": {"service_account": {"type": "none"}, "subject": "me@example.com"},
    "POST /api/webhooks": {"url": "http://127.0.0.1/"},
    "PATCH /api/webhooks/<id:int>": {"active": False},
    "DELETE /api/webhooks/<id:int>": {},
    "POST /api/webhooks/<id:int>/test": {},
    "POST /api/webhooks/<id:int>/deliveries/<delivery:int>/replay": {},
    "POST /api/businesses": {"name": "Another"},
    "DELETE /api/business": {"name": "not its name"},
    "DELETE /api/me": {"email": "not@mine.example"},
    "DELETE /api/me/sessions": {},
    "DELETE /api/me/sessions/<id:int>": {},
    "POST /api/me/google": {},
    "DELETE /api/me/google": {},
    "POST /api/me/factor": {},
    "POST /api/me/factor/confirm": {"code": "000000"},
    "POST /api/me/factor/off": {"code": "000000"},
    "POST /api/invitations": {"email": "guest@web.example"},
    "DELETE /api/invitations/<id:int>": {},
    "POST /api/alerts/read": {},
    "PATCH /api/alerts/choices": {"kind": "run", "mail": False},
    "POST /api/contacts": {"name": "Alma"},
    "PATCH /api/contacts/<id:int>": {"notes": "mine"},
    "DELETE /api/contacts/<id:int>": {},
    "POST /api/contacts/<id:int>/restore": {},
    "POST /api/contacts/<id:int>/merge": {"other": 1},
    "POST /api/contacts/<id:int>/unmerge": {"merge": 1},
    "POST /api/contacts/<id:int>/notes": {"text": "mine"},
    "DELETE /api/contacts/<id:int>/notes/<note:int>": {},
    "POST /api/contacts/file": {},
    "POST /api/tasks": {"title": "Call back"},
    "PATCH /api/tasks/<id:int>": {"done": True},
    "DELETE /api/tasks/<id:int>": {},
    "PATCH /api/calls/<id:int>": {"note": "mine"},
    "POST /api/calls/<id:int>/block": {"blocked": True},
    "DELETE /api/recordings/<id:int>": {},
    "POST /api/live/ticket": {},
    "PATCH /api/phone": {"greeting": "Hello"},
    "POST /api/phone/numbers": {"number": "+97235550109"},
    "DELETE /api/phone/numbers/<id:int>": {},
    "POST /api/phone/people": {"number": "+972541234567"},
    "DELETE /api/phone/people/<id:int>": {},
    "POST /api/phone/greeting": {},
    "DELETE /api/phone/greeting": {},
}
# Ids that ride in a query or in a body.
ELSEWHERE = {
    "GET /api/receipts": ("query", "ids", "receipt"),
    "GET /api/receipts/sync/status": ("query", "run_id", "run"),
    "GET /api/gmail/oauth/start": ("query", "mailbox", "mailbox"),
    "GET /api/gmail/oauth/status": ("query", "mailbox", "mailbox"),
    "DELETE /api/gmail/oauth/disconnect": ("query", "mailbox", "mailbox"),
    "GET /api/mail": ("query", "mailbox", "mailbox"),
    "POST /api/receipts/sync": ("body", "mailbox", "mailbox"),
    "POST /api/receipts/bulk": ("ids", "ids", "receipt"),
    "GET /api/tasks": ("query", "contact", "contact"),
    "GET /api/calls": ("query", "contact", "contact"),
    "POST /api/tasks": ("body", "contact_id", "contact"),
    "POST /api/rules": ("body", "receipt", "receipt"),
    "POST /api/alerts/read": ("ids", "ids", "alert"),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web"), GOOGLE_CLIENT_ID="id", GOOGLE_CLIENT_SECRET="secret") as web:
        yield web


@pytest.fixture(scope="module")
def alice(site: Web) -> dict[str, Any]:
    """Alice's business with one of everything, each bearing the mark."""
    business = site.business(name=f"{MARK} Ltd")
    browser = site.browser(business, name=MARK)
    mailbox = installation.mailbox(business, address=f"{MARK}@example.com".lower())
    row = receipt(business, vendor=MARK, note=MARK, mail={"subject": MARK, "from_name": MARK}, mailbox=mailbox)
    run = models.SyncRun.create(business=business, mode="incremental", status="running", requested_by=MARK)
    user = people.find_user(browser.get("/api/me").json()["user"]["email"])
    return {
        "business": business,
        "receipt": row.id,
        "mail": row.mail_id,
        "mailbox": mailbox.id,
        "run": run.id,
        "token": people.add_token(business, MARK, "member")[0].id,
        "user": user.id,
        "sender": senders.set_rule(business.id, f"{MARK}.example", "take", MARK).id,
        "rule": models.VendorRule.create(business=business, vendor=MARK, name=MARK, field="vendor", value=MARK).id,
        "password": models.DocumentPassword.create(business=business, vendor=MARK, password=MARK).id,
        **_webhook(business),
        **_contact(business),
        "invitation": invitations.invite(business.id, f"{MARK}@guest.example".lower(), "member", None)[0].id,
        **_call(business),
        "export": _export(business),
        "alert": _alert(business),
        "view": views.add(business.id, user.id, MARK, "status=ready", shared=True).id,
        "script": site.script(business),
    }


def _alert(business: models.Business) -> int:
    """An alert of the business."""
    alerts.settle("missing", business.id, {MARK: {"vendor": MARK, "expected_on": "2026-11-05"}})
    return models.Alert.get(models.Alert.business == business).id


def _export(business: models.Business) -> int:
    """An export of the business with a file of its own."""
    file = {"name": MARK, "media_type": "text/csv", "sha256": "0" * 64, "size": 1}
    return models.Export.create(business=business, format="csv", status="ready", files=[file]).id


def _webhook(business: models.Business) -> dict[str, int]:
    """An endpoint of the business with a delivery."""
    with models.write():
        endpoint = webhooks.add(business.id, f"https://hook.example/{MARK}", ["*"])
        events.told(business.id, [("export.ready", {"mark": MARK})])
    delivery = models.Delivery.get(models.Delivery.endpoint == endpoint)
    return {"webhook": endpoint.id, "delivery": delivery.id}


def _contact(business: models.Business) -> dict[str, int]:
    """A contact of the business with a note, and a task."""
    contact = contacts.add(business.id, {"name": MARK, "phones": ["+97231234567"]})
    note = contacts.note(business.id, contact.id, MARK, "system")
    return {"contact": contact.id, "note": note.id, "task": work.add(business.id, {"title": MARK}).id}


def _call(business: models.Business) -> dict[str, int]:
    """A call of the business with a recording, its number, and a person whose messages are filed."""
    call = models.PhoneCall.create(business=business, sid=MARK, caller="+97231234567", note=MARK, outcome="voicemail")
    sound = models.Recording.create(
        business=business, call=call, sid=MARK, kind="stream", state="whole", sha256="0" * 64
    )
    number, person = phone.add_number(business.id, "+97235550100", MARK), phone.add_person(business.id, "+972540000000")
    assert number.id == person.id  # the walk knows one id below /api/phone
    models.TextMessage.create(business=business, sid=MARK, person=MARK, sender=MARK, number=MARK, body=MARK)
    return {"call": call.id, "recording": sound.id, "phone": number.id}


@pytest.fixture(scope="module")
def bob(site: Web) -> Browser:
    """An owner of another business."""
    return site.browser(site.business(name="Bob's"))


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


def address(route: Route, ids: dict[str, Any]) -> str:
    """The route's path with ids of what it is about."""
    kinds = {
        "receipts": "receipt",
        "mail": "mail",
        "mailboxes": "mailbox",
        "tokens": "token",
        "users": "user",
        "views": "view",
        "senders": "sender",
        "rules": "rule",
        "passwords": "password",
        "exports": "export",
        "webhooks": "webhook",
        "contacts": "contact",
        "invitations": "invitation",
        "tasks": "task",
        "calls": "call",
        "recordings": "recording",
        "phone": "phone",
    }
    path = route.path.replace("<run_id:int>", str(ids["run"])).replace("<delivery:int>", str(ids["delivery"]))
    path = path.replace("<note:int>", str(ids["note"])).replace("<month>", "2026-10")
    return path.replace("<id:int>", str(ids.get(kinds.get(path.split("/")[2], ""), 1)))


def ask(browser: Browser, route: Route, path: str, **more: Any) -> requests.Response:
    more.setdefault("json", BODIES[name_of(route)] if route.method != "GET" else None)
    if route.raw:
        more.pop("json")
        more["files"] = {"file": ("a.txt", b"Total 12.00 EUR")}
    return browser.call(route.method, path, **more)


def same_for_all(answer: requests.Response, status: int) -> None:
    """The one error shape, and nothing of Alice's."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert body["success"] is False
    assert body["error"]
    assert body["code"].isidentifier()
    assert MARK.lower() not in answer.text.lower()


def test_every_writing_route_is_walked() -> None:
    writing = {name_of(route) for route in GUARDED if route.method != "GET"}
    assert writing == set(BODIES)


@pytest.mark.parametrize("route", GUARDED, ids=name_of)
def test_nobody_gets_nothing(site: Web, alice: dict[str, Any], route: Route) -> None:
    nobody = Browser(site)
    same_for_all(ask(nobody, route, address(route, alice)), 401)
    same_for_all(ask(nobody, route, address(route, alice), headers={"Cookie": "prosaas=guess"}), 401)


@pytest.mark.parametrize("route", GUARDED, ids=name_of)
@pytest.mark.parametrize("token", ["prosaas_wrong", "", "prosaas_" + "a" * 43])
def test_a_wrong_token_gets_nothing(site: Web, alice: dict[str, Any], route: Route, token: str) -> None:
    same_for_all(ask(Script(site, token), route, address(route, alice)), 401)


@pytest.mark.parametrize("route", [route for route in TENANT if ":int>" in route.path], ids=name_of)
def test_anothers_thing_is_as_missing_as_one_that_never_was(bob: Browser, alice: dict[str, Any], route: Route) -> None:
    foreign = ask(bob, route, address(route, alice), headers={"If-Match": '"1"'})
    missing = ask(bob, route, address(route, dict.fromkeys(alice, 999_999_999)), headers={"If-Match": '"1"'})
    same_for_all(foreign, 404)
    same_for_all(missing, 404)
    assert foreign.content == missing.content


@pytest.mark.parametrize("route", TENANT, ids=name_of)
def test_naming_anothers_business_is_a_404(site: Web, bob: Browser, alice: dict[str, Any], route: Route) -> None:
    slug = alice["business"].slug
    for more in ({"headers": {"X-Business": slug}}, {"params": {"b": slug}, "headers": {"X-Business": ""}}):
        same_for_all(ask(bob, route, address(route, alice), **more), 404)
    script = site.script(models.Business.get(models.Business.slug == bob.slug), "owner")
    same_for_all(ask(script, route, address(route, alice), headers={"X-Business": slug}), 404)


@pytest.mark.parametrize("route", [route for route in GUARDED if not route.parameters], ids=name_of)
def test_no_answer_holds_a_byte_of_another_tenant(site: Web, alice: dict[str, Any], route: Route) -> None:
    stranger = site.browser(site.business())
    answer = ask(stranger, route, route.path)
    assert MARK.lower() not in answer.text.lower()
    assert answer.status_code != 500


@pytest.mark.parametrize("name", ELSEWHERE)
def test_anothers_id_in_a_query_or_body_finds_nothing(bob: Browser, alice: dict[str, Any], name: str) -> None:
    where, field, kind = ELSEWHERE[name]
    route = next(one for one in API if name_of(one) == name)
    if where == "query":
        answer = ask(bob, route, route.path, params={field: alice[kind]})
    elif where == "ids":
        body = {"ids": [alice[kind]], "action": "delete"} if "action" in BODIES[name] else {"ids": [alice[kind]]}
        answer = ask(bob, route, route.path, json=body)
        assert answer.json().get("changed", 0) == 0
    else:
        answer = ask(bob, route, route.path, json={**BODIES[name], field: alice[kind]})
    assert answer.status_code in {200, 404}
    assert MARK.lower() not in answer.text.lower()
    assert answer.status_code == 404 or answer.json().get("items", []) == []


def test_anothers_document_is_not_shown_through_ones_own_receipt(site: Web, alice: dict[str, Any]) -> None:
    business = site.business()
    own = receipt(business)
    document = models.Document.get(models.Document.business == alice["business"])
    for kind in ("original", "preview", "pdf", "thumbnail"):
        answer = site.script(business).get(f"/api/receipts/{own.id}/{kind}?document={document.id}")
        same_for_all(answer, 404)


@pytest.mark.parametrize("route", TENANT, ids=name_of)
def test_a_smaller_role_is_refused(site: Web, alice: dict[str, Any], route: Route) -> None:
    for role in ROLES[: ROLES.index(route.role)]:
        answer = ask(site.script(alice["business"], role), route, address(route, alice))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.fixture(scope="module")
def staff(site: Web) -> dict[str, Browser]:
    """A person of each role in a business of their own."""
    business = site.business(name="Everybody's")
    return {role: site.browser(business, role) for role in ROLES}


@pytest.mark.parametrize("route", TENANT, ids=name_of)
def test_each_role_may_do_just_what_the_table_says(
    staff: dict[str, Browser], alice: dict[str, Any], route: Route
) -> None:
    """With nothing's ids, then with those of another tenant."""
    headers = {"If-Match": '"1"'}
    for role, browser in staff.items():
        allowed = may(route.role, role)
        answer = ask(browser, route, address(route, dict.fromkeys(alice, 999_999_999)), headers=headers)
        told = {} if answer.ok or not answer.content.startswith(b"{") else answer.json()
        refused = (answer.status_code, told.get("code"), told.get("needs")) == (403, "forbidden", route.role)
        assert (answer.status_code not in {401, 403, 500}) if allowed else refused, (role, answer.text[:200])
        if ":int>" in route.path:
            same_for_all(ask(browser, route, address(route, alice), headers=headers), 404 if allowed else 403)


@pytest.mark.parametrize("route", [route for route in GUARDED if route.role == OPERATOR], ids=name_of)
def test_an_owner_is_no_operator(site: Web, bob: Browser, route: Route) -> None:
    same_for_all(ask(bob, route, route.path), 403)
    assert ask(site.browser(operator=True), route, route.path).status_code == 200
    business = models.Business.get(models.Business.slug == bob.slug)
    assert ask(site.script(business, "owner"), route, route.path).status_code == 403
    operator = Script(site, people.new_token(business, "watch", operator=True))
    assert ask(operator, route, route.path).status_code == 200


@pytest.mark.parametrize("route", [route for route in GUARDED if route.method != "GET"], ids=name_of)
def test_a_browsers_write_needs_the_csrf_header_and_our_own_origin(
    site: Web, bob: Browser, alice: dict[str, Any], route: Route
) -> None:
    path = address(route, alice)
    for headers in (
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "guess"},
        {"X-CSRF-Token": "é"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        answer = ask(bob, route, path, headers={name: value.encode() for name, value in headers.items()})
        assert (answer.status_code, answer.json()["code"]) == (403, "bad_csrf"), headers


def test_nothing_of_alices_was_changed_by_the_walk(alice: dict[str, Any]) -> None:
    row = models.Receipt.get_by_id(alice["receipt"])
    assert (row.version, row.deleted_at, row.vendor, row.note) == (1, None, MARK, MARK)
    assert models.SyncRun.get_by_id(alice["run"]).status == "running"
    assert models.ApiToken.get_or_none(models.ApiToken.id == alice["token"]) is not None
    assert models.Mailbox.get_by_id(alice["mailbox"]).status == "connected"
    assert models.Membership.get(models.Membership.user == alice["user"]).role == "owner"
    assert models.Business.get_by_id(alice["business"].id).name == f"{MARK} Ltd"
    assert models.Mail.get_by_id(alice["mail"]).outcome == "receipt"
    assert models.SenderRule.get_or_none(models.SenderRule.id == alice["sender"]) is not None
    assert models.Endpoint.get_by_id(alice["webhook"]).active
    assert models.Delivery.get_by_id(alice["delivery"]).tries == 0
    assert models.SavedView.get_or_none(models.SavedView.id == alice["view"]) is not None
    contact = models.Contact.get_by_id(alice["contact"])
    assert (contact.version, contact.deleted_at, contact.notes) == (1, None, "")
    assert models.ContactNote.get_or_none(models.ContactNote.id == alice["note"]) is not None
    assert models.Task.get_by_id(alice["task"]).done_at is None
    assert not models.AlertRead.select().where(models.AlertRead.alert == alice["alert"]).exists()


def test_alice_herself_reaches_everything_that_she_may(site: Web, alice: dict[str, Any]) -> None:
    """The walk would prove nothing if these addresses led nowhere."""
    script: Script = alice["script"]
    for route in TENANT:
        if (
            route.method == "GET"
            and route.role != "owner"
            and "start" not in route.path
            and "greeting" not in route.path
            and "views" not in route.path
            and "choices" not in route.path  # a person's
        ):
            answer = script.get(address(route, alice))
            # The files themselves are not there, which is said only to whoever may have them.
            files = {"original", "preview", "pdf", "thumbnail", "words", "sound", "file"}
            missing = answer.status_code == 404 and route.path.rpartition("/")[2] in files
            good = missing and answer.json()["code"] in {"blob_missing", "no_document"}
            assert answer.status_code == 200 or good, (route.path, answer.text)


def test_a_token_of_yesterdays_role_does_nothing_after_it_was_ended(site: Web) -> None:
    business = site.business()
    row, token = people.add_token(business, "old", "owner")
    script = Script(site, token)
    assert script.get("/api/receipts").status_code == 200
    assert site.browser(business).delete(f"/api/tokens/{row.id}").status_code == 204
    assert script.get("/api/receipts").status_code == 401


def test_an_ended_session_and_an_old_one_are_signed_out(site: Web) -> None:
    browser = site.browser(site.business())
    models.Session.update(expires_at=clock.now() - datetime.timedelta(seconds=1)).execute()
    assert browser.get("/api/me").status_code == 401
    again = site.browser(site.business())
    assert again.delete("/api/session").status_code == 204
    assert again.get("/api/me").status_code == 401
