"""The OAuth addresses: authorization with its consent page, token, revoke."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from demo.standin.api import refused_answer, rendered
from demo.standin.call import Answer, Request
from demo.standin.consent import error_page, page
from demo.standin.faults import REFUSED, Rule
from demo.standin.oauth import REASONS, oauth_error
from demo.standin.refusals import Refusal

if TYPE_CHECKING:
    from demo.standin.world import World

_NO_STORE = {"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate", "Pragma": "no-cache"}
_JSON = {"Content-Type": "application/json; charset=utf-8", **_NO_STORE}
_HTML = {"Content-Type": "text/html; charset=utf-8", **_NO_STORE}


class Front:
    """Answers what comes in at the three OAuth addresses."""

    def __init__(self, world: World) -> None:
        self.world = world

    def authorize(self, request: Request) -> Answer:
        """GET shows the page; POST decides: approve unless `decision=deny`, all scopes unless some are unticked."""
        form = _form(request) if request.verb == "POST" else {}
        asked = {name: values[-1] for name, values in {**form, **request.query}.items()}
        answer = self._authorize(request, form, asked)
        self._note("consent", asked.get("client_id", ""), answer)
        return answer

    def token(self, request: Request) -> Answer:
        """A form for tokens."""
        form = {name: values[-1] for name, values in _form(request).items()}
        scheme, _, basic = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            client, _, secret = _unpacked(basic).partition(":")
            form |= {"client_id": unquote(client), "client_secret": unquote(secret)}
        rule = self.world.faults.strike("token", "", in_batch=False, now=self.world.clock.now())
        self.world.delay()
        try:
            if request.verb != "POST":
                raise oauth_error(405, "invalid_request", "Only POST is allowed.")
            self._strike(rule, form)
            answer = Answer(200, rendered(self.world.oauth.token(form)), dict(_JSON))
        except Refusal as refused:
            answer = refused_answer(refused, request)
        if rule is not None and rule.spoils():
            answer.fault = rule
        self._note("token", form.get("grant_type", ""), answer, rule)
        return answer

    def certs(self, request: Request) -> Answer:
        """The keys that id tokens are signed with."""
        answer = Answer(200, rendered(self.world.oauth.identities.certs()), dict(_JSON))
        self._note("certs", request.verb, answer)
        return answer

    def revoke(self, request: Request) -> Answer:
        """A token to be dropped, with all else that the user allowed the client."""
        given = {**request.query, **_form(request)}
        rule = self.world.faults.strike("revoke", "", in_batch=False, now=self.world.clock.now())
        self.world.delay()
        try:
            if rule is not None and rule.kind in REFUSED:
                raise REFUSED[rule.kind]()
            self.world.oauth.revoke(given.get("token", [""])[-1])
            answer = Answer(200, b"{}\n", dict(_JSON))
        except Refusal as refused:
            answer = refused_answer(refused, request)
        if rule is not None and rule.spoils():
            answer.fault = rule
        self._note("revoke", "", answer, rule)
        return answer

    def _authorize(self, request: Request, form: dict[str, list[str]], asked: dict[str, str]) -> Answer:
        world, terms = self.world, self.world.oauth.terms
        client, target = asked.get("client_id", ""), asked.get("redirect_uri", "")
        if not client or (terms.clients and client not in terms.clients):
            return _broken(401, "invalid_client", "The OAuth client was not found.")
        if terms.redirect_uris and target not in terms.redirect_uris:
            return _broken(400, "redirect_uri_mismatch", "The redirect address is not registered for this client.")
        if urlsplit(target).scheme not in {"http", "https"}:
            return _broken(400, "invalid_request", "Missing required parameter: redirect_uri")
        scopes = asked.get("scope", "").split()
        if asked.get("response_type") != "code" or not scopes:
            missing = "scope" if not scopes else "response_type"
            return _broken(400, "invalid_request", f"Missing required parameter: {missing}")
        if asked.get("code_challenge") and asked.get("code_challenge_method", "plain") != "S256":
            return _broken(400, "invalid_request", "code_challenge_method must be S256.")
        accounts = list(world.mailboxes)
        hint = asked.get("login_hint", "")
        chosen = hint if hint in accounts else accounts[0]
        if request.verb != "POST":
            action = f"{request.path}?{urlencode({k: v[-1] for k, v in request.query.items()})}"
            return Answer(200, page(action, client, accounts, chosen, scopes).encode(), dict(_HTML))
        account = asked.get("account", chosen)
        if account not in accounts:
            return _broken(400, "invalid_request", "There is no such account here.")
        back = {"state": asked["state"]} if "state" in asked else {}
        if asked.get("decision", "approve") == "deny":
            return _redirect(target, {"error": "access_denied"} | back)
        clicked = {"form", "decision"} <= form.keys()  # a browser sends both; a program need not know of boxes
        ticked = form.get("granted", [] if clicked else scopes)
        granted = tuple(scope for scope in scopes if scope in ticked)
        code = world.oauth.code(account, granted, asked)
        return _redirect(target, back | {"code": code, "scope": " ".join(granted)})

    def _strike(self, rule: Rule | None, form: dict[str, str]) -> None:
        if rule is None:
            return
        if rule.kind in REFUSED:
            raise REFUSED[rule.kind]()
        if rule.kind == "token_503":
            raise oauth_error(503, "internal_failure", "Backend Error")
        if rule.kind == "invalid_grant":
            reason = str(rule.param("reason", "revoked"))
            for grant in self.world.oauth.grants:
                if grant.refresh_token and grant.refresh_token == form.get("refresh_token"):
                    self.world.oauth.kill(grant.account, reason if reason in REASONS else "revoked", grant.client_id)
            if form.get("grant_type") != "refresh_token":
                raise oauth_error(400, "invalid_grant", "Bad Request")

    def _note(self, method: str, detail: str, answer: Answer, rule: Rule | None = None) -> None:
        self.world.journal.add(
            at=self.world.clock.now(),
            method=method,
            status=answer.status,
            bytes=len(answer.body),
            fault=rule.kind if rule else "",
            params={"detail": detail} if detail else {},
        )


def _unpacked(basic: str) -> str:
    try:
        return base64.b64decode(basic).decode()
    except ValueError:
        return ""


def _form(request: Request) -> dict[str, list[str]]:
    return parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)


def _redirect(target: str, values: dict[str, str]) -> Answer:
    mark = "&" if urlsplit(target).query else "?"
    return Answer(302, b"", {"Location": f"{target}{mark}{urlencode(values)}", **_NO_STORE})


def _broken(status: int, code: str, sentence: str) -> Answer:
    return Answer(status, error_page("Access blocked: this request is not valid", code, sentence).encode(), dict(_HTML))
