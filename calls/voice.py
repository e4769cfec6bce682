"""What is answered to Twilio: each webhook's form in, TwiML out, and what happened into the journal."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import clock
from calls import numbers, signature, tokens, words
from calls.live import FINAL, Hub, LiveCall
from calls.plan import Choice, Plan
from calls.ports import Account, Office
from calls.twiml import Reply

Form = Mapping[str, str]
_SID = re.compile(r"[A-Za-z0-9]{1,64}")
_STREAM_LIFE_S = 120  # from the answer to the socket; the greeting that Twilio speaks lies in between
_SOUND_LIFE_S = 900


class Refused(Exception):
    """Not to be believed: 403."""


class Voice:
    """The webhooks of an office."""

    def __init__(self, office: Office, hub: Hub) -> None:
        self.office, self.hub = office, hub

    # -- who calls

    def believe(self, url: str, params: signature.Params, given: str) -> Account:
        """The account that signed; Refused where none did."""
        for account in self.office.directory.accounts():
            if signature.valid((account.token,), url, params, given):
                return account
        raise Refused

    def _plan(self, account: Account, number: str) -> Plan | None:
        """The plan of a number, which must be that account's; a stand-in for it while nothing is known of any."""
        directory = self.office.directory
        plan = directory.plan(number)
        if plan is not None:
            if plan.auth_token != account.token:
                raise Refused
            return plan
        if directory.known:
            return None
        return Plan(business_id=0, number=number, account_sid=account.sid, auth_token=account.token)

    # -- voice

    def incoming(self, account: Account, form: Form, step: str) -> bytes:
        """A call begins, or goes on: after the menu, or after a phone was rung."""
        sid = _sid(form, "CallSid")
        number = numbers.e164(form.get("To", "")) or form.get("To", "")
        plan = self._plan(account, number)
        if plan is None:
            return Reply().reject().xml()
        caller = _caller(form, plan.country)
        call = self.hub.meet(sid, account.sid or form.get("AccountSid", ""), caller, number, plan)
        if call.over:
            return Reply().hangup().xml()
        call.status = "in-progress" if step else form.get("CallStatus", "ringing")
        self._note(call, form, status=call.status, sequence=None)
        if step == "menu":
            return self._chosen(call, form)
        if step == "dialed":
            return self._dialed(call, form)
        return self._first(call, form)

    def _first(self, call: LiveCall, form: Form) -> bytes:
        plan = call.plan
        hidden = numbers.is_hidden(form.get("From", ""))
        if call.caller in plan.blocked:
            return self._turned_away(call, "blocked", Reply().reject())
        if hidden and plan.anonymous == "reject":
            reply = Reply().say(words.say(plan.language, "not_withheld"), words.voice(plan.language)).hangup()
            return self._turned_away(call, "hidden", reply)
        if not plan.is_open(clock.now()) or (hidden and plan.anonymous == "voicemail"):
            return self._voicemail(call, plan.closed or words.say(plan.language, "closed"))
        if plan.menu and not (plan.sound and plan.stream):
            return self._menu(call, again=False)
        if plan.forward and not plan.menu:
            return self._forward(call, plan.forward, plan.consent if plan.record_calls else "")
        return self._voicemail(call, self._greeting(plan))

    def _turned_away(self, call: LiveCall, outcome: str, reply: Reply) -> bytes:
        self._tell(call, {"outcome": outcome})
        self.hub.end(call.sid)
        return reply.xml()

    def _menu(self, call: LiveCall, *, again: bool) -> bytes:
        plan = call.plan
        call.doing = "menu"
        speak, action = words.voice(plan.language), self._url("/webhook/voice?step=menu" + ("&again=1" * again))
        reply = Reply()
        text = f"{'' if again else self._greeting(plan)} {plan.menu_text}".strip()
        reply.gather(action, text, speak, sound=self._sound(plan))
        return reply.redirect(action).xml()

    def _chosen(self, call: LiveCall, form: Form) -> bytes:
        digit = form.get("Digits", "")
        choice = next((one for one in call.plan.menu if one.digit == digit), None)
        if choice is None:
            if form.get("again") or call.doing != "menu":
                return self._voicemail(call, words.say(call.plan.language, "nobody"))
            return self._menu(call, again=True)
        return self._act(call, choice)

    def _act(self, call: LiveCall, choice: Choice) -> bytes:
        plan, speak = call.plan, words.voice(call.plan.language)
        self._tell(call, {"choice": choice.digit})
        if choice.action == "forward":
            return self._forward(call, (choice.value,), plan.consent if plan.record_calls else "")
        if choice.action == "say":
            self._over(call)
            return Reply().say(choice.value, speak).hangup().xml()
        if choice.action == "echo":
            reply = Reply().say(words.say(plan.language, "echo"), speak)
            return self._stream(reply, call, mode="echo").hangup().xml()
        return self._voicemail(call, words.say(plan.language, "nobody") if not choice.value else choice.value)

    def _forward(self, call: LiveCall, to: tuple[str, ...], announce: str) -> bytes:
        plan = call.plan
        call.doing = "forward"
        self._tell(call, {"forwarded_to": ", ".join(to)})
        reply = Reply().say(announce, words.voice(plan.language))
        record = self._url("/webhook/voice/recording") if plan.record_calls else None
        status = self._url("/webhook/voice/status")
        return reply.dial(
            to, self._url("/webhook/voice?step=dialed"), ring_s=plan.ring_s, status=status, record=record
        ).xml()

    def _dialed(self, call: LiveCall, form: Form) -> bytes:
        if form.get("DialCallStatus", "") in {"completed", "answered"}:
            self._tell(call, {"outcome": "answered", "talk_s": _whole(form.get("DialCallDuration"))})
            self._over(call)
            return Reply().hangup().xml()
        return self._voicemail(call, words.say(call.plan.language, "nobody"))

    def _voicemail(self, call: LiveCall, text: str) -> bytes:
        plan, speak = call.plan, words.voice(call.plan.language)
        if not plan.voicemail:
            self._over(call)
            return Reply().say(words.say(plan.language, "no_voicemail"), speak).hangup().xml()
        call.doing = "message"
        reply = Reply()
        streamed_sound = plan.stream and plan.sound and text == self._greeting(plan)
        if not streamed_sound:
            if plan.sound and text == self._greeting(plan):
                reply.play(self._sound(plan))
            else:
                reply.say(text, speak)
        reply.say(plan.consent, speak)
        if not plan.stream:
            return self._record(reply, plan).xml()
        # Should the socket not open, or break, or the message be whole: what comes then is asked behind the stream.
        self._stream(reply, call, mode="greet" if streamed_sound else "message")
        return reply.redirect(self._url("/webhook/voice/stream")).xml()

    def after_stream(self, account: Account, form: Form) -> bytes:
        """The stream is over, or never came to be."""
        if "StreamEvent" in form:
            return self._stream_told(account, form)
        sid = _sid(form, "CallSid")
        number = numbers.e164(form.get("To", "")) or form.get("To", "")
        plan = self._plan(account, number)
        if plan is None:
            return Reply().hangup().xml()
        call = self.hub.meet(sid, account.sid or form.get("AccountSid", ""), _caller(form, plan.country), number, plan)
        speak = words.voice(plan.language)
        chosen = next((one for one in plan.menu if one.digit == call.choice), None) if call.choice else None
        call.choice = ""
        if chosen is not None:
            return self._act(call, chosen)
        if call.message in {"hash", "silence", "full", "hangup"}:
            self._over(call)
            return Reply().say(words.say(plan.language, "thanks"), speak).hangup().xml()
        reply = Reply()
        if call.streams:  # the caller was cut off in the middle
            reply.say(words.say(plan.language, "again"), speak)
        elif plan.sound:
            reply.play(self._sound(plan))
        return self._record(reply, plan).xml()

    def _stream_told(self, account: Account, form: Form) -> bytes:
        if form.get("StreamEvent") == "stream-error":
            self.office.journal.append(
                {
                    "kind": "call",
                    "call_sid": _sid(form, "CallSid"),
                    "account_sid": account.sid or form.get("AccountSid", ""),
                    "at": clock.iso(clock.now()),
                    "stream_error": form.get("StreamError", "")[:300],
                }
            )
        return b""

    def _record(self, reply: Reply, plan: Plan) -> Reply:
        reply.record(self._url("/webhook/voice/recording"), longest_s=plan.longest_s, silence_s=plan.silence_s)
        return reply.say(words.say(plan.language, "thanks"), words.voice(plan.language)).hangup()

    def _stream(self, reply: Reply, call: LiveCall, *, mode: str) -> Reply:
        values = {"call": call.sid, "number": call.number, "account": call.account_sid, "mode": mode}
        token = tokens.issue(self.office.keys[0], "stream", values, expires_at=time.time() + _STREAM_LIFE_S)
        url = re.sub(r"^http", "ws", self.office.public_url) + "/ws/media"
        return reply.stream(url, {"token": token}, status=self._url("/webhook/voice/stream"))

    def status(self, account: Account, form: Form) -> bytes:
        """A call, or a leg of it, moved on."""
        sid = _sid(form, "CallSid")
        status = form.get("CallStatus", "")
        call = self.hub.get(sid)
        if call is not None and not form.get("ParentCallSid") and status:
            if status in FINAL:
                self.hub.end(sid)
            call.status = status
        number = numbers.e164(form.get("To", "")) or form.get("To", "")
        inbound = form.get("Direction", "inbound") == "inbound"
        if inbound and call is None and self.office.directory.known and self._plan(account, number) is None:
            return b""  # of a number that nobody here has
        event = self._event(account.sid or form.get("AccountSid", ""), sid, form)
        event.update(
            status=status,
            sequence=_whole(form.get("SequenceNumber")),
            duration_s=_whole(form.get("CallDuration")),
            parent=_sid(form, "ParentCallSid") if form.get("ParentCallSid") else None,
        )
        self.office.journal.append(event)
        return b""

    def recording(self, account: Account, form: Form) -> bytes:
        """Twilio recorded something: told by the verb's action, and again once the file is there."""
        sid, recording = _sid(form, "CallSid"), form.get("RecordingSid", "")
        status = form.get("RecordingStatus", "")
        if _SID.fullmatch(recording):
            self.office.journal.append(
                {
                    "kind": "recording",
                    "at": clock.iso(clock.now()),
                    "call_sid": sid,
                    "account_sid": account.sid or form.get("AccountSid", ""),
                    "number": numbers.e164(form.get("To", "")) or form.get("To", ""),
                    "caller": _caller(form),
                    "recording_sid": recording,
                    "status": status or "recorded",
                    "duration_s": _whole(form.get("RecordingDuration")),
                    "source": form.get("RecordingSource", "RecordVerb"),
                }
            )
        if status:
            return b""
        call = self.hub.get(sid)
        language = call.plan.language if call is not None else "en"
        if call is not None:
            self._over(call)
        return Reply().say(words.say(language, "thanks"), words.voice(language)).hangup().xml()

    # -- messages

    def message(self, account: Account, form: Form) -> bytes:
        """A message; that of a stranger gets one sentence and leaves no trace."""
        number = numbers.e164(form.get("To", "")) or ""
        plan = self._plan(account, number)
        if plan is None:
            return Reply().xml()
        sender = numbers.e164(form.get("From", ""), plan.country) or ""
        if self.office.directory.known and sender not in plan.people:
            return Reply().message(words.say(plan.language, "stranger")).xml()
        media = [
            {"url": form.get(f"MediaUrl{at}", "")[:1000], "type": form.get(f"MediaContentType{at}", "")[:200]}
            for at in range(min(_whole(form.get("NumMedia")) or 0, 10))
        ]
        self.office.journal.append(
            {
                "kind": "message",
                "at": clock.iso(clock.now()),
                "sid": _sid(form, "MessageSid"),
                "account_sid": account.sid or form.get("AccountSid", ""),
                "business_id": plan.business_id or None,
                "number": number,
                "from": form.get("From", "")[:100],
                "to": form.get("To", "")[:100],
                "body": form.get("Body", "")[:4000],
                "media": media,
            }
        )
        return Reply().xml()

    # -- sounds

    def sound(self, token: str) -> bytes | None:
        """The samples of a sound that a token was issued for."""
        values = tokens.read(self.office.keys, "sound", token, now=time.time())
        return self.office.directory.sound(str(values["key"])) if values else None

    def _sound(self, plan: Plan) -> str:
        """The address of the greeting that was uploaded; empty where none was."""
        if not plan.sound:
            return ""
        token = tokens.issue(self.office.keys[0], "sound", {"key": plan.sound}, expires_at=time.time() + _SOUND_LIFE_S)
        return self._url(f"/webhook/sound/{quote(token)}")

    # -- what all of them need

    def _greeting(self, plan: Plan) -> str:
        if plan.greeting:
            return plan.greeting
        if plan.name:
            return words.say(plan.language, "greeting_named", name=plan.name)
        return words.say(plan.language, "greeting")

    def _url(self, path: str) -> str:
        return self.office.public_url + path

    def _event(self, account_sid: str, sid: str, form: Form) -> dict[str, Any]:
        return {
            "kind": "call",
            "at": clock.iso(clock.now()),
            "call_sid": sid,
            "account_sid": account_sid,
            "caller": _caller(form),
            "number": (numbers.e164(form.get("To", "")) or form.get("To", ""))[:100],
            "direction": form.get("Direction", "inbound")[:40],
            "caller_name": form.get("CallerName", "")[:100],
            "forwarded_from": form.get("ForwardedFrom", "")[:100],
        }

    def _note(self, call: LiveCall, form: Form, **more: Any) -> None:
        event = self._event(call.account_sid, call.sid, form)
        self.office.journal.append({**event, "business_id": call.business_id or None, **more})

    def _tell(self, call: LiveCall, values: Mapping[str, Any]) -> None:
        self.office.journal.append(
            {
                "kind": "call",
                "at": clock.iso(clock.now()),
                "call_sid": call.sid,
                "account_sid": call.account_sid,
                "caller": call.caller,
                "number": call.number,
                "business_id": call.business_id or None,
                **values,
            }
        )

    def _over(self, call: LiveCall) -> None:
        """We hang up: the call is over whether or not Twilio tells of it."""
        self._tell(call, {"status": "completed"})
        self.hub.end(call.sid)


def _sid(form: Form, name: str) -> str:
    value = form.get(name, "")
    if not _SID.fullmatch(value):
        raise Refused
    return value


def _caller(form: Form, country: str = "IL") -> str:
    """E.164 where the number is one; empty where it is withheld; else as it came (a SIP address)."""
    given = form.get("From", "")
    if numbers.is_hidden(given):
        return ""
    return numbers.e164(given, country) or given[:100]


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else None
