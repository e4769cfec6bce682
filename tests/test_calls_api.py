"""Calls and the phone's settings over the API: lists, notes, recordings in ranges, blocking, numbers, greetings."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

import models
from calls import audio, tokens
from models import Business, PhoneCall, Recording, Work
from store import contacts, phone
from tests.support.twilio_standin import pcm_wav, sid, speech
from tests.support.web import Web, serving


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture
def home(site: Web) -> Business:
    return site.business()


def _call(home: Business, **values: object) -> PhoneCall:
    base = {"business": home, "sid": sid("CA"), "caller": "+972541234567", "status": "completed", "outcome": "missed"}
    return PhoneCall.create(**{**base, **values})


def _recording(site: Web, call: PhoneCall, sound: bytes) -> Recording:
    from jobs.blob_stores import blob_store

    key = blob_store(site.config).put(audio.wav(sound))
    return Recording.create(
        business=call.business_id, call=call, sid=sid("RE"), kind="stream", state="whole", sha256=key, seconds=1.0
    )


def test_calls_are_listed_newest_first_with_contact_and_what_is_open(site: Web, home: Business) -> None:
    contact = contacts.add(home.id, {"name": "Dana", "phones": ["+972541234567"]})
    first = _call(home, contact_id=contact.id)
    _call(home, caller="+972520000000", outcome="answered", caller_name="Shop")
    leg = _call(home, parent_sid=first.sid)
    browser = site.browser(home, role="member")
    told = browser.get("/api/calls?limit=1").json()
    assert told["open"] == 1
    assert told["items"][0]["from"] == "+972520000000"
    rest = browser.get(f"/api/calls?cursor={told['next_cursor']}").json()
    assert [one["id"] for one in rest["items"]] == [first.id]
    assert rest["items"][0]["contact"] == {"id": contact.id, "name": "Dana"}
    assert leg.id not in [one["id"] for one in rest["items"]]
    for query, wanted in (
        ("open=1", [first.id]), ("outcome=answered", [first.id + 1]), ("q=054-123", [first.id]),
        ("q=shop", [first.id + 1]),
        (f"contact={contact.id}", [first.id]),
    ):  # fmt: skip
        assert [one["id"] for one in browser.get(f"/api/calls?{query}").json()["items"]] == wanted, query


def test_a_caller_who_becomes_a_contact_later_is_known_in_earlier_calls_too(site: Web, home: Business) -> None:
    call = _call(home)
    browser = site.browser(home, role="member")
    assert browser.get(f"/api/calls/{call.id}").json()["contact"] is None
    contact = browser.post("/api/contacts", {"name": "Dana", "phones": ["054-1234567"]}).json()
    told = browser.get(f"/api/calls/{call.id}").json()
    assert told["contact"] == {"id": contact["id"], "name": "Dana"}
    assert [one["id"] for one in browser.get(f"/api/calls?contact={contact['id']}").json()["items"]] == [call.id]


def test_a_missed_call_is_settled_and_a_note_is_not_overwritten_unseen(site: Web, home: Business) -> None:
    call = _call(home)
    browser = site.browser(home, role="member")
    done = browser.patch(f"/api/calls/{call.id}", {"done": True, "note": "Called back", "version": 1}).json()
    assert (done["note"], done["version"], bool(done["done_at"])) == ("Called back", 2, True)
    assert browser.get("/api/calls?open=1").json()["items"] == []
    late = browser.patch(f"/api/calls/{call.id}", {"note": "Other", "version": 1})
    assert (late.status_code, late.json()["code"], late.json()["theirs"]["note"]) == (
        409,
        "version_conflict",
        "Called back",
    )
    back = browser.patch(f"/api/calls/{call.id}", {"done": False}).json()
    assert back["done_at"] is None


def test_a_recording_is_played_in_ranges_and_counts_as_heard(site: Web, home: Business) -> None:
    sound = speech(1.0)
    row = _recording(site, _call(home), sound)
    browser = site.browser(home, role="member")
    path = f"/api/recordings/{row.id}/sound"
    whole = browser.get(path)
    assert whole.content == audio.wav(sound)
    assert whole.headers["Content-Type"] == "audio/wav"
    part = browser.get(path, headers={"Range": "bytes=58-157"})
    assert (part.status_code, part.content) == (206, sound[:100])
    assert part.headers["Content-Range"] == f"bytes 58-157/{len(sound) + 58}"
    assert Recording.get_by_id(row.id).heard_at is not None
    assert browser.get(path + "?form=wav", headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    assert site.browser(home, role="accountant").get(path).status_code == 403


def test_an_erased_recording_is_gone_with_its_bytes(site: Web, home: Business) -> None:
    row = _recording(site, _call(home), speech(0.5))
    assert site.browser(home, role="member").delete(f"/api/recordings/{row.id}").status_code == 403
    owner = site.browser(home)
    assert owner.delete(f"/api/recordings/{row.id}").status_code == 204
    gone = owner.get(f"/api/recordings/{row.id}/sound")
    assert (gone.status_code, gone.json()["code"]) == (404, "no_recording")
    asked = Work.select().where(Work.kind == "erase_files").order_by(Work.id.desc()).first()
    assert asked.args["keys"] == [row.sha256]


def test_a_caller_is_blocked_and_let_in_again(site: Web, home: Business) -> None:
    call, hidden = _call(home), _call(home, caller="")
    owner = site.browser(home)
    assert owner.post(f"/api/calls/{call.id}/block", {"blocked": True}).json()["blocked"] is True
    assert phone.settings(home.id).blocked == ["+972541234567"]
    assert owner.post(f"/api/calls/{call.id}/block", {"blocked": False}).json()["blocked"] is False
    assert owner.post(f"/api/calls/{hidden.id}/block", {"blocked": True}).json()["code"] == "bad_number"


def test_live_calls_are_polled_and_a_ticket_says_who_may_listen(site: Web, home: Business) -> None:
    call = _call(home, status="in-progress", outcome="")
    told = site.browser(home, role="member").get("/api/calls/live").json()
    assert [one["sid"] for one in told["calls"]] == [call.sid]
    for role, listen in (("owner", True), ("member", False)):
        given = site.browser(home, role=role).post("/api/live/ticket", {}).json()
        values = tokens.read(models.derive("calls"), "live", given["ticket"], now=time.time())
        assert values is not None
        assert (values["business"], values["listen"], given["listen"]) == (home.id, listen, listen)
    assert site.script(home, "owner").post("/api/live/ticket", {}).json()["listen"] is False
    trail = site.browser(home, role="owner").get("/api/audit").json()["items"]
    assert not [line for line in trail if "ticket" in str(line)]  # it changes nothing of the business


def test_phone_settings_are_kept_and_the_token_is_never_told(site: Web, home: Business) -> None:
    owner = site.browser(home)
    wanted = {
        "account_sid": "AC" + "a" * 32, "auth_token": "secret-token", "greeting": "שלום", "language": "he",
        "hours": {"0": ["09:00-13:00", "14:00-17:30"]}, "forward": ["054-123 4567"], "holidays": ["2026-12-25"],
        "menu": [{"digit": "1", "action": "forward", "value": "03-555 0100", "label": "Sales"}], "ring_s": 30,
    }  # fmt: skip
    answer = owner.patch("/api/phone", wanted)
    assert answer.ok, answer.text
    told = owner.get("/api/phone").json()
    assert (told["has_token"], told["hours"], told["forward"]) == (True, wanted["hours"], ["+972541234567"])
    assert told["menu"] == [{"digit": "1", "action": "forward", "value": "+97235550100", "label": "Sales"}]
    assert told["webhooks"]["voice"] == f"{site.config.public_url}/webhook/voice"
    assert "secret-token" not in answer.text + str(told)
    owner.post("/api/phone/numbers", {"number": "03-555 0190", "label": "Office"})
    (planned,) = [one for one in phone.plans(("", "")) if one["business_id"] == home.id]
    assert (planned["number"], planned["auth_token"], planned["hours"]) == (
        "+97235550190", "secret-token", {"0": [[540, 780], [840, 1050]]},
    )  # fmt: skip
    assert site.browser(home, role="member").patch("/api/phone", {"ring_s": 9}).status_code == 403


@pytest.mark.parametrize(
    "bad",
    [
        {"hours": {"7": []}}, {"hours": {"0": ["9-17"]}}, {"hours": {"0": ["17:00-09:00"]}}, {"hours": []},
        {"menu": [{"digit": "11", "action": "say"}]}, {"menu": [{"digit": "1", "action": "say"}] * 2}, {"menu": "1"},
        {"forward": ["no number"]}, {"account_sid": "AC1"}, {"holidays": ["tomorrow"]}, {"longest_s": 5},
        {"retention_days": -1}, {"anonymous": "maybe"},
    ],
    ids=str,
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(site: Web, home: Business, bad: dict[str, object]) -> None:
    assert site.browser(home).patch("/api/phone", bad).status_code == 400


def test_a_number_belongs_to_one_business(site: Web, home: Business) -> None:
    owner, other = site.browser(home), site.browser(site.business())
    made = owner.post("/api/phone/numbers", {"number": "+97235550123"})
    assert made.status_code == 201
    taken = other.post("/api/phone/numbers", {"number": "03-5550123"})
    assert (taken.status_code, taken.json()["code"]) == (409, "number_taken")
    assert owner.delete(f"/api/phone/numbers/{made.json()['id']}").status_code == 204
    assert other.post("/api/phone/numbers", {"number": "03-5550123"}).status_code == 201
    person = owner.post("/api/phone/people", {"number": "054-1234567", "name": "Dana"}).json()
    assert person["number"] == "+972541234567"
    assert owner.delete(f"/api/phone/people/{person['id']}").status_code == 204


def test_a_greeting_is_uploaded_heard_and_taken_away(site: Web, home: Business) -> None:
    owner = site.browser(home)
    sound = speech(2.0)
    told = owner.call("POST", "/api/phone/greeting", data=pcm_wav(sound), headers={"Content-Type": "audio/wav"})
    assert told.json()["sound"] == {"seconds": 2.0}
    heard = owner.get("/api/phone/greeting")
    assert (heard.headers["Content-Type"], len(heard.content)) == ("audio/wav", len(sound) + 58)
    bad = owner.call("POST", "/api/phone/greeting", data=b"no sound", headers={"Content-Type": "audio/wav"})
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_sound")
    assert owner.delete("/api/phone/greeting").status_code == 204
    assert owner.get("/api/phone/greeting").status_code == 404
