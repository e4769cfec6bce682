"""The Gmail stand-in agrees with itself: who lists once and follows history knows the mailbox."""

from __future__ import annotations

from typing import Any

import pytest

from demo.standin import Options
from tests.support.discovery import Checked
from tests.support.standin import Caller
from tests.support.storm import PASSING, Storm

_KINDS = {"messagesAdded", "messagesDeleted", "labelsAdded", "labelsRemoved"}


def follow(caller: Caller, known: dict[str, set[str]], start: str) -> str:
    """Tell `known` the history since `start`; where it ends. Hearing a change twice does no harm."""
    token, end = "", ""
    while True:
        page = caller.get("history", startHistoryId=start, maxResults=7, pageToken=token or None)
        end = end or page["historyId"]
        for record in page.get("history", []):
            (kind,) = record.keys() & _KINDS
            apply(kind, record[kind][0], known)
        token = page.get("nextPageToken", "")
        if not token:
            return end


def apply(kind: str, told: dict[str, Any], known: dict[str, set[str]]) -> None:
    message = told["message"]
    if kind == "messagesAdded":
        known[message["id"]] = set(message.get("labelIds", []))
    elif kind == "messagesDeleted":
        known.pop(message["id"], None)
    elif kind == "labelsAdded":
        known.setdefault(message["id"], set()).update(told["labelIds"])
    else:
        known.setdefault(message["id"], set()).difference_update(told["labelIds"])


@pytest.mark.parametrize("seed", range(4))
def test_a_listing_and_the_history_from_before_it_give_the_mailbox_as_it_is(seed: int) -> None:
    with Checked(options=Options(quota="off", seed=seed)) as standin:
        caller, storm = Caller(standin), Storm(standin.client, seed)
        storm.blow(25)
        mark = caller.get("profile")["historyId"]
        storm.blow(5)
        known = {
            one: set(caller.get(f"messages/{one}", format="minimal").get("labelIds", []))
            for one in caller.ids(maxResults=4, includeSpamTrash="true")
        }
        for _ in range(3):
            storm.blow(12)
            mark = follow(caller, known, mark)
        assert known == {told["id"]: set(told["labels"]) for told in standin.client.messages()}
        assert standin.wrong == []


def test_every_passing_fault_is_one_that_the_stand_in_plays() -> None:
    with Checked(options=Options(quota="off")) as standin:
        for rule in PASSING:
            standin.client.fault(**rule)
        standin.client.clear_faults()
        Storm(standin.client, 1).strike(5)
        assert [rule["probability"] for rule in standin.client.faults()] == [0.5] * 5
