"""`./prosaas audit`: known vulnerabilities of the packages in the lock, as the package index tells them."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

from cli.settings import ROOT, needs_checkout
from errors import Tellable

_LONGEST_S = 300


def audit(argv: list[str]) -> int:
    """Ask for every package; 1 when one has a known vulnerability, 2 when not all of them could be asked for."""
    text = "Ask the package index for known vulnerabilities of every package in requirements.txt."
    parser = argparse.ArgumentParser(prog="./prosaas audit", description=text)
    parser.add_argument("--if-reachable", action="store_true", help="without an answer say so, and end with 0")
    given = parser.parse_args(argv)
    needs_checkout()
    sentence, found, unasked = told(_asked())
    print(sentence)
    if found:
        return 1
    if unasked and not given.if_reachable:
        raise Tellable("audit_unanswered", "Not every package could be asked for; look at the network and try again.")
    return 0


def told(report: dict[str, Any] | None) -> tuple[str, int, bool]:
    """What pip-audit's report comes to: lines to print, vulnerabilities, and whether anything was left unasked."""
    if report is None:
        return "Known vulnerabilities: NOT CHECKED, the package index cannot be reached.", 0, True
    packages = report["dependencies"]
    skipped = [one for one in packages if "skip_reason" in one]
    lines = []
    for one in packages:
        for hole in one.get("vulns", ()):
            mended = ", ".join(hole.get("fix_versions", ())) or "none yet"
            lines.append(f"{one['name']} {one.get('version', '')}: {hole['id']}, mended in {mended}")
    found = len(lines)
    asked = len(packages) - len(skipped)
    lines.append(f"Known vulnerabilities: {found or 'none'} in {asked} packages.")
    if skipped:
        lines.append(f"NOT CHECKED: {len(skipped)} packages that the index which answers has no advisories of.")
    return "\n".join(lines), found, bool(skipped)


def _asked() -> dict[str, Any] | None:
    """pip-audit's report; None when nobody answers."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(ROOT / "requirements.txt"), "--require-hashes"]
    command += ["--disable-pip", "--progress-spinner", "off", "--timeout", "10", "--format", "json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_S, check=False)
        return dict(json.loads(done.stdout))
    except (subprocess.TimeoutExpired, ValueError):
        return None
