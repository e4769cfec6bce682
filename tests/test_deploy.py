"""What deploy/ has: the compose file agrees with Procfile and nginx.conf; a real Caddy leads where nginx does."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from cli.up import procfile
from tests.support.processes import ROOT, free_port, running, until

CADDY = shutil.which("caddy")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")))


def test_the_compose_file_runs_what_the_procfile_runs(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, command in procfile().items():
        assert services[name]["command"] == command.removeprefix("exec ")
        assert services[name]["environment"]["PRODUCTION"] == "1"
    assert set(services) == {*procfile(), "redis", "n8n", "nginx"}
    named = {volume.partition(":")[0] for one in services.values() for volume in one["volumes"]}
    assert {name for name in named if not name.startswith("..")} == set(compose["volumes"])
    for path in (name for name in named if name.startswith("../") and name not in {"../certs", "../acme"}):
        assert (ROOT / "deploy" / path).exists(), path
    for one in services.values():
        assert set(one.get("depends_on", ())) <= set(services)


def test_only_nginx_is_reached_from_outside_and_redis_least_of_all(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {name for name, one in services.items() if "ports" in one or "network_mode" in one} == {"nginx"}
    redis = services["redis"]
    assert "noeviction" in redis["command"]
    assert not {"ports", "expose"} & set(redis)
    assert "../.env" not in str(services["nginx"]["volumes"])


def test_nginx_in_its_container_knows_the_others_by_name(compose: dict[str, Any], tmp_path: Path) -> None:
    script = compose["services"]["nginx"]["command"][2]
    edit = script.partition("&&")[0].replace("/srv/prosaas/nginx.conf", str(ROOT / "nginx.conf"))
    subprocess.run(["sh", "-c", edit.replace("> /tmp/nginx.conf", f"> {tmp_path}/made")], check=True)
    made = (tmp_path / "made").read_text(encoding="utf-8")
    upstreams = dict(re.findall(r"upstream (\S+) \{\s*server (\S+?);", made))
    assert upstreams == {"prosaas-api": "web:5000", "prosaas-calls": "calls:5050", "n8n": "n8n:5678"}
    written = re.findall(r"^\s*(?:pid|error_log|access_log|\w+_temp_path) (\S+)", made, re.MULTILINE)
    assert len(written) >= 8
    assert all(path.rstrip(";").startswith(("/tmp/", "/dev/", "off")) for path in written), written


class _Named(BaseHTTPRequestHandler):
    """Says who it is, and what it was told."""

    def do_GET(self) -> None:
        body = json.dumps({"who": self.server.who, "headers": dict(self.headers)}).encode()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Caddy with the Caddyfile as it is but for names, ports and the certificate, before three named servers."""
    if CADDY is None:
        pytest.skip("Caddy is not installed")
    folder = tmp_path_factory.mktemp("caddy")
    text = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    servers = []
    for port, who in (("5000", "web"), ("5050", "calls"), ("5678", "n8n")):
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Named)
        server.who = who  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        assert f"127.0.0.1:{port}" in text
        text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{server.server_address[1]}")
    port = free_port()
    for name in ("n8n.receipts.example.com", "receipts.example.com"):
        text = text.replace(f"\n{name} {{", f"\nhttp://{name}:{port} {{\n\tbind 127.0.0.1")
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + text, encoding="utf-8")
    env = {"HOME": str(folder), "PATH": os.environ["PATH"]}
    with running([CADDY, "run", "--config", str(folder / "Caddyfile")], env, folder / "log"):
        url = f"http://127.0.0.1:{port}"
        until(lambda: _get(url, "/") is not None, "Caddy answers")
        yield url
    for server in servers:
        server.shutdown()
        server.server_close()


def _get(url: str, path: str, host: str = "receipts.example.com", **headers: str) -> requests.Response | None:
    try:
        return requests.get(url + path, headers={"Host": host, **headers}, timeout=30)
    except requests.ConnectionError:
        return None


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("/", "web"), ("/app/receipts", "web"), ("/api/health", "web"), ("/assets/x/app.js", "web"),
        ("/webhook", "calls"), ("/webhook/voice/7", "calls"), ("/ws/live", "calls"), ("/webhooks-of-a-page", "web"),
    ],
)  # fmt: skip
def test_caddy_leads_each_address_to_its_process(front: str, path: str, who: str) -> None:
    answer = _get(front, path)
    assert answer is not None
    assert answer.json()["who"] == who


def test_caddy_tells_whose_request_it_is_and_passes_no_claim_of_the_asker_on(front: str) -> None:
    for path in ("/api/health", "/webhook/voice"):
        answer = _get(front, path, **{"X-Forwarded-For": "10.9.9.9", "Forwarded": "for=10.9.9.9"})
        assert answer is not None
        headers = {name.lower(): value for name, value in answer.json()["headers"].items()}
        assert headers["x-forwarded-for"] == "127.0.0.1"
        assert "forwarded" not in headers


def test_caddy_keeps_the_metrics_in_and_has_n8n_under_its_own_name(front: str) -> None:
    metrics, n8n = _get(front, "/metrics"), _get(front, "/", host="n8n.receipts.example.com")
    assert metrics is not None
    assert metrics.status_code == 404
    assert n8n is not None
    assert n8n.json()["who"] == "n8n"


def test_the_caddyfile_as_it_is_is_valid() -> None:
    if CADDY is None:
        pytest.skip("Caddy is not installed")
    command = [CADDY, "adapt", "--config", str(ROOT / "deploy" / "Caddyfile"), "--adapter", "caddyfile"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "receipts.example.com" in done.stdout
