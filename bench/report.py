"""The frame of every benchmark: its options, its table, its JSON and the file in bench/reports/."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

REPORTS = Path(__file__).resolve().parent / "reports"

Figure = float | int | str | None


def parser(name: str, description: str) -> argparse.ArgumentParser:
    """The options that all benchmarks share: --quick (ends within 60 s) and --json."""
    options = argparse.ArgumentParser(prog=f"./prosaas bench {name}", description=description)
    options.add_argument("--quick", action="store_true", help="a smaller run that ends within 60 s")
    options.add_argument("--json", action="store_true", help="print the report as JSON instead of a table")
    return options


def publish(name: str, figures: Mapping[str, Figure], *, as_json: bool, quick: bool = False) -> None:
    """Print the figures and keep them in bench/reports/NAME.json (a quick run's in NAME.quick.json).

    Args:
        name: the benchmark's.
        figures: as contract and docs/benchmarks.md name them; None where one could not be measured.
        as_json: one JSON object in place of the table.
        quick: the run was a small one; its figures never stand in for the whole run's.
    """
    report = {
        "name": name,
        "figures": {key: _rounded(value) for key, value in figures.items()},
        "machine": machine(),
        "at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    text = json.dumps(report, ensure_ascii=False, indent=1)
    REPORTS.mkdir(exist_ok=True)
    (REPORTS / f"{name}{'.quick' if quick else ''}.json").write_text(text + "\n", encoding="utf-8")
    print(json.dumps(report, ensure_ascii=False) if as_json else table(report["figures"]))  # type: ignore[arg-type]


def table(figures: Mapping[str, Figure]) -> str:
    """Two columns, the numbers' points one below the other as far as their width allows."""
    if not figures:
        return "no figures"
    width = max(map(len, figures))
    return "\n".join(f"{name:<{width}}  {'–' if value is None else value:>12}" for name, value in figures.items())


def machine() -> dict[str, object]:
    """What the figures were measured on; no name of it and no path."""
    return {
        "cores": os.cpu_count(),
        "cpu": _cpu(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def memory_mb(pid: int) -> float:
    """Proportional memory (PSS) of a process and all below it, in MB; Linux only."""
    return sum(map(_pss_mb, _tree(pid)))


def memory_by_command(pid: int) -> dict[str, float]:
    """The same, apart for each of our commands (and the Redis server), as figures: `web_mb` and so on."""
    found: dict[str, float] = {}
    for member in _tree(pid):
        try:
            words = Path(f"/proc/{member}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").split()
        except OSError:
            continue
        name = "redis" if any("-server" in word for word in words[:1]) else words[-1] if words else "redis"
        found[f"{Path(name).name}_mb"] = found.get(f"{Path(name).name}_mb", 0.0) + _pss_mb(member)
    return found


def _pss_mb(pid: int) -> float:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:  # it ended meanwhile
        return 0.0
    return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1000


def cpu_s(pid: int) -> float:
    """Processor seconds that a process, all below it and its ended children have used; Linux only."""
    ticks = 0
    for member in _tree(pid):
        try:
            stat = Path(f"/proc/{member}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # it ended meanwhile; its parent counts it
        ticks += sum(int(value) for value in stat.rpartition(")")[2].split()[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _tree(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        for path in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in path.read_text(encoding="ascii").split()]
            except OSError:
                continue
    return found


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _rounded(value: Figure) -> Figure:
    if not isinstance(value, float):
        return value
    if value != value or value in (float("inf"), float("-inf")):
        return None
    return round(value, 6)
