"""Outgrowing one host: any number of workers share the businesses, and a host that dies takes nothing with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fleet import fleet, outcome
from tests.support.processes import until

MAILS = 6


def test_three_workers_on_one_host_share_the_businesses_evenly(tmp_path: Path) -> None:
    with fleet(tmp_path, mails=MAILS) as all_of_it:
        (host,) = all_of_it.hosts
        all_of_it.work(host, 3)
        businesses = all_of_it.businesses(30)
        until(lambda: {one[0] for one in outcome(businesses).values()} == {"completed"}, "all runs end", 300)
        assert set(outcome(businesses).values()) == {("completed", MAILS, MAILS)}
        shares = host.started()
        assert sum(shares.values()) == 30
        assert min(shares.values()) >= 4, shares


@pytest.mark.timeout(900)
def test_two_hosts_share_forty_businesses_and_one_of_them_dies(tmp_path: Path) -> None:
    with fleet(tmp_path, mails=MAILS, hosts=2) as all_of_it:
        first, second = all_of_it.hosts
        for host in all_of_it.hosts:
            all_of_it.work(host, 2)
        businesses = all_of_it.businesses(40)

        def over() -> int:
            return sum(one[0] == "completed" for one in outcome(businesses).values())

        until(lambda: over() >= 10, "some runs end", 300)
        assert sum(first.started().values()) > 0
        first.pull_the_plug()
        until(lambda: over() == 40, "all runs end", 400)
        assert set(outcome(businesses).values()) == {("completed", MAILS, MAILS)}
        assert sum(second.started().values()) > 0
