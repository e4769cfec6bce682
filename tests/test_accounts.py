"""The commands about accounts: people, businesses, tokens and a sync."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import clock
import config as settings
import models
from cli import accounts
from errors import Tellable
from store import people, second_factor
from tests.support import installation
from tests.support.redis_server import RedisServer


@pytest.fixture
def config(tmp_path: Path) -> Iterator[settings.Config]:
    with RedisServer() as redis:
        config = installation.settings(tmp_path, REDIS_URL=redis.url)
        with installation.database(config):
            yield config


def test_a_business_its_owner_and_a_token_are_made(config: settings.Config, capsys: pytest.CaptureFixture[str]) -> None:
    assert accounts.business(["add", "Kedem Studio", "--currency", "EUR", "--time-zone", "Europe/Berlin"], config) == 0
    assert capsys.readouterr().out == "kedem-studio\n"
    assert accounts.user(["add", "Noa@Kedem.Example", "--name", "Noa", "--business", "kedem-studio"], config) == 0
    link = capsys.readouterr().out.strip()
    assert link.startswith(f"{config.public_url}/app/sign-in#token=")
    assert people.redeem(link.partition("=")[2]).email == "noa@kedem.example"
    member = models.Membership.get()
    assert (member.role, member.user.name, member.business.base_currency) == ("owner", "Noa", "EUR")
    assert accounts.token(["new", "--business", "kedem-studio", "--name", "n8n", "--role", "accountant"], config) == 0
    bearer = people.by_bearer(capsys.readouterr().out.strip())
    assert bearer is not None
    assert (bearer.business.slug, bearer.business.role, bearer.operator) == ("kedem-studio", "accountant", False)
    assert accounts.business(["list"], config) == 0
    assert capsys.readouterr().out == "kedem-studio\tKedem Studio\n"


def test_businesses_of_one_name_get_names_of_their_own(
    config: settings.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("Alma", "Alma", "קדם", "!!!", "Été & Co"):
        accounts.business(["add", name], config)
    assert capsys.readouterr().out.split() == ["alma", "alma-2", "business", "business-2", "ete-co"]


def test_a_person_who_is_known_gets_a_new_link_and_keeps_their_name(
    config: settings.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts.user(["add", "noa@kedem.example", "--name", "Noa"], config)
    accounts.user(["add", "NOA@kedem.example", "--operator"], config)
    first, second = capsys.readouterr().out.split()
    assert first != second
    user = models.User.get()
    assert (user.name, user.operator) == ("Noa", True)


@pytest.mark.parametrize(
    ("command", "argv", "code"),
    [
        ("user", ["add", "nobody"], "bad_email"),
        ("user", ["add", "a@b.example", "--business", "nowhere"], "not_found"),
        ("user", ["add", "a@b.example", "--role", "owner"], "bad_value"),
        ("user", ["add", "a@b.example", "--business", "kedem", "--role", "king"], "bad_role"),
        ("business", ["add", ""], "bad_value"),
        ("business", ["add", "X", "--slug", "Not Good"], "bad_slug"),
        ("business", ["add", "X", "--slug", "kedem"], "slug_taken"),
        ("business", ["add", "X", "--time-zone", "Mars"], "bad_time_zone"),
        ("business", ["add", "X", "--currency", "shekel"], "bad_value"),
        ("business", ["add", "X", "--owner", "nobody@b.example"], "not_found"),
        ("token", ["new", "--business", "nowhere", "--name", "n"], "not_found"),
        ("token", ["new", "--business", "kedem", "--name", "n", "--role", "king"], "bad_role"),
        ("token", ["new", "--business", "kedem", "--name", " "], "bad_value"),
        ("sync", ["--business", "nowhere"], "not_found"),
        ("sync", ["--business", "kedem"], "no_mailbox"),
        ("sync", ["--business", "kedem", "--from", "2026-02-31"], "bad_date"),
        ("sync", ["--business", "kedem", "--mode", "upload"], "bad_mode"),
    ],
)
def test_a_command_that_cannot_be_done_says_why_and_does_nothing(
    config: settings.Config, command: str, argv: list[str], code: str
) -> None:
    installation.business()
    with pytest.raises(Tellable) as told:
        getattr(accounts, command)(argv, config)
    assert told.value.code == code
    assert (models.User.select().count(), models.Business.select().count()) == (0, 1)
    assert models.ApiToken.select().count() == models.SyncRun.select().count() == 0


@pytest.mark.parametrize("command", ["user", "business", "token", "sync"])
def test_a_wrong_option_ends_with_2(config: settings.Config, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    for argv in ([], ["--nonsense"], ["add", "--nonsense"]):
        with pytest.raises(SystemExit) as stopped:
            getattr(accounts, command)(argv, config)
        assert stopped.value.code == 2
        assert "usage: ./prosaas" in capsys.readouterr().err


def test_a_sync_is_queued_and_a_second_one_is_told_so(
    config: settings.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.mailbox(installation.business())
    argv = ["--business", "kedem", "--from", "2026-10-01", "--to", "2026-10-31"]
    assert accounts.sync(argv, config) == 0
    shown = capsys.readouterr()
    run = models.SyncRun.get()
    assert shown.out == f"run {run.id} queued\n"
    assert "No worker is running" in shown.err
    assert (str(run.from_date), str(run.to_date), run.requested_by) == ("2026-10-01", "2026-10-31", "cli")
    with pytest.raises(Tellable) as told:
        accounts.sync(argv, config)
    assert told.value.code == "sync_running"


@pytest.mark.parametrize(("status", "code"), [("completed", 0), ("failed", 1), ("cancelled", 1)])
def test_waiting_ends_with_the_run(
    config: settings.Config, capsys: pytest.CaptureFixture[str], status: str, code: int
) -> None:
    business = installation.business()
    installation.mailbox(business)
    run = models.SyncRun.create(business=business, mode="incremental", status="running", found=3)
    later = models.SyncRun.update(status=status, receipts=2, error_text="Why.", error_code="why")
    models.db.close()  # the command's own connection must see what another one writes
    timer = threading.Timer(0.3, lambda: (later.execute(), models.db.close()))
    timer.start()
    assert accounts.sync(["--business", "kedem", "--wait"], config) == code
    timer.join()
    shown = capsys.readouterr()
    assert f"run {run.id} {status}: found 3, fetched 0, receipts 2" in shown.out
    assert "Why. (why)" in shown.err


def test_without_redis_a_sync_is_refused(config: settings.Config, tmp_path: Path) -> None:
    installation.mailbox(installation.business())
    nowhere = installation.settings(config.data_dir, REDIS_URL=f"unix://{tmp_path}/nothing.sock")
    with pytest.raises(Tellable) as told:
        accounts.sync(["--business", "kedem"], nowhere)
    assert told.value.code == "redis_unavailable"
    assert not models.SyncRun.select().exists()


def test_a_forgotten_password_is_helped_from_the_command_line(
    config: settings.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts.user(["add", "noa@kedem.example"], config)
    noa = models.User.get()
    second_factor.begin(noa.id)
    models.User.update(totp_since=clock.now()).execute()
    capsys.readouterr()
    assert accounts.user(["password", "noa@kedem.example", "--factor-off"], config) == 0
    link = capsys.readouterr().out.strip()
    assert "/app/sign-in#password=" in link
    people.set_password_by_link(link.partition("=")[2], "a long new password")
    assert people.by_password("noa@kedem.example", "a long new password").totp_since is None
    assert models.AuditEntry.get(models.AuditEntry.action == "person.factor_off").actor == "cli"
