"""The probe that holds a real mailbox beside the Gmail stand-in."""

from __future__ import annotations

import json

from demo.standin import Options
from demo.standin.probe import differences, probe, shape
from tests.support.standin import mail, standin_thread

PDF = (("secret-name.pdf", "application/pdf", b"%PDF-1.4 secret"),)


def test_two_mailboxes_of_one_kind_show_no_difference_and_cost_under_300_units() -> None:
    shapes = []
    for subject in ("one secret", "another secret"):
        with standin_thread(options=Options()) as standin:
            for _ in range(3):
                standin.client.deliver(mail(subject, attachments=PDF))
            standin.client.set_habits(unpadded=1.0)
            shapes.append(probe(standin.url, standin.client.grant()["access_token"]))
            assert standin.client.stats()["units"] < 300
    assert differences(shapes[0], shapes[1]) == []
    assert [told["status"] for told in shapes[0].values()].count(200) == 10
    assert "secret" not in json.dumps(shapes)


def test_a_difference_is_named_by_its_place() -> None:
    real = {"list": {"status": 200, "body": shape({"messages": [{"id": "19a0000000000000", "new": 1}], "size": 3})}}
    ours = {"list": {"status": 404, "body": shape({"messages": [{"id": "19a0000000000000"}], "size": "3"})}}
    assert differences(real, ours) == [
        "list.body.messages[].new: only Gmail has it",
        'list.body.size: Gmail "number", the stand-in "digits"',
        "list.status: Gmail 200, the stand-in 404",
    ]
