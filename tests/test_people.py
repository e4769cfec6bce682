"""People: invitations, forgotten passwords, the second factor, sessions; businesses and accounts erased."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest

import clock
import models
import tasks
from blobs import FolderBlobs
from errors import Tellable, Temporary
from jobs import adapters, letters
from jobs import work as steps
from jobs.workshop import Workshop
from sources import post
from store import erasure, invitations, people, second_factor, work
from tests.support.post_office import PostOffice, post_office
from tests.support.web import Browser, Web, receipt, serving

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    with post_office() as made:
        yield made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, office: PostOffice) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web"), SMTP_URL=office.url) as web:
        yield web


@pytest.fixture(autouse=True)
def _fresh_tries(site: Web) -> None:
    """Each test has its ten tries of its own."""
    tasks.redis_client(site.config).flushdb()


@pytest.fixture
def owner(site: Web) -> Browser:
    return site.browser(site.business())


def done(site: Web) -> None:
    """Do all background work that waits, as a worker does."""
    nothing: Any = None
    blobs = FolderBlobs(adapters.blob_folder(site.config))
    shop = Workshop(site.config, blobs, nothing, lambda _: True, nothing, lambda: False, nothing)
    for _ in range(100):
        row = models.Work.get_or_none(models.Work.status << work.ACTIVE, models.Work.next_try_at <= clock.now())
        if row is None:
            return
        steps.step(shop, row.id)
    raise AssertionError("the work has no end")


def age(site: Web, *keys: str) -> None:
    """These bytes were kept long ago."""
    for key in keys:
        os.utime(adapters.blob_folder(site.config) / key[:2] / key[2:4] / key, (1, 1))


def token_of(link: str) -> str:
    return link.partition("=")[2]


def person(browser: Browser) -> models.User:
    return models.User.get_by_id(browser.get("/api/me").json()["user"]["id"])


def protect(browser: Browser) -> tuple[pyotp.TOTP, list[str]]:
    """Switch the second factor on; its past codes are usable no more."""
    begun = browser.post("/api/me/factor", {"password": PASSWORD}).json()
    assert begun["picture"].startswith("data:image/svg+xml")
    totp = pyotp.parse_uri(begun["uri"])
    assert isinstance(totp, pyotp.TOTP)
    codes = browser.post("/api/me/factor/confirm", {"code": totp.now()})
    assert codes.status_code == 200, codes.text
    return totp, codes.json()["recovery"]


# -- invitations


def test_somebody_new_joins_by_the_link_that_was_mailed(site: Web, owner: Browser, office: PostOffice) -> None:
    made = owner.post("/api/invitations", {"email": "Ruth@Books.example", "role": "accountant"}).json()
    assert (made["email"], made["role"], made["mailed"]) == ("ruth@books.example", "accountant", True)
    done(site)
    assert office.mails[-1]["To"] == "ruth@books.example"
    token = office.link("invitation")
    assert token == token_of(made["link"])
    ruth = Browser(site, owner.slug)
    offer = ruth.post("/api/invitations/look", {"token": token}).json()
    assert (offer["role"], offer["email"], offer["known"]) == ("accountant", "ruth@books.example", False)
    assert ruth.post("/api/invitations/accept", {"token": token}).json()["code"] == "account_needed"
    joined = ruth.post("/api/invitations/accept", {"token": token, "name": "Ruth", "password": PASSWORD})
    assert [one["role"] for one in joined.json()["me"]["businesses"]] == ["accountant"]
    assert ruth.get("/api/receipts").status_code == 200
    assert ruth.post("/api/contacts", {"name": "x"}).status_code == 403
    assert owner.get("/api/invitations").json()["items"] == []
    again = Browser(site).post("/api/invitations/accept", {"token": token, "name": "Eve", "password": PASSWORD})
    assert (again.status_code, again.json()["code"]) == (404, "bad_invitation")


def test_who_has_an_account_joins_with_it_and_keeps_a_higher_role(site: Web, owner: Browser) -> None:
    noa = site.browser(site.business())
    made = owner.post("/api/invitations", {"email": person(noa).email, "role": "member", "mail": False}).json()
    stranger = Browser(site).post("/api/invitations/accept", {"token": token_of(made["link"]), "password": PASSWORD})
    assert (stranger.status_code, stranger.json()["code"]) == (409, "sign_in_first")
    unmarked = noa.post("/api/invitations/accept", {"token": token_of(made["link"])}, headers={"X-CSRF-Token": "x"})
    assert unmarked.json()["code"] == "bad_csrf"
    joined = noa.post("/api/invitations/accept", {"token": token_of(made["link"])}).json()["me"]["businesses"]
    assert {one["slug"]: one["role"] for one in joined}[owner.slug or ""] == "member"
    row, token = invitations.invite(
        models.Business.get(models.Business.slug == noa.slug).id, "x@y.example", "accountant", None
    )
    assert noa.post("/api/invitations/accept", {"token": token}).status_code == 200
    assert people.tenant(person(noa).id, noa.slug or "").role == "owner"
    assert row.email == "x@y.example"


def test_a_withdrawn_or_old_invitation_opens_nothing(site: Web, owner: Browser) -> None:
    made = owner.post("/api/invitations", {"email": "late@books.example"}).json()
    assert owner.delete(f"/api/invitations/{made['id']}").status_code == 204
    assert Browser(site).post("/api/invitations/look", {"token": token_of(made["link"])}).status_code == 404
    old = owner.post("/api/invitations", {"email": "late@books.example"}).json()
    models.Invitation.update(expires_at=clock.now() - timedelta(seconds=1)).where(
        models.Invitation.id == old["id"]
    ).execute()
    assert Browser(site).post("/api/invitations/look", {"token": token_of(old["link"])}).status_code == 404
    owner_mail = person(owner).email
    assert owner.post("/api/invitations", {"email": owner_mail}).json()["code"] == "member_already"


# -- a forgotten password


def test_a_forgotten_password_is_set_anew_by_mail_and_ends_all_sessions(site: Web, office: PostOffice) -> None:
    browser = site.browser(site.business())
    browser.patch("/api/me", {"password": PASSWORD})
    email = person(browser).email
    done(site)
    before = len(office.mails)
    for address in (email.upper(), "nobody@web.example"):
        told = Browser(site).post("/api/session/forgotten", {"email": address})
        assert (told.status_code, told.json()["message"][:2]) == (202, "If")
    done(site)
    assert [mail["To"] for mail in office.mails[before:]] == [email]
    token = office.link("password")
    short = Browser(site).post("/api/session/password", {"token": token, "password": "short"})
    assert short.status_code == 400
    assert Browser(site).sign_in(f"#token={token}").status_code == 401  # it signs nobody in
    new = {"token": token, "password": "another long password"}
    assert Browser(site).post("/api/session/password", new).status_code == 204
    assert Browser(site).post("/api/session/password", new).json()["code"] == "bad_link"
    assert browser.get("/api/me").status_code == 401
    asked = {"email": email, "password": "another long password"}
    assert Browser(site).post("/api/session", asked).status_code == 200


def test_without_a_mail_server_it_says_who_can_help(tmp_path: Path) -> None:
    with serving(tmp_path) as alone:
        told = Browser(alone).post("/api/session/forgotten", {"email": "noa@kedem.example"})
        assert (told.status_code, told.json()["code"]) == (409, "mail_off")


def test_a_mail_server_that_refuses_ends_it_and_one_that_is_away_is_tried_again(office: PostOffice) -> None:
    for answer, kind, code in (("550 No", Tellable, "mail_refused"), ("451 Later", Temporary, "mail_unreachable")):
        office.answer = answer
        with pytest.raises(kind) as told:
            post.send(office.url, ["noa@kedem.example"], "Hello", "World")
        assert told.value.code == code
    office.answer = ""
    with pytest.raises(Temporary):
        post.send("smtp://127.0.0.1:1", ["noa@kedem.example"], "Hello", "World")
    file = post.Attachment("שלום.pdf", "application/pdf", b"%PDF-")
    post.send(office.url, ["noa@kedem.example"], "שלום\nBcc: eve@evil.example", "תוכן", attachments=[file])
    mail = office.mails[-1]
    assert (mail["Subject"], mail["Bcc"]) == ("שלום Bcc: eve@evil.example", None)
    assert [part.get_filename() for part in mail.iter_attachments()] == ["שלום.pdf"]


# -- the second factor


def test_a_second_factor_is_asked_for_and_no_code_works_twice(site: Web) -> None:
    browser = site.browser(site.business())
    browser.patch("/api/me", {"password": PASSWORD})
    user = person(browser)
    assert browser.post("/api/me/factor", {"password": "wrong"}).json()["code"] == "wrong_password"
    totp, recovery = protect(browser)
    assert browser.get("/api/me").json()["user"]["has_factor"]
    asked = {"email": user.email, "password": PASSWORD}
    needed = Browser(site).post("/api/session", asked)
    assert (needed.status_code, needed.json()["code"]) == (401, "code_needed")
    used = Browser(site).post("/api/session", {**asked, "code": totp.now()})
    assert used.json()["code"] == "bad_code"  # the one that switched it on
    models.User.update(totp_step=0).where(models.User.id == user.id).execute()
    code = totp.now()
    assert Browser(site).post("/api/session", {**asked, "code": code}).status_code == 200
    assert Browser(site).post("/api/session", {**asked, "code": code}).json()["code"] == "bad_code"
    assert Browser(site).post("/api/session", {**asked, "code": recovery[0].upper()}).status_code == 200
    assert Browser(site).post("/api/session", {**asked, "code": recovery[0]}).json()["code"] == "bad_code"
    assert models.User.get_by_id(user.id).totp_secret == totp.secret
    stored = models.db.execute_sql('select totp_secret from "user" where id = ' + str(user.id)).fetchone()[0]
    assert totp.secret not in stored
    assert browser.post("/api/me/factor/off", {"code": "000000"}).status_code == 422
    assert browser.post("/api/me/factor/off", {"code": recovery[1]}).status_code == 204
    assert Browser(site).post("/api/session", asked).status_code == 200


def test_codes_of_long_ago_and_of_another_person_are_refused(site: Web) -> None:
    browser = site.browser(site.business())
    user = person(browser)
    begun = second_factor.begin(user.id)
    totp = pyotp.TOTP(begun.secret)
    for code in (totp.at(clock.now() - timedelta(minutes=5)), pyotp.TOTP(pyotp.random_base32()).now(), "", "abc"):
        with pytest.raises(Tellable, match="code"):
            second_factor.confirm(user.id, code)
    second_factor.confirm(user.id, totp.now())
    with pytest.raises(Tellable, match="already"):
        second_factor.begin(user.id)


# -- sessions


def test_sessions_are_listed_and_ended(site: Web) -> None:
    here = site.browser(site.business())
    user = person(here)
    phone = Browser(site)
    phone.http.headers["User-Agent"] = "Phone/1.0"
    assert phone.sign_in(people.sign_in_link(user, site.config.public_url)).ok
    listed = here.get("/api/me/sessions").json()["items"]
    assert sorted((one["agent"][:8], one["current"]) for one in listed) == [("Phone/1.", False), ("python-r", True)]
    other = site.browser(site.business())
    theirs = next(one["id"] for one in listed if not one["current"])
    assert other.delete(f"/api/me/sessions/{theirs}").status_code == 404
    assert here.delete(f"/api/me/sessions/{theirs}").status_code == 204
    assert phone.get("/api/me").status_code == 401
    assert phone.sign_in(people.sign_in_link(user, site.config.public_url)).ok
    assert here.delete("/api/me/sessions").json() == {"ended": 1}
    assert phone.get("/api/me").status_code == 401
    assert here.get("/api/me").status_code == 200


# -- a business's life, and a person's


def test_a_business_is_made_by_an_owner_and_not_by_an_accountant(site: Web, owner: Browser) -> None:
    made = owner.post("/api/businesses", {"name": "Second Studio", "country": "DE", "base_currency": "EUR"})
    assert (made.status_code, made.json()["base_currency"]) == (201, "EUR")
    assert [one["name"] for one in owner.get("/api/me").json()["businesses"]].count("Second Studio") == 1
    accountant = site.browser(site.business(), "accountant")
    assert accountant.post("/api/businesses", {"name": "Mine"}).status_code == 403


def test_a_business_is_erased_with_all_its_own_and_nothing_of_others(site: Web) -> None:
    blobs = FolderBlobs(adapters.blob_folder(site.config))
    mine, shared = blobs.put(b"only mine"), blobs.put(b"both have it")
    age(site, mine, shared)
    business, other = site.business(name="Erase Me"), site.business()
    browser, neighbour = site.browser(business), site.browser(other)
    for number in range(3):
        receipt(business, document={"sha256": mine}, mail={"raw_sha256": shared, "subject": f"s{number}"})
    kept = receipt(other, document={"sha256": shared})
    browser.post("/api/contacts", {"name": "Alma"})
    script = site.script(business, "owner")
    assert browser.get("/api/business/erase").json()["receipts"] == 3
    wrong = browser.delete("/api/business", json={"name": "Erase"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "not_confirmed")
    assert script.delete("/api/business", json={"name": "Erase Me"}).status_code == 403
    gone = browser.delete("/api/business", json={"name": "Erase Me"})
    assert (gone.status_code, gone.json()["erased"]["receipts"]) == (202, 3)
    assert browser.get("/api/receipts").status_code == 404
    assert script.get("/api/receipts").status_code == 401
    done(site)
    for table in models.TABLES:
        if "business" in table._meta.fields:
            assert not table.select().where(table.business == business.id).exists(), table
    assert models.Business.get_or_none(models.Business.id == business.id) is None
    with pytest.raises(Tellable):
        blobs.get(mine)
    assert blobs.get(shared) == b"both have it"
    assert neighbour.get(f"/api/receipts/{kept.id}").status_code == 200
    told = models.AuditEntry.select().where(models.AuditEntry.action == "business.erased").order_by(
        models.AuditEntry.id.desc()
    ).get()  # fmt: skip
    assert (told.object_id, told.business_id, told.changes["receipts"]) == (business.id, None, [3, 0])


def test_an_account_is_erased_by_its_person_unless_a_business_would_be_orphaned(site: Web) -> None:
    business = site.business()
    browser, other = site.browser(business), site.browser(business)
    user = person(browser)
    assert browser.delete("/api/me", json={"email": "else@web.example"}).json()["code"] == "not_confirmed"
    assert browser.delete("/api/me", json={"email": user.email}).status_code == 204
    assert browser.get("/api/me").status_code == 401
    assert models.User.get_or_none(models.User.id == user.id) is None
    assert other.delete("/api/me", json={"email": person(other).email}).json()["code"] == "last_owner"
    trail = other.get("/api/audit").json()["items"]
    assert [one["action"] for one in trail][:1] == ["member.erased"]


def test_mails_are_forgotten_after_their_time_and_receipts_keep_their_documents(site: Web) -> None:
    blobs = FolderBlobs(adapters.blob_folder(site.config))
    business = site.business()
    browser = site.browser(business)
    keys = {name: blobs.put(name.encode()) for name in ("old mail", "new mail", "its document")}
    age(site, *keys.values())
    long_ago = clock.now() - timedelta(days=100)
    old = receipt(
        business,
        document={"sha256": keys["its document"]},
        mail={"raw_sha256": keys["old mail"], "first_seen_at": long_ago},
    )
    new = receipt(business, mail={"raw_sha256": keys["new mail"]})
    assert browser.patch("/api/business", {"keep_mail_days": 5}).status_code == 400
    assert browser.patch("/api/business", {"keep_mail_days": 90}).json()["keep_mail_days"] == 90
    asked = work.ask("forget_mails", business, slot="2026-11-24")
    assert asked[1]
    done(site)
    assert models.Mail.get_by_id(old.mail_id).raw_sha256 is None
    assert models.Mail.get_by_id(new.mail_id).raw_sha256 == keys["new mail"]
    with pytest.raises(Tellable):
        blobs.get(keys["old mail"])
    assert blobs.get(keys["its document"]) == b"its document"
    assert browser.get(f"/api/mail/{old.mail_id}").status_code == 200


def test_bytes_that_are_kept_anew_meanwhile_are_not_erased(site: Web) -> None:
    blobs = FolderBlobs(adapters.blob_folder(site.config))
    key = blobs.put(b"just came back")
    assert not blobs.forget(key)
    assert blobs.get(key) == b"just came back"
    assert erasure.unused([key]) == [key]


def test_a_task_reminds_whom_it_is_for_once(site: Web, owner: Browser, office: PostOffice) -> None:
    me = owner.get("/api/me").json()["user"]
    past = clock.iso(clock.now() - timedelta(minutes=1))
    made = owner.post("/api/tasks", {"title": "Call Dana", "remind_at": past, "assignee_id": me["id"]}).json()
    owner.post("/api/tasks", {"title": "Later", "remind_at": "2099-01-01T09:00:00Z"})
    done(site)
    before = len(office.mails)
    for _ in range(2):
        list(letters.plan())
        done(site)
    mails = office.mails[before:]
    assert [(mail["To"], mail["Subject"]) for mail in mails] == [(me["email"], "Reminder: Call Dana")]
    assert owner.patch(f"/api/tasks/{made['id']}", {"done": True}).status_code == 200


# -- the trail


def test_every_change_stands_in_the_trail_with_who_and_from_what_to_what(site: Web, owner: Browser) -> None:
    business = models.Business.get(models.Business.slug == owner.slug)
    row = receipt(business)
    owner.patch(f"/api/receipts/{row.id}", {"vendor": "Bakery"}, version=1)
    owner.patch(f"/api/receipts/{row.id}", {"status": "approved"}, version=2)
    script = site.script(business)
    made = script.post("/api/contacts", {"name": "Alma"}).json()
    script.patch(f"/api/contacts/{made['id']}", {"notes": "x"})
    items = owner.get("/api/audit").json()["items"]
    told = [(one["action"], one["actor"].split(":")[0], one["changes"]) for one in items[:5]]
    assert told[0] == ("contact.changed", "token", {"notes": ["", "x"]})
    assert told[1][:2] == ("contact.added", "token")
    assert told[2][0] == "token.added"
    assert told[3] == ("receipt.approved", "user", {"status": ["ready", "approved"]})
    assert told[4] == ("receipt.changed", "user", {"vendor": ["Café Alma", "Bakery"]})
    assert items[3]["actor_name"].startswith("Person")
    one = owner.get(f"/api/audit?object_type=receipt&object_id={row.id}").json()["items"]
    assert [entry["action"] for entry in one] == ["receipt.approved", "receipt.changed"]
    file = owner.get("/api/audit/file").content.decode()
    assert file.startswith("\ufeffid,at,actor")
    assert len(file.splitlines()) == len(owner.get("/api/audit?limit=200").json()["items"]) + 1
    assert script.get("/api/audit").status_code == 403


def test_the_database_refuses_to_alter_the_trail(site: Web, owner: Browser) -> None:
    owner.post("/api/contacts", {"name": "Alma"})
    for change in (models.AuditEntry.update(actor="nobody"), models.AuditEntry.delete()):
        with pytest.raises(Exception, match="never altered"):
            change.execute()


def test_the_trail_tells_no_secret(site: Web, owner: Browser) -> None:
    owner.patch("/api/me", {"password": PASSWORD})
    made = owner.post("/api/tokens", {"name": "n8n"}).json()
    link = owner.post("/api/invitations", {"email": "ruth2@books.example"}).json()["link"]
    rows = str([row.__data__ for row in models.AuditEntry.select()])
    jobs = str([row.__data__ for row in models.Work.select()])
    for secret in (PASSWORD, made["token"], token_of(link)):
        assert secret not in rows
        assert secret not in jobs
