"""The screen before real Chromium and the real product: Redis, stand-in Gmail, web, known receipts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.support.processes import ROOT
from tests.support.product import SAMPLE, Product, product
from tests.ui.desk import FLAGS, Desk

expect.set_options(timeout=20_000)  # what takes a moment on a free machine


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as tools:
        chromium = tools.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def running_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product with web and worker."""
    with product(tmp_path_factory.mktemp("screen"), SAMPLE, PRIVATE_HOSTS="127.0.0.1") as made:
        made.start_web()
        made.start_worker()
        yield made


@pytest.fixture(scope="session")
def helper(running_product: Product) -> Iterator[subprocess.Popen[str]]:
    """The process that fills businesses with known receipts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ui.sample"], cwd=ROOT, env={**os.environ, **running_product.env},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield process
    assert process.stdin is not None
    process.stdin.close()
    process.wait(20)


@pytest.fixture(scope="session")
def new_desk(running_product: Product, browser: Browser, helper: subprocess.Popen[str]) -> Callable[[str], Desk]:
    """A business of its own, without a receipt."""
    return lambda name: Desk(running_product, running_product.business(name), browser, helper)


@pytest.fixture(scope="session")
def _desk(new_desk: Callable[[str], Desk]) -> Desk:
    return new_desk("Kedem Studio")


@pytest.fixture
def desk(_desk: Desk) -> Iterator[Desk]:
    """The desk with its known receipts as they were at first; a word on the console fails the test."""
    _desk.said.clear()
    _desk.order("fill")
    yield _desk
    _desk.close()
    assert not _desk.said, "\n".join(_desk.said)


@pytest.fixture
def syncing_desk(new_desk: Callable[[str], Desk]) -> Iterator[Desk]:
    """A business whose Gmail, the sample mailbox, is connected and has not been read to its end."""
    desk = new_desk("Slow Mail")
    yield desk
    desk.close()
