"""The page and its files: release in the addresses, caching, compression, and what must not be reachable."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from errors import Tellable
from tests.support.web import Web, serving
from web.assets import STATIC, Assets


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web


def get(site: Web, path: str, **headers: str) -> requests.Response:
    return requests.get(site.url + path, headers=headers, timeout=30, allow_redirects=False)


@pytest.mark.parametrize("path", ["/", "/app", "/app/", "/app/receipts", "/app/b/kedem/receipts/12", "/app/sign-in"])
def test_every_view_is_the_same_page_and_is_never_kept(site: Web, path: str) -> None:
    answer = get(site, path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "{{release}}" not in answer.text


def test_the_files_of_the_page_are_there_and_kept_for_a_year(site: Web) -> None:
    addresses = re.findall(r'(?:href|src)="(/assets/[^"]+)"', get(site, "/").text)
    assert addresses
    for address in addresses:
        answer = get(site, address)
        assert answer.status_code == 200, address
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_scripts_have_the_type_that_modules_need(site: Web) -> None:
    release = re.findall(r"/assets/(\w+)/", get(site, "/").text)[0]
    assert get(site, f"/assets/{release}/js/main.js").headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert get(site, f"/assets/{release}/i18n/en.json").headers["Content-Type"] == "application/json"


def test_another_release_is_served_but_not_kept(site: Web) -> None:
    answer = get(site, "/assets/000000000000/js/main.js")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")


def test_text_is_compressed_for_who_can_read_it(site: Web) -> None:
    plain = get(site, "/assets/x/js/main.js", **{"Accept-Encoding": "identity"})
    packed = requests.get(
        f"{site.url}/assets/x/js/main.js", stream=True, timeout=30, headers={"Accept-Encoding": "gzip"}
    )
    assert "Content-Encoding" not in plain.headers
    if len(plain.content) > 500:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.raw.read()) == plain.content


def test_an_unchanged_file_is_a_304(site: Web) -> None:
    tag = get(site, "/assets/x/js/main.js").headers["ETag"]
    answer = get(site, "/assets/x/js/main.js", **{"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_the_worker_and_the_manifest_stand_at_the_root_and_are_looked_at_each_time(site: Web) -> None:
    for path, name in (("/sw.js", "sw.js"), ("/manifest.webmanifest", "manifest.webmanifest")):
        answer = get(site, path)
        if (STATIC / name).exists():
            assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
        else:
            assert answer.status_code == 404


def test_a_change_to_any_file_gives_all_of_them_new_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.assets._LOOK_EVERY_S", 0.0)
    (tmp_path / "js").mkdir()
    (tmp_path / "index.html").write_text('<script src="/assets/{{release}}/js/a.js">')
    (tmp_path / "js" / "a.js").write_text("1")
    assets = Assets(tmp_path)
    first = assets.release
    assert assets.release == first
    assert f"/assets/{first}/js/a.js".encode() in assets.file("index.html", first).data
    assert assets.file("js/a.js").data == b"1"
    (tmp_path / "js" / "a.js").write_text("22")
    second = assets.release
    assert second != first
    assert assets.file("js/a.js").data == b"22"
    (tmp_path / "js" / "a.js").write_text("1")
    assert Assets(tmp_path).release == first  # the content alone counts


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "link", ".hidden", "js", "", "a\0b", "x" * 5000])
def test_nothing_outside_the_folder_is_a_file_of_the_page(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("secret")
    root = tmp_path / "static"
    (root / "js").mkdir(parents=True)
    (root / ".hidden").write_text("x")
    (root / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(Tellable) as told:
        Assets(root).file(name)
    assert told.value.code == "not_found"
