"""Which addresses may be reached: public ones, and what the operator vouches for."""

from __future__ import annotations

import pytest

from sources import egress
from sources.ports import Refused, Temporary


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "10.0.0.8", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "::1", "::", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "224.0.0.1", "255.255.255.255", "2130706433", "0x7f.1", "127.1",
    ],
)  # fmt: skip
def test_what_is_not_public_is_refused(host: str) -> None:
    with pytest.raises((Refused, Temporary)) as told:
        egress.check(host, 993)
    assert told.value.code in {"address_not_public", "host_unknown"}


@pytest.mark.parametrize("host", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
def test_what_is_public_may_be_reached(host: str) -> None:
    assert egress.check(host, 993)


def test_what_the_operator_vouches_for_may_be_reached() -> None:
    assert egress.check("LOCALHOST", 993, ["localhost"])


def test_a_name_that_does_not_exist_is_told() -> None:
    with pytest.raises(Temporary) as told:
        egress.check("nowhere.invalid", 993)
    assert told.value.code == "host_unknown"
