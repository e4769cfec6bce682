"""Contacts: recognised from receipts and callers, merged and taken apart, their timeline, and files of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import models
from store import contact_keys as keys
from store import contacts, events
from tests.support.web import Browser, Web, receipt, serving


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture
def owner(site: Web) -> Browser:
    return site.browser(site.business())


def business_of(browser: Browser) -> models.Business:
    return models.Business.get(models.Business.slug == browser.slug)


def arrives(business: models.Business, **values: Any) -> models.Receipt:
    """A receipt as an intake makes it."""
    row = receipt(business, **values)
    with models.write():
        events.receipt_created(row)
    return row


def names(browser: Browser, query: str = "") -> list[str]:
    return [one["name"] for one in browser.get(f"/api/contacts{query}").json()["items"]]


def test_a_new_vendors_receipt_becomes_a_contact_with_its_receipt_in_the_timeline(owner: Browser) -> None:
    row = arrives(business_of(owner), vendor="Café Alma", vendor_tax_id="51-234567-8")
    found = owner.get("/api/contacts").json()["items"]
    assert [(one["name"], one["kind"], one["tax_id"], one["source"]) for one in found] == [
        ("Café Alma", "vendor", "51-234567-8", "receipt")
    ]
    timeline = owner.get(f"/api/contacts/{found[0]['id']}/timeline").json()["items"]
    assert [(one["type"], one["id"], one["total"]["text"]) for one in timeline] == [("receipt", row.id, "184.00")]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"vendor": "Alma", "vendor_tax_id": "512345678"}, {"vendor": "אלמה", "vendor_tax_id": "51-234567-8"}, True),
        ({"vendor": "Café Alma Ltd."}, {"vendor": "CAFE ALMA"}, True),
        ({"vendor": 'אלמה בע"מ'}, {"vendor": "אלמה"}, True),
        ({"vendor": "Alma", "vendor_tax_id": "512345678"}, {"vendor": "Alma", "vendor_tax_id": "599999999"}, False),
        ({"vendor": "Alma"}, {"vendor": "Beta"}, False),
        ({"vendor": "Alma Coffee", "from": "a@alma.example"}, {"vendor": "Alma", "from": "b@mail.alma.example"}, True),
        ({"vendor": "אלמה", "from": "a@alma.example"}, {"vendor": "Alma", "from": "a@alma.example"}, True),
        ({"vendor": "Alma", "from": "no@billing.example"}, {"vendor": "Beta", "from": "no@billing.example"}, False),
        ({"vendor": "Alma", "from": "alma@gmail.com"}, {"vendor": "Alma Two", "from": "other@gmail.com"}, False),
    ],
)
def test_receipts_of_one_vendor_find_the_same_contact(
    owner: Browser, first: dict[str, str], second: dict[str, str], same: bool
) -> None:
    business = business_of(owner)
    for one in (first, second):
        values = dict(one)
        arrives(business, mail={"from_address": values.pop("from", "x@gmail.com")}, **values)
    assert len(names(owner)) == (1 if same else 2)


def test_a_corrected_vendor_corrects_the_contact_that_its_receipt_made(owner: Browser) -> None:
    business = business_of(owner)
    row = arrives(business, vendor="C4fe A1ma")
    assert owner.patch(f"/api/receipts/{row.id}", {"vendor": "Café Alma"}, version=1).status_code == 200
    assert names(owner) == ["Café Alma"]
    # Once a person has touched it, it is theirs: the next correction looks for another one.
    contact = owner.get("/api/contacts").json()["items"][0]
    assert owner.patch(f"/api/contacts/{contact['id']}", {"notes": "good coffee"}).status_code == 200
    assert owner.patch(f"/api/receipts/{row.id}", {"vendor": "Bakery"}, version=2).status_code == 200
    assert names(owner) == ["Bakery", "Café Alma"]
    assert owner.patch(f"/api/receipts/{row.id}", {"vendor": "Café Alma"}, version=3).status_code == 200
    assert names(owner) == ["Café Alma"]


def test_what_is_no_receipt_leaves_no_contact_behind(owner: Browser) -> None:
    row = arrives(business_of(owner), vendor="Newsletter")
    assert names(owner) == ["Newsletter"]
    assert owner.patch(f"/api/receipts/{row.id}", {"status": "not_receipt"}, version=1).status_code == 200
    assert names(owner) == []
    assert owner.patch(f"/api/receipts/{row.id}", {"status": "ready"}, version=2).status_code == 200
    assert names(owner) == ["Newsletter"]


@pytest.mark.parametrize(
    ("country", "written", "kept"),
    [
        ("IL", "03-123-4567", "+97231234567"),
        ("IL", "054 765 4321", "+972547654321"),
        ("DE", "030 1234567", "+49301234567"),
        ("US", "(212) 555-0123", "+12125550123"),
        ("FR", "01 23 45 67 89", "+33123456789"),
        ("JP", "03-1234-5678", "+81312345678"),
        ("IL", "+44 20 7946 0958", "+442079460958"),
        ("IL", "٠٣١٢٣٤٥٦٧", "+97231234567"),
    ],
)
def test_phones_of_all_lands_are_kept_one_way(country: str, written: str, kept: str) -> None:
    assert keys.phone(written, country) == kept


def test_a_caller_is_recognised_by_number_and_a_stranger_becomes_a_lead(owner: Browser) -> None:
    business = business_of(owner)
    made = owner.post("/api/contacts", {"name": "דנה לוי", "form": "person", "phones": ["054-765-4321"]})
    assert made.status_code == 201
    assert contacts.match_phone(business.id, "+972547654321") == made.json()["id"]
    assert contacts.of_caller(business.id, "+972547654321") == made.json()["id"]
    stranger = contacts.of_caller(business.id, "+442079460958")
    assert contacts.of_caller(business.id, "+442079460958") == stranger
    told = owner.get(f"/api/contacts/{stranger}").json()
    assert (told["name"], told["kind"], told["source"]) == ("+442079460958", "lead", "call")
    other = models.Business.create(slug=f"x{business.id}", name="X")
    assert contacts.match_phone(other.id, "+972547654321") is None


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"name": " "}, "bad_value"),
        ({"name": "A", "phones": ["12"]}, "bad_phone"),
        ({"name": "A", "emails": ["nobody"]}, "bad_email"),
        ({"name": "A", "kind": "king"}, "bad_value"),
        ({}, "field_missing"),
        ({"name": "A", "phones": "03-1234567"}, "bad_value"),
        ({"name": "A", "colour": "red"}, "unknown_field"),
    ],
)
def test_what_cannot_be_is_refused_in_words(owner: Browser, values: dict[str, Any], code: str) -> None:
    answer = owner.post("/api/contacts", values)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert names(owner) == []


def test_two_who_are_one_are_merged_and_taken_apart_again(owner: Browser) -> None:
    business = business_of(owner)
    first = arrives(business, vendor="Alma Coffee")
    second = arrives(business, vendor="קפה אלמה", vendor_tax_id="512345678")
    coffee, alma = sorted(owner.get("/api/contacts").json()["items"], key=lambda one: str(one["id"]))
    task = owner.post("/api/tasks", {"title": "Ask for a copy", "contact_id": alma["id"]}).json()
    merged = owner.post(f"/api/contacts/{coffee['id']}/merge", {"other": alma["id"]}).json()
    assert (merged["contact"]["tax_id"], names(owner)) == ("512345678", ["Alma Coffee"])
    entries = owner.get(f"/api/contacts/{coffee['id']}/timeline").json()["items"]
    assert sorted((one["type"], one["id"]) for one in entries) == [
        ("receipt", first.id), ("receipt", second.id), ("task", task["id"])
    ]  # fmt: skip
    third = arrives(business, vendor="Whoever", vendor_tax_id="512345678")  # known by what the other one brought
    assert names(owner) == ["Alma Coffee"]
    assert owner.get(f"/api/contacts/{alma['id']}").json()["merged_into"] == coffee["id"]
    back = owner.post(f"/api/contacts/{coffee['id']}/unmerge", {"merge": merged["merge"]})
    assert back.status_code == 200
    assert back.json()["contact"]["tax_id"] is None
    assert names(owner) == ["Alma Coffee", "קפה אלמה"]
    theirs = owner.get(f"/api/contacts/{alma['id']}/timeline").json()["items"]
    assert sorted((one["type"], one["id"]) for one in theirs) == [("receipt", second.id), ("task", task["id"])]
    ours = owner.get(f"/api/contacts/{coffee['id']}/timeline").json()["items"]
    assert sorted(one["id"] for one in ours) == [first.id, third.id]
    assert owner.post(f"/api/contacts/{coffee['id']}/unmerge", {"merge": merged["merge"]}).status_code == 404
    assert owner.post(f"/api/contacts/{coffee['id']}/merge", {"other": coffee["id"]}).json()["code"] == "same"


def test_a_change_over_anothers_change_is_refused_with_theirs(owner: Browser) -> None:
    one = owner.post("/api/contacts", {"name": "Alma"}).json()
    assert owner.patch(f"/api/contacts/{one['id']}", {"notes": "a"}, version=one["version"]).status_code == 200
    late = owner.patch(f"/api/contacts/{one['id']}", {"notes": "b"}, version=one["version"])
    assert (late.status_code, late.json()["theirs"]["notes"]) == (409, "a")


def test_a_contact_put_away_recognises_nothing_and_can_be_taken_back(owner: Browser) -> None:
    one = owner.post("/api/contacts", {"name": "Alma", "phones": ["03-1234567"]}).json()
    assert owner.delete(f"/api/contacts/{one['id']}").status_code == 204
    assert contacts.match_phone(business_of(owner).id, "+97231234567") is None
    assert (names(owner), names(owner, "?deleted=1")) == ([], ["Alma"])
    assert owner.post(f"/api/contacts/{one['id']}/restore").status_code == 200
    assert contacts.match_phone(business_of(owner).id, "+97231234567") == one["id"]


def test_a_list_is_walked_page_by_page_in_the_order_of_names(owner: Browser) -> None:
    for name in ("beta", "Alma", "גמא", "alma", "Zeta"):
        owner.post("/api/contacts", {"name": name})
    for sort, wanted in (("name", ["Alma", "alma", "beta", "Zeta", "גמא"]), ("-created", ["Zeta", "alma", "גמא"])):
        seen: list[str] = []
        cursor = ""
        while cursor is not None:
            page = owner.get(f"/api/contacts?limit=2&sort={sort}&cursor={cursor}").json()
            seen += [one["name"] for one in page["items"]]
            cursor = page["next_cursor"]
        assert seen[: len(wanted)] == wanted
        assert len(seen) == 5
    assert owner.get("/api/contacts?cursor=nonsense").json()["code"] == "bad_cursor"


def test_one_search_finds_receipts_contacts_tasks_and_mails(owner: Browser, site: Web) -> None:
    business = business_of(owner)
    arrives(business, vendor="Zanzibar Spices", mail={"subject": "Zanzibar order"})
    owner.post("/api/tasks", {"title": "Pay Zanzibar"})
    owner.post("/api/contacts", {"name": "דנה לוי", "phones": ["054-765-4321"], "tags": ["vip"]})
    found = owner.get("/api/search?q=zanz").json()["items"]
    assert [one["type"] for one in found] == ["receipt", "contact", "task", "mail"]
    for typed in ("דנ", "054-765", "0547654321", "+972 54 765 4321", "vip", "לוי דנה"):
        assert [one["title"] for one in owner.get("/api/search", params={"q": typed}).json()["items"]] == ["דנה לוי"]
        assert names(owner, f"?q={typed.replace('+', '%2B')}") == ["דנה לוי"], typed
    assert owner.get("/api/search?q=").json()["items"] == []
    assert site.browser(site.business()).get("/api/search?q=zanz").json()["items"] == []


def test_contacts_go_out_and_come_back_as_csv_and_as_vcards(owner: Browser, site: Web) -> None:
    wanted = [
        {"name": '=HYPERLINK("x")', "kind": "vendor", "form": "company", "phones": ["+97231234567"],
         "notes": "a,b;c\nd"},
        {"name": "דנה לוי, בע\"מ", "kind": "customer", "form": "person", "company": "Levi; Sons",
         "emails": ["dana@levi.example", "d@levi.example"], "tags": ["vip", "north"], "tax_id": "512345678",
         "address": "רחוב הרצל 1\nתל אביב"},
    ]  # fmt: skip
    for one in wanted:
        assert owner.post("/api/contacts", one).status_code == 201
    before = owner.get("/api/contacts").json()["items"]
    for kind in ("csv", "vcf"):
        file = owner.get(f"/api/contacts/file?format={kind}")
        assert file.headers["Content-Disposition"].endswith(f'contacts.{kind}"')
        assert kind != "csv" or b"\n=HYP" not in file.content
        assert kind != "vcf" or all(len(line) <= 75 for line in file.content.split(b"\r\n"))
        again = owner.post("/api/contacts/file", files={"file": ("contacts", file.content)}).json()
        assert (again["added"], again["updated"], again["unchanged"], again["faults"]) == (0, 0, 2, [])
        other = site.browser(site.business())
        taken = other.post("/api/contacts/file", files={"file": ("contacts", file.content)}).json()
        assert (taken["added"], taken["faults"]) == (2, [])
        there = other.get("/api/contacts").json()["items"]
        plain = ("name", "kind", "form", "company", "tax_id", "phones", "emails", "notes", "tags")
        assert [[one[name] for name in plain] for one in there] == [[one[name] for name in plain] for one in before]


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        (
            b"Given Name,Family Name,E-mail 1 - Value,Phone 1 - Value\r\nDana,Levi,dana@levi.example,054-7654321\r\n",
            ("Dana Levi", ["dana@levi.example"], ["+972547654321"]),
        ),
        ("שם;טלפון\r\nדנה;054-7654321".encode("cp1255"), ("דנה", [], ["+972547654321"])),
        (
            b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D7=9C=D7=95=D7=99;=D7=93=D7=A0=D7=94\r\n"
            b"TEL;CELL:054-765-4321\r\nEND:VCARD\r\n",
            ("דנה לוי", [], ["+972547654321"]),
        ),
        (
            b"BEGIN:VCARD\nVERSION:3.0\nFN:Dana\n  Levi\nitem1.EMAIL;TYPE=INTERNET:Dana@Levi.example\n"
            b"END:VCARD",
            ("Dana Levi", ["dana@levi.example"], []),
        ),
    ],
)  # fmt: skip
def test_files_of_other_programs_are_understood(owner: Browser, file: bytes, wanted: tuple[object, ...]) -> None:
    answer = owner.post("/api/contacts/file", files={"file": ("file", file)})
    assert answer.status_code == 200, answer.text
    one = owner.get("/api/contacts").json()["items"][0]
    assert (one["name"], one["emails"], one["phones"]) == wanted


@pytest.mark.parametrize("file", [b"", b"\0\0\0", b"a,b\n1,2", b"BEGIN:VCARD\nEND:VCARD", b"name\n", b'"name\n'])
def test_a_file_that_holds_no_contacts_says_so(owner: Browser, file: bytes) -> None:
    answer = owner.post("/api/contacts/file", files={"file": ("file", file)})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_contacts")


def test_a_bad_line_is_named_and_the_others_are_taken(owner: Browser) -> None:
    file = b"name,phones,emails\nDana,nonsense,dana@levi.example\nAvi,03-1234567,nobody\n"
    told = owner.post("/api/contacts/file", files={"file": ("file", file)}).json()
    assert (told["added"], [(one["number"], one["name"]) for one in told["faults"]]) == (2, [(1, "Dana"), (2, "Avi")])


def test_tasks_are_listed_by_day_and_done(owner: Browser) -> None:
    later = owner.post("/api/tasks", {"title": "Later", "due_on": "2099-01-02"}).json()
    never = owner.post("/api/tasks", {"title": "Some day"}).json()
    old = owner.post("/api/tasks", {"title": "Old", "due_on": "2020-01-02"}).json()
    titles = [one["title"] for one in owner.get("/api/tasks").json()["items"]]
    assert titles == ["Old", "Later", "Some day"]
    assert owner.get("/api/tasks/counts").json() == {"open": 3, "due": 1}
    assert [one["id"] for one in owner.get("/api/tasks?state=overdue").json()["items"]] == [old["id"]]
    done = owner.patch(f"/api/tasks/{never['id']}", {"done": True}).json()
    assert done["done_at"]
    assert [one["id"] for one in owner.get("/api/tasks?state=done").json()["items"]] == [never["id"]]
    assert owner.patch(f"/api/tasks/{never['id']}", {"done": False}).json()["done_at"] is None
    assert owner.delete(f"/api/tasks/{later['id']}").status_code == 204
    assert owner.get(f"/api/tasks/{later['id']}").status_code == 404
    pages: list[int] = []
    cursor = ""
    while cursor is not None:
        page = owner.get(f"/api/tasks?limit=1&cursor={cursor}").json()
        pages += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert pages == [old["id"], never["id"]]


def test_a_new_contact_is_told_to_the_outside_world(owner: Browser) -> None:
    business = business_of(owner)
    models.Endpoint.create(business=business, url="https://hook.example/", secret="s", events=["contact.created"])
    owner.post("/api/contacts", {"name": "Alma"})
    arrives(business, vendor="Beta")
    told = models.Event.select().where(models.Event.business == business).order_by(models.Event.sequence)
    assert [(one.type, one.data["contact"]["name"]) for one in told] == [
        ("contact.created", "Alma"), ("contact.created", "Beta")
    ]  # fmt: skip
