"""`./prosaas bench NAME`: find the benchmark and run it."""

from __future__ import annotations

import ast
import importlib

from cli.settings import ROOT, needs_checkout
from errors import Tellable


def bench(argv: list[str]) -> int:
    """Run one benchmark with its arguments; without a name, list them."""
    needs_checkout()
    known = names()
    if not argv or argv[0] in {"--help", "-h"}:
        width = max(map(len, known), default=0)
        print("usage: ./prosaas bench NAME [--quick] [--json]\n")
        print("\n".join(f"  {name:<{width}}  {text}" for name, text in known.items()))
        return 0 if argv else 2
    if argv[0] not in known:
        raise Tellable("unknown_bench", f"There is no benchmark “{argv[0]}”; there are {', '.join(known)}.")
    return int(importlib.import_module(f"bench.{argv[0]}").main(argv[1:]) or 0)


def names() -> dict[str, str]:
    """Every module in bench/ that has a main, with the first line of its docstring."""
    found = {}
    for path in sorted((ROOT / "bench").glob("*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in module.body):
            found[path.stem] = (ast.get_docstring(module) or "").partition("\n")[0]
    return found
