"""The house rules, kept by walking the sources: who imports whom, sizes, docstrings, docs and the two linters."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from cli.main import COMMANDS
from tests.support.processes import ROOT

LEAVES = {"config", "errors", "blobs", "clock", "money", "words"}
PURE = {"receipts", "sources", "calls"}
CORE = LEAVES | {"models", "store"}
# Room: what it may import of ours besides itself. Imports go inwards only.
MAY_IMPORT = {
    **dict.fromkeys(LEAVES, LEAVES - {"blobs"}),
    "postgres": set(),
    "redis_pool": set(),
    "s3": LEAVES,
    "database": LEAVES | {"postgres"},
    "tables": LEAVES | {"database"},
    "models": LEAVES | {"database", "tables"},
    "store": LEAVES | {"models", "postgres"},
    "receipts": LEAVES - {"config"},
    "sources": LEAVES - {"config"},
    "calls": LEAVES - {"config"},
    "jobs": CORE | PURE | {"s3"},
    "tasks": CORE | PURE | {"jobs", "redis_pool"},
    "web": CORE | PURE | {"jobs", "tasks"},
    "demo": {"errors", "clock", "money", "receipts"},
    "migrations": set(),
    "cli": CORE | PURE | {"jobs", "tasks", "web", "demo", "prosaas", "bench"},
    "prosaas": CORE | PURE | {"jobs", "tasks", "web", "cli"},
    "bench": CORE | PURE | {"jobs", "tasks", "web", "demo", "cli", "prosaas", "tests"},
}
# Values that cross the border between the pure rooms and the tables; they hold no behaviour.
BORDERS = {"store": {"sources.ports", "receipts.types"}}
# Library: the rooms (or the module) that may know it.
KNOWN_IN = {
    "bottle": {"prosaas", "web", "calls.server"},
    "huey": {"tasks"},
    "peewee": {"postgres", "database", "models", "tables", "store", "migrations"},
    "minio": {"s3"},
    "psycopg": {"postgres"},
    "playhouse": {"database", "models", "tables", "store", "migrations"},
    "requests": {"sources", "calls"},
    "sqlite3": {"database", "models", "tables", "store", "migrations"},
    "waitress": {"cli"},
    "uvicorn": {"cli"},
    "honcho": {"cli"},
}
READS_ENVIRONMENT = {"config", "cli", "bench", "demo"}  # all but config.py: for their children
LONGEST = 500
DOCS = ROOT / "docs"


@cache
def sources(*folders: str, ending: str = ".py") -> tuple[Path, ...]:
    """Our own files of a kind, as git would take them: nothing generated, nothing of others."""
    left_out = {"vendor", "node_modules", "__pycache__", "data", "data-demo", "build"}
    found = []
    for path in sorted(ROOT.rglob(f"*{ending}")):
        inside = path.relative_to(ROOT)
        if not left_out.intersection(inside.parts) and not any(part.startswith(".") for part in inside.parts):
            found.append(path)
    return tuple(path for path in found if not folders or path.relative_to(ROOT).parts[0] in folders)


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def product() -> tuple[Path, ...]:
    return tuple(path for path in sources() if room(path) in MAY_IMPORT)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Dotted names that a file imports, with their lines; TYPE_CHECKING blocks count too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = path.relative_to(ROOT).parent.parts
                base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [base])])
            yield base, node.lineno


def name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def told(found: list[str]) -> str:
    return "\n" + "\n".join(found)


def test_every_room_is_known_to_the_rule() -> None:
    rooms = {room(path) for path in sources()} - {"tests"}
    assert rooms <= set(MAY_IMPORT), rooms - set(MAY_IMPORT)


def test_imports_go_inwards_only() -> None:
    wrong = []
    for path in product():
        for imported, line in imports(path):
            top = imported.partition(".")[0]
            allowed = top == room(path) or top in MAY_IMPORT[room(path)] or imported in BORDERS.get(room(path), ())
            if top in {*MAY_IMPORT, "tests"} and not allowed:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {imported}")
    assert not wrong, told(wrong)


def test_a_library_is_known_only_where_it_belongs() -> None:
    wrong = []
    for path in product():
        for imported, line in imports(path):
            rooms = KNOWN_IN.get(imported.partition(".")[0])
            if rooms is not None and room(path) not in {*rooms, "bench", "demo"} and name(path) not in rooms:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {imported}")
    assert not wrong, told(wrong)


def test_only_config_reads_the_environment() -> None:
    wrong = []
    for path in product():
        if room(path) in READS_ENVIRONMENT:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.environb", "os.getenv"}:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not wrong, told(wrong)


def test_pickle_is_nowhere() -> None:
    barred = {"pickle", "shelve", "marshal", "dill"}
    wrong = [str(path) for path in product() for imported, _ in imports(path) if imported.partition(".")[0] in barred]
    assert not wrong, told(wrong)


def test_a_module_opens_with_one_sentence_of_what_it_is() -> None:
    wrong = []
    for path in sources():
        first = (ast.get_docstring(tree(path)) or "").partition("\n")[0]
        if not first.endswith((".", "!", "?")):
            wrong.append(f"{path.relative_to(ROOT)}: {first!r}")
    assert not wrong, told(wrong)


def test_a_file_has_at_most_500_lines() -> None:
    long = []
    for ending in (".py", ".js", ".css", ".mjs"):
        for path in sources(ending=ending):
            lines = path.read_text(encoding="utf-8").count("\n")
            if lines > LONGEST and ".min." not in path.name:
                long.append(f"{path.relative_to(ROOT)}: {lines}")
    assert not long, told(long)


def test_what_the_product_imports_is_declared() -> None:
    declared = {
        re.split(r"[<>=!~ \[;]", line)[0].lower().replace("_", "-")
        for line in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    }
    of_module = packages_distributions()
    ours = {*MAY_IMPORT, "tests"}
    wrong = []
    for path in product():
        if room(path) in {"bench", "demo"}:
            continue
        for imported, line in imports(path):
            top = imported.partition(".")[0]
            if top in sys.stdlib_module_names or top in ours:
                continue
            packages = {package.lower().replace("_", "-") for package in of_module.get(top, [top])}
            if not packages & declared:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {imported}")
    assert not wrong, told(wrong)


def test_the_lock_has_a_hash_for_everything_and_no_address() -> None:
    for lock in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / lock).read_text(encoding="utf-8")
        pins = re.findall(r"^([a-z0-9][\w.-]*)==\S+.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
        blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
        assert len(blocks) == len(pins) > 10
        assert all("--hash=sha256:" in block for block in blocks)
        assert "://" not in text
        assert "--index" not in text
        assert "--find-links" not in text


def test_the_lock_holds_what_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = {"requirements.txt": project["project"]["dependencies"]}
    asked["requirements-dev.txt"] = project["dependency-groups"]["dev"]
    for lock, wanted in asked.items():
        text = (ROOT / lock).read_text(encoding="utf-8").lower()
        for line in wanted:
            package = re.split(r"[<>=!~ \[;]", line)[0].lower().replace("_", "-")
            assert re.search(rf"^{re.escape(package)}==", text, re.MULTILINE), (lock, package)


def _settings() -> set[str]:
    """Names that config.py asks the environment for: text("NAME", ...)."""
    return {
        node.args[0].value
        for node in ast.walk(tree(ROOT / "config.py"))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "text"
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }


def _codes() -> set[str]:
    """Codes of the errors that the product can tell: the first argument wherever such an error is made."""
    makers = {"Tellable", "Temporary"}
    trees = [tree(path) for path in product() if room(path) not in {"demo", "bench"}]
    for _ in range(3):  # subclasses of subclasses
        for module in trees:
            for node in ast.walk(module):
                if isinstance(node, ast.ClassDef) and any(getattr(base, "id", "") in makers for base in node.bases):
                    makers.add(node.name)
    found = set()
    for module in trees:
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in makers:
                for argument in [*node.args[:1], *(key.value for key in node.keywords if key.arg == "code")]:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        found.add(argument.value)
    return found


def _documented(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def test_the_docs_name_every_setting() -> None:
    page = _documented("settings.md")
    assert len(_settings()) > 25
    missing = sorted(setting for setting in _settings() if f"`{setting}`" not in page)
    assert not missing, told(missing)


def test_the_docs_name_every_command() -> None:
    page = _documented("commands.md")
    missing = sorted(command for command in COMMANDS if f"./prosaas {command}" not in page)
    assert not missing, told(missing)


def test_the_docs_name_every_error_code() -> None:
    page = _documented("errors.md")
    assert len(_codes()) > 20
    missing = sorted(code for code in _codes() if f"`{code}`" not in page)
    assert not missing, told(missing)


def test_no_text_speaks_of_a_registry_host_or_a_path_of_one_machine() -> None:
    barred = re.compile(
        rb"(?i:pypi\.org|pythonhosted|registry\.npmjs)|/root/|/home/(?!node/)[a-z]"
    )  # node is the user of n8n's image
    wrong = []
    for path in sorted(ROOT.rglob("*")):
        inside = path.relative_to(ROOT)
        if any(part.startswith(".") for part in inside.parts if part != ".ci") or not path.is_file():
            continue
        if {"vendor", "data", "data-demo", "__pycache__", "axe"}.intersection(inside.parts) or path == Path(__file__):
            continue
        if path.suffix in {".py", ".js", ".css", ".md", ".txt", ".toml", ".conf", ".html", ".json", ""}:
            wrong += [f"{inside}: {hit.decode()}" for hit in set(barred.findall(path.read_bytes()))]
    assert not wrong, told(wrong)


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]], ids=["lint", "format"])
def test_ruff_has_nothing_to_say(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr


def test_mypy_strict_has_nothing_to_say() -> None:
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
