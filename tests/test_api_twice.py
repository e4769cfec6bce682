"""A POST that is sent again is done once; a token that asks too often is told to wait."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import models
from tests.support.web import Browser, Web, serving


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web"), API_RATE="40") as web:
        yield web


def keyed(browser: Browser, key: str, name: str, path: str = "/api/contacts") -> tuple[int, str, bool]:
    answer = browser.post(path, {"name": name}, headers={"Idempotency-Key": key})
    body = answer.json()
    return answer.status_code, str(body.get("id", body.get("code"))), "Idempotency-Replayed" in answer.headers


def test_a_repeated_request_is_done_once_and_answered_alike(site: Web) -> None:
    owner, other = site.browser(site.business()), site.browser(site.business())
    first = keyed(owner, "k1", "Alma")
    assert keyed(owner, "k1", "Alma") == (201, first[1], True)
    assert keyed(owner, "k1", "Beta")[:2] == (409, "key_reused")
    assert keyed(other, "k1", "Alma")[0] == 201  # a key is its sender's own
    assert keyed(owner, "k2", "Alma")[1] != first[1]
    assert len(owner.get("/api/contacts").json()["items"]) == 2
    assert keyed(owner, "k3", " ")[:2] == (400, "bad_value")
    assert keyed(owner, "k3", " ")[:2] == (400, "bad_value")  # a refusal frees the key: it is asked again
    assert keyed(owner, "x" * 300, "Alma")[:2] == (400, "bad_key")


def test_many_at_once_under_one_key_make_one_thing(site: Web) -> None:
    owner = site.browser(site.business())
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: keyed(owner, "same", "Alma")[0], range(8)))
    assert set(told) <= {201, 409}
    assert len(owner.get("/api/contacts").json()["items"]) == 1


def test_what_is_shown_once_is_kept_encrypted(site: Web) -> None:
    owner = site.browser(site.business())
    made = owner.post("/api/tokens", {"name": "n8n"}, headers={"Idempotency-Key": "t"}).json()
    assert owner.post("/api/tokens", {"name": "n8n"}, headers={"Idempotency-Key": "t"}).json() == made
    assert made["token"] not in str([row.body for row in models.Replayed.select()])


def test_a_token_that_asks_too_often_waits_and_others_do_not(site: Web) -> None:
    business = site.business()
    busy, calm = site.script(business), site.script(business)
    answers = [busy.get("/api/tasks/counts") for _ in range(100)]
    refused = [one for one in answers if one.status_code == 429]
    assert len(refused) >= 20  # a new minute may have begun in between
    assert refused[-1].json()["code"] == "rate_limited"
    assert 1 <= int(refused[-1].headers["Retry-After"]) <= 60
    assert calm.get("/api/tasks/counts").status_code == 200


def test_without_redis_it_is_counted_here(site: Web) -> None:
    script = site.script(site.business())
    site.redis.kill()
    try:
        statuses = [script.get("/api/tasks/counts").status_code for _ in range(100)]
    finally:
        site.redis.start()
    assert statuses[0] == 200
    assert statuses.count(429) >= 20
