"""What comes with the product: licences that let anybody run and change it, and advisories that are never made up."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest

from cli import audit
from tests.support.processes import ROOT, environment, free_port, run

FREE = re.compile(
    r"\b(MIT|BSD|Apache|MPL|Mozilla Public|LGPL|Lesser General Public|PSF|Python Software Foundation|ISC|Zope|ZPL|HPND"
    r"|Unlicense|Permission is hereby granted, free of charge|Redistribution and use in source and binary forms)",
    re.IGNORECASE,
)
STRONG = re.compile(r"\bA?GPL|Affero|(?<!Lesser )(?<!Library or )General Public License", re.IGNORECASE)
# They only look at files that we made, in tests; nothing of them is shipped or imported by the product.
JUDGES = {"beancount", "ofxtools"}


def _installed(lock: str) -> dict[str, Distribution]:
    names = re.findall(r"^([\w.-]+)==", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE)
    found = {}
    for name in names:
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:  # for another system
            continue
    return found


def _licence(one: Distribution) -> str:
    """What a package says of its licence: its metadata, and only where they are silent the text itself."""
    facts = one.metadata
    classes = [line for line in facts.get_all("Classifier") or () if line.startswith("License ::")]
    said = " ".join(filter(None, [facts["License-Expression"], (facts["License"] or "")[:100], *classes]))
    if FREE.search(said) or STRONG.search(said):
        return said
    texts = [file for file in one.files or () if re.match(r"(LICEN[CS]E|COPYING)", file.name, re.IGNORECASE)]
    return said + " ".join(" ".join(file.read_text().split())[:1500] for file in texts)


def test_every_package_of_the_product_has_a_licence_that_asks_for_nothing_in_return() -> None:
    packages = _installed("requirements.txt")
    assert len(packages) > 50
    licences = {name: _licence(one) for name, one in packages.items()}
    assert not {name: text for name, text in licences.items() if STRONG.search(text)}
    assert not {name: text for name, text in licences.items() if not FREE.search(text)}


def test_nothing_under_the_gpl_is_used_but_to_judge_our_files_in_tests() -> None:
    strong = {name for name, one in _installed("requirements-dev.txt").items() if STRONG.search(_licence(one))}
    assert strong <= JUDGES
    for path in [*ROOT.glob("*.py"), *(path for folder in ("cli", "receipts", "web") for path in _sources(folder))]:
        assert not re.search(rf"^\s*(import|from) ({'|'.join(JUDGES)})\b", path.read_text(encoding="utf-8"), re.M), path


def _sources(folder: str) -> list[Path]:
    return list((ROOT / folder).rglob("*.py"))


def test_without_a_network_the_audit_says_that_it_checked_nothing(tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), nowhere)
    env = environment(tmp_path, **proxies)
    done = run("audit", "--if-reachable", env=env, timeout=400)
    assert (done.returncode, "NOT CHECKED" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize(
    ("report", "found", "unasked", "words"),
    [
        ({"dependencies": [{"name": "a", "version": "1", "vulns": []}]}, 0, False, "none in 1 packages"),
        ({"dependencies": [{"name": "a", "skip_reason": "?"}]}, 0, True, "NOT CHECKED: 1 packages"),
        (
            {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}]},
            1,
            False,
            "a 1: CVE-1, mended in 2",
        ),
        (None, 0, True, "NOT CHECKED"),
    ],
)
def test_a_report_is_told_as_it_is(report: dict[str, object] | None, found: int, unasked: bool, words: str) -> None:
    sentence, *facts = audit.told(report)
    assert facts == [found, unasked]
    assert words in sentence
