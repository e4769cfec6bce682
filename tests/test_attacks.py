"""Attacks by name, each against the running web process: what the attacker tries is done, and nothing comes of it."""

from __future__ import annotations

import io
import socket
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import models
from blobs import FolderBlobs
from jobs.adapters import blob_folder
from store import people, uploads
from tests.support.web import Browser, Script, Web, receipt, serving

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web"), PUBLIC_URL="http://receipts.example") as web:
        yield web


def _raw(site: Web, request: bytes) -> bytes:
    """All that is answered to these bytes until the other side closes, or is silent."""
    host = urlsplit(site.url)
    answer = b""
    with socket.create_connection((host.hostname, host.port), timeout=2) as connection:
        connection.sendall(request)
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except TimeoutError:
            pass
    return answer


def test_session_fixation_a_cookie_from_before_is_worth_nothing_after_signing_in(site: Web) -> None:
    victim = Browser(site)
    name = next(iter(site.browser(site.business()).http.cookies)).name
    planted = "A" * 43
    victim.http.cookies.set(name, planted, domain="127.0.0.1", path="/")
    person = people.add_user("fixed@web.example")
    assert victim.sign_in(people.sign_in_link(person, site.config.public_url)).ok
    own = {cookie.value for cookie in victim.http.cookies if cookie.name == name} - {planted}
    assert len(own) == 1
    attacker = Browser(site)
    attacker.http.cookies.set(name, planted, domain="127.0.0.1", path="/")
    assert attacker.get("/api/me").status_code == 401


def test_session_theft_a_cookie_is_dead_once_its_owner_has_signed_out(site: Web) -> None:
    victim, thief = site.browser(site.business()), Browser(site)
    thief.http.cookies.update(victim.http.cookies)
    assert thief.get("/api/me").status_code == 200
    assert victim.delete("/api/session").status_code == 204
    assert thief.get("/api/me").status_code == 401


def test_brute_force_other_addresses_do_not_give_more_tries_at_one_account(tmp_path: Path) -> None:
    with serving(tmp_path) as alone:
        person = people.add_user("guessed@web.example")
        people.set_password(person.id, PASSWORD)
        statuses = []
        for number in range(12):
            guess = {"email": "guessed@web.example", "password": f"guess {number}"}
            where = {"X-Forwarded-For": f"203.0.113.{number}"}
            statuses.append(Browser(alone).post("/api/session", guess, headers=where).status_code)
        assert statuses[:10] == [401] * 10
        assert set(statuses[10:]) == {429}
        right = {"email": "guessed@web.example", "password": PASSWORD}
        assert Browser(alone).post("/api/session", right).status_code == 429


def test_timing_an_unknown_person_costs_as_much_work_as_a_wrong_password(site: Web) -> None:
    person = people.add_user("timed@web.example")
    people.set_password(person.id, PASSWORD)

    def work(email: str) -> float:
        began = time.process_time()
        for _ in range(3):
            with pytest.raises(Exception, match="password"):
                people.by_password(email, "a wrong one")
        return time.process_time() - began

    known, unknown = work("timed@web.example"), work("nobody@web.example")
    # Without the same work the unknown one costs a hundredth.
    assert unknown > known / 4


@pytest.mark.parametrize("name", ["token", "access_token", "bearer", "authorization", "Authorization"])
def test_token_in_the_address_is_no_token(site: Web, name: str) -> None:
    token = people.new_token(site.business(), "leaky", "owner")
    assert Script(site, None).get(f"/api/receipts?{name}={token}").status_code in {400, 401}


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "receipts.example@evil.example", "[::1"])
def test_host_header_no_address_that_we_give_comes_from_the_request(site: Web, host: str) -> None:
    headers = {"Host": host, "X-Forwarded-Host": host}
    for path in ("/", "/app/receipts", "/api/session", "/api/openapi.json", "/app"):
        answer = Script(site, None).get(path, headers=headers)
        assert "evil.example" not in answer.text
        assert "evil.example" not in str(answer.headers)


def test_header_injection_a_files_name_cannot_begin_a_new_header(site: Web) -> None:
    business = site.business()
    browser = site.browser(business)
    key = FolderBlobs(blob_folder(site.config)).put(b"%PDF-1.4")
    name = 'a.pdf"\r\nSet-Cookie: owned=1\r\n\r\n<script>'
    row = receipt(business, document={"filename": name, "sha256": key, "size": 8})
    answer = browser.get(f"/api/receipts/{row.id}/original")
    assert "owned" not in answer.cookies
    assert "Set-Cookie" not in answer.headers
    assert "\r" not in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    "path",
    [
        "/assets/%2e%2e/%2e%2e/config.py",
        "/assets/../../config.py",
        "/assets/x/..%2f..%2fconfig.py",
        "/assets/x/%2e%2e%5c%2e%2e%5cconfig.py",
        "/assets/x//etc/passwd",
        "/app/../../../../etc/passwd",
        "/api/../../etc/passwd",
        "/sw.js/../../config.py",
    ],
)
def test_path_traversal_leads_to_no_file_of_the_machine(site: Web, path: str) -> None:
    answer = _raw(site, f"GET {path} HTTP/1.1\r\nHost: receipts.example\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 200", b"HTTP/1.1 30", b"HTTP/1.1 400"))
    assert b"root:" not in answer
    assert b"os.environ" not in answer


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 5\r\nContent-Length: 6",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Content-Length: +5",
        "Content-Length: 0x5",
    ],
)
def test_request_smuggling_a_doubtful_length_hides_no_second_request(site: Web, head: str) -> None:
    hidden = "GET /api/openapi.json HTTP/1.1\r\nHost: receipts.example\r\n\r\n"
    request = f"POST /api/session HTTP/1.1\r\nHost: receipts.example\r\n{head}\r\n\r\n0\r\n\r\n{hidden}"
    answer = _raw(site, request.encode())
    assert b'"openapi"' not in answer


def test_cross_site_request_a_form_of_another_site_changes_nothing(site: Web) -> None:
    business = site.business()
    browser = site.browser(business)
    row = receipt(business)
    before = row.version
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = browser.http.request(
            "POST",
            site.url + "/api/receipts/bulk",
            data=b'{"ids":[%d],"action":"approve"}' % row.id,
            headers={"Content-Type": kind, "Origin": "https://evil.example", "X-Business": business.slug},
            timeout=30,
        )
        assert answer.status_code in {400, 403, 415}
    assert models.Receipt.get_by_id(row.id).version == before


def test_zip_slip_a_name_with_dots_writes_nothing_beside_the_data(site: Web, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("../../escaped.eml", "/tmp/escaped.eml", "..\\escaped.eml"):
            archive.writestr(name, b"From: a@b.example\r\nSubject: x\r\n\r\nTotal: USD 1.00\r\n")
    before = set(site.config.data_dir.parent.rglob("escaped*"))
    browser = site.browser(site.business())
    browser.post("/api/receipts", files=[("files", ("../../escaped.zip", packed.getvalue(), "application/zip"))])
    assert set(site.config.data_dir.parent.rglob("escaped*")) == before
    assert not Path("/tmp/escaped.eml").exists()
    assert uploads.clean_name("../../escaped.zip") == "escaped.zip"
