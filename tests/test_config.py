"""The environment is read once, and a bad value stops the start with a sentence that names it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

import config
from errors import Tellable
from tests.support.installation import KEY


def test_defaults_are_googles_addresses_and_an_embedded_redis(tmp_path: Path) -> None:
    found = config.load({}, tmp_path)
    assert found.google_auth_url == "https://accounts.google.com/o/oauth2/v2/auth"
    assert found.google_token_url == "https://oauth2.googleapis.com/token"
    assert found.google_revoke_url == "https://oauth2.googleapis.com/revoke"
    assert found.gmail_api_url == "https://gmail.googleapis.com"
    assert found.redis_embedded
    assert found.redis_url == f"unix://{tmp_path}/data/redis/redis.sock"
    assert (found.port, found.calls_port, found.bind) == (5000, 5050, "127.0.0.1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "70000"),
        ("CALLS_PORT", "0"),
        ("WORKERS", "0"),
        ("ENCRYPTION_KEY", "short"),
        ("ENCRYPTION_KEY", f"{KEY},nonsense"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis://localhost:abc/0"),
        ("DATABASE_URL", "mysql://x"),
        ("BLOB_URL", "/srv/blobs"),
        ("PUBLIC_URL", "example.com"),
        ("GMAIL_API_URL", "http://host:port"),
        ("GMAIL_QUOTA", "fast"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "loud"),
        ("PRODUCTION", "maybe"),
    ],
)
def test_a_bad_value_is_told_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(Tellable) as told:
        config.load({name: value}, tmp_path)
    assert told.value.code == "bad_setting"
    assert told.value.sentence.startswith(name)


def test_production_asks_for_the_key(tmp_path: Path) -> None:
    with pytest.raises(Tellable, match="ENCRYPTION_KEY"):
        config.load({"PRODUCTION": "1"}, tmp_path)


def test_a_dotenv_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# ports\nexport PORT='6000'\nCALLS_PORT=6050\n\nnonsense\n", encoding="utf-8")
    found = config.load({"CALLS_PORT": "7050"}, tmp_path)
    assert (found.port, found.calls_port) == (6000, 7050)


def test_a_made_key_is_for_its_owner_only_and_is_made_once(tmp_path: Path) -> None:
    key = config.make_key(tmp_path)
    assert config.make_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / config.KEY_FILE).stat().st_mode) == 0o600
    assert config.load({"DATA_DIR": str(tmp_path)}, tmp_path).encryption_keys == (key,)


def test_secrets_do_not_show_in_the_configuration(tmp_path: Path) -> None:
    secrets = {
        "ENCRYPTION_KEY": KEY,
        "GOOGLE_CLIENT_SECRET": "s3cret-google",
        "TWILIO_AUTH_TOKEN": "s3cret-twilio",
        "LLM_API_KEY": "s3cret-llm",
        "SMTP_URL": "smtp://user:s3cret-smtp@localhost",
    }
    shown = repr(config.load(secrets, tmp_path))
    assert "s3cret" not in shown
    assert KEY not in shown


def test_a_socket_path_too_deep_for_the_kernel_goes_to_the_temporary_folder(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90) / ("e" * 90)
    path = config.socket_path(deep)
    assert len(str(path).encode()) <= 107
    assert path != config.socket_path(deep / "other")
