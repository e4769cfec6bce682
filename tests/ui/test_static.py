"""What holds of the screen's files without a browser: vendored hashes, words, preloads, no inline anything."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from pathlib import Path

import pytest

from web.assets import Assets
from web.joined import JOINED, Joined

STATIC = Path(__file__).resolve().parents[2] / "static"
OURS = sorted((STATIC / "js").rglob("*.js"))
CSS = sorted((STATIC / "css").glob("*.css"))
FILES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (STATIC / "i18n").glob("*.json")}
LANGUAGES = sorted({name.partition(".")[0] for name in FILES})
SETS = sorted({name.partition(".")[2] for name in FILES})
WORDS = {
    language: {key: text for one in SETS for key, text in FILES.get(f"{language}.{one}".rstrip("."), {}).items()}
    for language in LANGUAGES
}
PLURALS = {
    "en": {"one", "other"}, "he": {"one", "two", "other"}, "de": {"one", "other"},
    "fr": {"one", "other"},  # "many", of a million and more, is said like "other" beside digits
}  # fmt: skip
FROM = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""")
STATIC_FROM = re.compile(r"""(?:from|import)\s*["'](\.[^"']+)["']""")


def test_vendored_files_are_what_was_vendored() -> None:
    listed = json.loads((STATIC / "vendor" / "VENDOR.json").read_text())["files"]
    assert {one["file"] for one in listed} == {path.name for path in (STATIC / "vendor").glob("*.js")}
    for one in listed:
        assert hashlib.sha256((STATIC / "vendor" / one["file"]).read_bytes()).hexdigest() == one["sha256"], one["file"]
        assert (STATIC / "vendor" / one["licence_text"]).stat().st_size > 500
        assert one["licence"] in {"MIT", "Apache-2.0", "BSD-3-Clause"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_stands_in_one_file_of_its_language(language: str) -> None:
    keys = [key for one in SETS for key in FILES.get(f"{language}.{one}".rstrip("."), {})]
    assert len(keys) == len(set(keys)), {key for key in keys if keys.count(key) > 1}


def stem(key: str) -> str:
    return re.sub(r"_(one|two|few|many|other)$", "", key)


def test_all_languages_have_the_same_words() -> None:
    keys = {language: {stem(key) for key in words} for language, words in WORDS.items()}
    for language, words in WORDS.items():
        assert keys["en"] == keys[language], language
        for key in {stem(key) for key in words if stem(key) != key and key != "error.too_many"}:
            forms = {other.rpartition("_")[2] for other in words if stem(other) == key}
            assert forms == PLURALS[language], (language, key)


def test_the_first_screen_asks_for_no_word_that_comes_later() -> None:
    for language in LANGUAGES:
        there = {stem(key) for key in FILES[language]}
        for path in first_screen():
            if "vendor" not in path.parts:
                asked = re.findall(r"""\bt\(\s*"([^"]+)\"""", path.read_text(encoding="utf-8"))
                assert not {key for key in asked if key not in there}, path.name


def test_all_languages_have_the_same_places_to_fill() -> None:
    places = re.compile(r"\{(\w+?)(?:_text)?\}")
    for language, words in WORDS.items():
        for key, text in words.items():
            if key in WORDS["en"] and not key.endswith(("_one", "_two")):
                assert set(places.findall(text)) == set(places.findall(WORDS["en"][key])), (language, key)


def test_every_word_asked_for_is_there_and_every_word_there_is_asked_for() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in OURS)
    keys = {stem(key) for key in WORDS["en"]}
    asked = set(re.findall(r"""\bt\(\s*"([^"]+)\"""", source))
    asked |= set(re.findall(r'[?:] "([a-z]+\.[a-z_.]+)"', source))
    assert not {key for key in asked if "." in key and key not in keys}, "asked for, not there"
    patterns = re.findall(r"(?:t|has)\(`([^`]*?)`", re.sub(r"\$\{[^}]*\}", "X", source))
    made = re.compile("|".join(re.escape(part).replace("X", ".+") for part in patterns))
    groups = {"source", "cat", "kind", "status", "error", "flag", "reason", "empty", "why"}
    unused = {key for key in keys - asked if key.split(".")[0] not in groups}
    unused = {key for key in unused if f'"{key}"' not in source and not made.fullmatch(key)}
    assert not unused, "there, not asked for"


def test_every_flag_and_reason_that_the_reading_gives_has_words() -> None:
    """The server's own sentence is English: other languages need words for each code."""
    said = {"Flag": 1, "Reason": 0}
    codes: dict[str, set[str]] = {name: set() for name in said}
    for path in (path for room in ("receipts", "store", "jobs") for path in (STATIC.parent / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in said:
                given = node.args[said[node.func.id]] if len(node.args) > said[node.func.id] else None
                if isinstance(given, ast.Constant):
                    codes[node.func.id].add(str(given.value))
    assert len(codes["Flag"]) > 20
    assert len(codes["Reason"]) > 5
    for language, words in WORDS.items():
        for code in codes["Flag"]:
            assert f"flag.{code}" in words, (language, code)
            assert f"flag.{code}.long" in words, (language, code)
        for code in codes["Reason"]:
            assert f"reason.{code}" in words, (language, code)


def test_every_check_of_the_doctor_has_a_name() -> None:
    names: set[str] = set()
    for node in ast.walk(ast.parse((STATIC.parent / "web" / "checks.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Check":
            names |= {str(one.value) for one in node.args[:1] if isinstance(one, ast.Constant)}
    assert len(names) > 10
    for language, words in WORDS.items():
        assert not {name for name in names if f"status.check.{name.replace(' ', '_')}" not in words}, language


def test_no_words_stand_in_the_templates() -> None:
    allowed = {"ProSaaS", "Esc", "Redis"}
    for path in OURS:
        for text in re.findall(r">([^<>${}`]*[A-Za-zא-ת]{3,}[^<>${}`]*)</", path.read_text(encoding="utf-8")):
            assert text.strip() in allowed, f"{path.name}: {text.strip()}"


def test_nothing_is_inline_and_nothing_is_foreign() -> None:
    index = (STATIC / "index.html").read_text()
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*\ssrc=)", index)
    assert not re.search(r"https?://", index)
    for path in OURS:
        source = path.read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|\beval\(|new Function",
            source,
        ), path
        assert not re.search(r"""["'`]https?://""", source), path
        assert "fetch(" not in source or path.name in {"api.js", "apidocs.js", "i18n.js", "uploads.js"}, path


def test_every_import_leads_to_a_file() -> None:
    for path in OURS:
        for name in FROM.findall(path.read_text(encoding="utf-8")):
            assert (path.parent / name).resolve().is_file(), f"{path}: {name}"


EXPORTED = re.compile(r"^export (?:async )?(?:function|const|let|class) (\w+)", re.MULTILINE)
IMPORTED = re.compile(r"^(?:import|export) \{([^}]*)\}", re.MULTILINE)
VENDORED = "html render useState useEffect useLayoutEffect useRef useMemo signal computed effect batch"


def test_every_name_of_another_module_that_is_used_is_imported() -> None:
    """No build looks for it: a name that nobody imported would be found only by whoever comes to that line."""
    remarks = re.compile(r"/\*.*?\*/|(?<!:)//.*?$", re.DOTALL | re.MULTILINE)
    sources = {path: remarks.sub("", path.read_text(encoding="utf-8")) for path in OURS}
    ours = {name for source in sources.values() for name in EXPORTED.findall(source)} | set(VENDORED.split())
    for path, source in sources.items():
        here = {name.split()[-1] for names in IMPORTED.findall(source) for name in names.split(",") if name.strip()}
        here |= set(re.findall(r"(?:function|const|let|class) (\w+)", source))
        here |= set(re.findall(r"^\s+(?:async )?(\w+)\([^()]*\) \{", source, re.MULTILINE))  # methods
        for taken in re.findall(r"(?:const|let) [\[{]([^=;]*?)[\]}] =|\(\{?([^()]*?)\}?\) (?:=>|\{)|(\w+) =>", source):
            here |= set(re.findall(r"\w+", " ".join(taken)))
        used = set(re.findall(r"(?<![.\w\"'`-])(\w+)\(|<\$\{(\w+)|(?<![.\w])(\w+)\.(?:value|peek)\b", source))
        names = {name for one in used for name in one if name}
        assert not (names & ours) - here, path.name


def first_screen() -> list[Path]:
    """The modules that the receipts page needs at once."""
    found: list[Path] = []
    waiting = [STATIC / "js" / "main.js"]
    while waiting:
        path = waiting.pop(0).resolve()
        if path not in found:
            found.append(path)
            waiting += [path.parent / name for name in STATIC_FROM.findall(path.read_text(encoding="utf-8"))]
    return found


def test_the_first_screens_modules_are_all_preloaded() -> None:
    linked = re.findall(
        r'rel="modulepreload" href="/assets/\{\{release\}\}/([^"]+)"', (STATIC / "index.html").read_text()
    )
    needed = {path.relative_to(STATIC).as_posix() for path in first_screen()} - {"js/main.js"}
    assert set(linked) == needed
    assert len(linked) == len(needed)


def test_the_first_load_fits_its_budget() -> None:
    assets = Assets()
    names = ["index.html", JOINED, "i18n/en.json", *(f"css/{name}.css" for name in ("tokens", "base", "receipts"))]
    files = [assets.file(name, assets.release) for name in names]
    assert sum(len(file.packed or file.data) for file in files) <= 60_000


def test_the_first_screens_modules_are_sent_as_one_and_no_module_twice() -> None:
    """What is joined runs once: every other module takes it from there, and its own address only points to it."""
    assets = Assets()
    page = assets.file("index.html", assets.release).data.decode()
    assert re.findall(r'(?:modulepreload|script)[^>]*/assets/[^/]+/([^"]+)"', page) == [JOINED]
    joined = assets.file(JOINED).data.decode()
    assert not re.search(r"^\s*(import|export \{[^}]*\} from)\b(?!\()", joined, re.MULTILINE)
    members = {path.relative_to(STATIC).as_posix() for path in first_screen()}
    for path in OURS:
        name = path.relative_to(STATIC).as_posix()
        sent = assets.file(name).data.decode()
        taken = {(path.parent / of).resolve() for of in STATIC_FROM.findall(sent)}
        assert not {one.relative_to(STATIC).as_posix() for one in taken} & (members | {"js/main.js"}), name
        if name in members and name != "js/main.js":
            there = set(re.findall(r"^export const (\w+)", sent, re.MULTILINE))
            assert there >= set(EXPORTED.findall(path.read_text(encoding="utf-8"))), name


def test_modules_that_import_one_another_or_export_oddly_are_refused(tmp_path: Path) -> None:
    def made(**sources: str) -> Path:
        (tmp_path / "js").mkdir(exist_ok=True)
        for name, text in sources.items():
            (tmp_path / "js" / f"{name}.js").write_text(text)
        return tmp_path

    good = Joined(made(main='import { b as c } from "./a.js";\nc();\n', a="const b = () => 1;\nexport { b };\n"))
    assert "const { b: c } = m0;" in good.text()
    main = 'import { a } from "./a.js";\n'
    with pytest.raises(ValueError, match="import one another"):
        Joined(made(main=main, a='import { b } from "./b.js";\n', b='import { a } from "./a.js";\n'))
    with pytest.raises(ValueError, match="cannot be joined"):
        Joined(made(main=main, a="export let a = 1;\n"))


@pytest.mark.parametrize("path", [*OURS, *CSS], ids=lambda path: path.name)
def test_files_stay_short_and_say_what_they_are(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 500
    assert lines[0].startswith("/*")


def test_directions_are_logical() -> None:
    """Left and right are written only where they are meant in both directions of reading."""
    meant = re.compile(r"text-align: right|background-position|\[dir=(rtl|ltr)\]|left: calc\(100%|transparent")
    for path in CSS:
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.search(r"(?<![-\w])(left|right)(?![-\w])|-(left|right):", line.partition("/*")[0]):
                assert meant.search(line), f"{path.name}: {line.strip()}"


def test_the_service_worker_knows_every_part_that_comes_later() -> None:
    assets = Assets()
    worker = assets.file("sw.js", assets.release).data.decode()
    listed = set(json.loads(f"[{worker.partition('const LATER = [')[2].partition('];')[0]}]"))
    index = assets.file("index.html", assets.release).data.decode()
    named = set(re.findall(rf'/assets/{assets.release}/([^"]+)', index))
    ours = {path.relative_to(STATIC).as_posix() for path in [*OURS, *CSS, *(STATIC / "i18n").glob("*.json")]}
    named |= {path.relative_to(STATIC).as_posix() for path in first_screen()}
    assert listed == ours - named
