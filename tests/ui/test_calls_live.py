"""The live view in real Chromium behind real nginx: a running call is seen over its socket, and heard by the owner."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, expect

from store import people
from tests.support.phone import NUMBER, PERSON, house
from tests.support.processes import free_port, prosaas, running, until
from tests.support.twilio_standin import Caller, speech
from tests.test_nginx import NGINX, _certificate, _conf

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


def test_a_running_call_is_seen_with_its_level_and_listened_to(tmp_path: Path, browser: Browser) -> None:
    front = tmp_path  # nginx finds data/www below it
    ports = {name: free_port() for name in ("tls", "plain", "web", "calls", "n8n")}
    trusted: ssl.SSLContext = _certificate(front)
    authority = str(front / "certs" / "fullchain.pem")
    public = f"https://localhost:{ports['tls']}"
    with house(tmp_path, PUBLIC_URL=public, PORT=str(ports["web"])) as home:
        home.start()
        owner = people.add_user("owner@example.com", "Owner")
        people.add_member(home.business, owner, "owner")
        nginx = [
            str(NGINX),
            "-p",
            str(front),
            "-c",
            str(_conf(front, {**ports, "calls": home.port})),
            "-g",
            "daemon off;",
        ]
        with running(prosaas("web"), home.env, tmp_path / "web.log"), running(nginx, home.env, front / "nginx.log"):
            until(lambda: _answers(f"{public}/healthz", authority), "nginx and web answer")
            context = browser.new_context(ignore_https_errors=True, service_workers="block", locale="en-GB")
            page = context.new_page()
            said: list[str] = []
            page.on("console", lambda message: said.append(message.text))
            page.goto(people.sign_in_link(owner, public))
            page.wait_for_selector(".side")
            with page.expect_websocket() as opened:
                page.goto(f"{public}/app/b/{home.business.slug}/calls")
            assert "/ws/live?ticket=" in opened.value.url
            expect(page.get_by_text("Nothing to do")).to_be_visible()
            home.twilio.calls_url, home.twilio.trusted = public, trusted
            home.twilio.session.verify = authority
            caller = Caller(says=speech(1.0) * 12)
            call = threading.Thread(target=home.twilio.call, args=(NUMBER, PERSON, caller))
            call.start()
            live = page.get_by_role("region", name="Now on the phone")
            expect(live).to_contain_text(PERSON)
            expect(live).to_contain_text("Leaving a message")
            expect(live.get_by_label("Loudness")).to_be_visible()
            heard: list[int] = []
            opened.value.on("framereceived", lambda data: heard.append(len(data)) if isinstance(data, bytes) else None)
            live.get_by_role("button", name="Listen in").click()
            until(lambda: page.wait_for_timeout(100) or sum(heard) > 4000, "the call is heard")  # type: ignore[func-returns-value]
            live.get_by_role("button", name="Stop listening").click()
            call.join(60)
            expect(live).to_have_count(0)
            row = page.locator(".calllist > li")
            expect(row).to_have_count(1)
            expect(row).to_contain_text("Message")
            context.close()
            assert [one for one in said if "Service Worker" not in one] == []


def _answers(url: str, authority: str) -> bool:
    try:
        return requests.get(url, timeout=5, verify=authority).ok
    except requests.RequestException:
        return False
