"""The phone's settings: the Twilio account, numbers, what callers meet, and whose messages are filed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import bottle

import clock
from calls import audio, numbers, sounds
from calls.plan import ACTIONS
from errors import Tellable
from models import PhoneNumber, PhonePerson, PhoneSettings
from store import people, phone
from web import answers, files, shapes, values
from web.routing import route
from web.values import Value

if TYPE_CHECKING:
    from web.call import Call

_SOUND_LIMIT = 40_000_000
_SID = re.compile(r"AC[0-9a-fA-F]{32}")
_SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_NUMBER = shapes.obj(id=shapes.WHOLE, number=shapes.TEXT, label=shapes.TEXT)
_PERSON = shapes.obj(id=shapes.WHOLE, number=shapes.TEXT, name=shapes.TEXT)
_PHONE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "numbers": shapes.many(_NUMBER), "people": shapes.many(_PERSON), "webhooks": shapes.FREE,
        "account_sid": shapes.TEXT, "has_token": shapes.BOOL, "default_account": shapes.BOOL,
        "sound": shapes.either(shapes.obj(seconds={"type": "number"})), "transcriber": shapes.BOOL,
        "hours": shapes.FREE, "menu": shapes.many(shapes.FREE), "updated_at": shapes.TIME,
    },
    "required": ["numbers", "people", "webhooks", "account_sid", "has_token", "default_account"],
}  # fmt: skip


def _hours() -> Value:
    """{"0": ["09:00-17:00", …]}: Monday is 0; no day at all is always."""

    def read(raw: Any, name: str) -> dict[str, list[list[int]]]:
        if not isinstance(raw, dict) or len(raw) > 7:
            raise values.fault(name, "must be an object of weekdays 0 (Monday) to 6")
        found: dict[str, list[list[int]]] = {}
        for day, spans in raw.items():
            if day not in {"0", "1", "2", "3", "4", "5", "6"} or not isinstance(spans, list) or len(spans) > 6:
                raise values.fault(name, "must be an object of weekdays 0 (Monday) to 6")
            found[day] = [_span(span, name) for span in spans]
        return found

    days = {str(day): {"type": "array", "items": {"type": "string"}, "maxItems": 6} for day in range(7)}
    usual = {"example": {"6": ["09:00-13:00", "14:00-18:00"]}}
    return Value(read, {"type": "object", "properties": days, "additionalProperties": False, **usual})


def _span(text: Any, name: str) -> list[int]:
    found = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise values.fault(name, "must hold spans like 09:00-17:00")
    start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if not start < end <= 1440:
        raise values.fault(name, "must hold spans that end after they begin")
    return [start, end]


_CHOICE = {
    "digit": values.choice(*"0123456789").needed(),
    "action": values.choice(*ACTIONS).needed(),
    "value": values.text(500),
    "label": values.text(60),
}


def _menu() -> Value:
    """What each digit does."""

    def read(raw: Any, name: str) -> list[dict[str, str]]:
        if not isinstance(raw, list) or len(raw) > 10 or not all(isinstance(one, dict) for one in raw):
            raise values.fault(name, "must be a list of at most ten choices")
        found = [{"value": "", "label": "", **values.read_all(one, _CHOICE)} for one in raw]
        if len({one["digit"] for one in found}) < len(found):
            raise values.fault(name, "names a digit twice")
        return found

    return Value(read, {"type": "array", "items": values.object_schema(_CHOICE), "maxItems": 10})


_BODY = {
    "account_sid": values.text(34, about="AC… of the business's own Twilio account; empty: the installation's"),
    "auth_token": values.text(100, nullable=True, about="kept encrypted and never told; null forgets it"),
    "language": values.choice("", *people.LANGUAGES, about="that callers are spoken to in; empty: the business's"),
    "greeting": values.text(1000),
    "closed": values.text(1000),
    "consent": values.text(500, about="said before anything is recorded"),
    "hours": _hours(),
    "holidays": values.texts(100, 10, about="YYYY-MM-DD"),
    "menu": _menu(),
    "menu_text": values.text(1000),
    "forward": values.texts(10, 40),
    "ring_s": values.whole(5, 120),
    "voicemail": values.yes_no(),
    "stream": values.yes_no(about="off: Twilio records, and we fetch it"),
    "longest_s": values.whole(10, 600),
    "silence_s": values.whole(2, 30),
    "record_calls": values.yes_no(),
    "transcribe": values.yes_no(),
    "anonymous": values.choice("accept", "voicemail", "reject"),
    "blocked": values.texts(500, 40),
    "retention_days": values.whole(0, 3650),
}


@route("GET", "/api/phone", role="member", summary="The phone's settings", answers={200: _PHONE})
def show(call: Call) -> dict[str, Any]:
    """Without the AuthToken, which is never told."""
    return _told(call, phone.settings(call.business_id))


@route("PATCH", "/api/phone", role="owner", summary="Change the phone's settings", body=_BODY, answers={200: _PHONE})
def change(call: Call) -> dict[str, Any]:
    """Only what is given; the calls process knows it within two seconds."""
    body = dict(call.body)
    country = _country(call)
    if body.get("account_sid") and not _SID.fullmatch(body["account_sid"]):
        raise values.fault("account_sid", "must be AC and 32 hexadecimal digits")
    for name in ("forward", "blocked"):
        if name in body:
            body[name] = [_number(one, country) for one in body[name]]
    if "holidays" in body:
        body["holidays"] = sorted({clock.parse_day(one).isoformat() for one in body["holidays"]})
    for one in body.get("menu", ()):
        if one["action"] == "forward":
            one["value"] = _number(one["value"], country)
    return _told(call, phone.change(call.business_id, body))


@route(
    "POST", "/api/phone/numbers", role="owner", summary="Answer another number",
    body={"number": values.text(40, shortest=3).needed(), "label": values.text(60)}, answers={201: _NUMBER},
)  # fmt: skip
def add_number(call: Call) -> bytes:
    """A number belongs to one business."""
    number = _number(call.body["number"], _country(call))
    return answers.json(_number_told(phone.add_number(call.business_id, number, call.body.get("label", ""))), 201)


@route("DELETE", "/api/phone/numbers/<id:int>", role="owner", summary="Answer it no longer", answers={204: None})
def remove_number(call: Call, id: int) -> None:  # noqa: A002
    """Its calls stay."""
    phone.remove_number(call.business_id, id)


@route(
    "POST", "/api/phone/people", role="owner", summary="File the receipts that a number sends",
    body={"number": values.text(40, shortest=3).needed(), "name": values.text(100)}, answers={201: _PERSON},
)  # fmt: skip
def add_person(call: Call) -> bytes:
    """By SMS, MMS or WhatsApp."""
    number = _number(call.body["number"], _country(call))
    return answers.json(_person_told(phone.add_person(call.business_id, number, call.body.get("name", ""))), 201)


@route("DELETE", "/api/phone/people/<id:int>", role="owner", summary="A stranger again", answers={204: None})
def remove_person(call: Call, id: int) -> None:  # noqa: A002
    """What they sent stays."""
    phone.remove_person(call.business_id, id)


@route(
    "POST", "/api/phone/greeting", role="owner", summary="Upload a greeting (the body is a WAV file)", raw=True,
    body_limit=_SOUND_LIMIT, answers={200: _PHONE},
)  # fmt: skip
def upload(call: Call) -> dict[str, Any]:
    """PCM or μ-law, at most two minutes; it is kept as a telephone carries it."""
    made = sounds.telephone(bottle.request.body.read())
    return _told(call, phone.change(call.business_id, {"sound_sha256": call.site.blobs.put(made)}))


@route("DELETE", "/api/phone/greeting", role="owner", summary="Back to the spoken greeting", answers={204: None})
def remove_greeting(call: Call) -> None:
    """The text is spoken again."""
    phone.change(call.business_id, {"sound_sha256": None})


@route("GET", "/api/phone/greeting", role="member", summary="The uploaded greeting", media="audio/wav")
def greeting(call: Call) -> Any:
    """As callers hear it."""
    import io

    key = phone.settings(call.business_id).sound_sha256
    if key is None:
        raise Tellable("not_found", "There is no uploaded greeting.")
    return files.send(io.BytesIO(audio.wav(call.site.blobs.get(key))), media_type="audio/wav", etag=key[:32])


def _country(call: Call) -> str:
    return str(call.business_row.country)


def _number(text: str, country: str) -> str:
    found = numbers.e164(text, country)
    if found is None:
        raise Tellable("bad_number", f"“{text[:40]}” is not a telephone number; write it with its country.")
    return found


def _number_told(row: PhoneNumber) -> dict[str, Any]:
    return {"id": row.id, "number": row.number, "label": row.label}


def _person_told(row: PhonePerson) -> dict[str, Any]:
    return {"id": row.id, "number": row.number, "name": row.name}


def _told(call: Call, row: PhoneSettings) -> dict[str, Any]:
    public, config = call.site.config.public_url, call.site.config
    sound = None
    if row.sound_sha256:
        with call.site.blobs.open(row.sound_sha256) as file:
            sound = {"seconds": round(file.seek(0, 2) / audio.RATE, 1)}
    return {
        **{name: getattr(row, name) for name in phone.PLAIN},
        "hours": {
            day: [f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}" for start, end in spans]
            for day, spans in row.hours.items()
        },
        "has_token": bool(row.auth_token),
        "default_account": bool(config.twilio_auth_token),
        "transcriber": bool(config.transcribe_url),
        "sound": sound,
        "updated_at": clock.iso(row.updated_at),
        "numbers": [_number_told(one) for one in phone.numbers(call.business_id)],
        "people": [_person_told(one) for one in phone.people(call.business_id)],
        "webhooks": {
            "voice": f"{public}/webhook/voice",
            "status": f"{public}/webhook/voice/status",
            "message": f"{public}/webhook/message",
        },
    }
