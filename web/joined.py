"""The first screen's modules as one: joined in memory from static/, each in a scope of its own, for few requests."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

ENTRY = "js/main.js"
JOINED = "js/core/first.js"  # as deep as the modules that look for files beside themselves (import.meta.url)
_IMPORT = re.compile(
    r"""(?:(?<=;)|^)import\s*(?:(?:\*\s*as\s+(?P<star>\w+)|(?P<default>\w+)|\{(?P<names>[^}]*)\})\s*from\s*)?"""
    r'"(?P<of>\.[^"]+)"\s*;?',
    re.MULTILINE,
)
_FROM = re.compile(r"""(?:(?<=;)|^)export\s*\{(?P<names>[^}]*)\}\s*from\s*"(?P<of>\.[^"]+)"\s*;?""", re.MULTILINE)
_NAMES = re.compile(r"""(?:(?<=[;}\n])|^)export\s*\{(?P<names>[^}]*)\}\s*;?""", re.MULTILINE)
_DECLARED = re.compile(r"^export (?=(?:async )?(?:const|function|class) (\w+))", re.MULTILINE)
_DEFAULT = re.compile(r"\bexport default\s")
_LATER = re.compile(r'\bimport\("(\.[^"]+)"\)')


@dataclass(frozen=True, slots=True)
class _Module:
    """One file: what it needs, in order, and its text."""

    name: str
    needs: tuple[str, ...]
    text: str


class Joined:
    """The modules that the first screen needs at once, and how any other module gets at them.

    Every module stays a file of its own; this puts them together as they stand, in the order of their imports:
    `const m3 = (() => { const { html } = m1; …; return { Icon }; })();`. A cycle among them or an export that is not
    written the plain way is a ValueError.
    """

    def __init__(self, root: Path) -> None:
        self._modules: dict[str, _Module] = {}
        if (root / ENTRY).is_file():  # else there is nothing to join
            self._gather(root, ENTRY, ())
        self.members = {name: f"m{place}" for place, name in enumerate(self._modules) if name != ENTRY}
        self._exports = {name: self._exported(module) for name, module in self._modules.items()}

    def text(self) -> str:
        """The joined module, the page's start at its end."""
        parts = [self._scope(module) for name, module in self._modules.items() if name != ENTRY]
        start = self._taken(self._modules[ENTRY].text, ENTRY, JOINED)
        return "".join([*parts, f"export {{ {', '.join(self.members.values())} }};\n", start])

    def facade(self, name: str) -> str:
        """What is found at a member's own address: the joined one's, for a module must not run twice."""
        exports = self._exports[name]
        named = "".join(f"export const {one} = {self.members[name]}.{one};\n" for one in exports if one != "default")
        default = f"export default {self.members[name]}.default;\n" if "default" in exports else ""
        return f'import {{ {self.members[name]} }} from "{_relative(JOINED, name)}";\n{named}{default}'

    def linked(self, name: str, text: str) -> str:
        """Another module's text, taking from the joined one what it imports of its members."""
        used: set[str] = set()
        text = self._taken(text, name, name, used)
        head = f'import {{ {", ".join(sorted(used))} }} from "{_relative(JOINED, name)}";\n' if used else ""
        return head + text

    def _gather(self, root: Path, name: str, above: tuple[str, ...]) -> None:
        if name in self._modules:
            return
        if name in above:
            raise ValueError(f"{name} and {above[-1]} import one another")
        text = (root / name).read_text(encoding="utf-8")
        found = sorted([*_IMPORT.finditer(text), *_FROM.finditer(text)], key=lambda one: one.start())
        needs = tuple(_absolute(one["of"], name) for one in found)
        for need in needs:
            self._gather(root, need, (*above, name))
        self._modules[name] = _Module(name, needs, text)

    def _exported(self, module: _Module) -> dict[str, str]:
        """{name outside: what it is inside the module's scope}."""
        found = {one: one for one in _DECLARED.findall(module.text)}
        for one in _FROM.finditer(module.text):
            of = self.members[_absolute(one["of"], module.name)]
            found |= {outer: f"{of}.{inner}" for inner, outer in _pairs(one["names"])}
        for one in _NAMES.finditer(_FROM.sub("", module.text)):
            found |= {outer: inner for inner, outer in _pairs(one["names"])}
        if _DEFAULT.search(module.text):
            found["default"] = "$default"
        left = module.text
        for known in (_DECLARED, _FROM, _NAMES, _DEFAULT):
            left = known.sub("", left)
        if re.search(r"^export\b", left, re.MULTILINE):
            raise ValueError(f"{module.name} exports in a way that cannot be joined")
        return found

    def _scope(self, module: _Module) -> str:
        text = self._taken(module.text, module.name, JOINED)
        text = _DEFAULT.sub("const $default = ", _NAMES.sub("", _DECLARED.sub("", text)))
        given = ", ".join(f"{outer}: {inner}" for outer, inner in self._exports[module.name].items())
        return f"const {self.members[module.name]} = (() => {{\n{text}\nreturn {{ {given} }};\n}})();\n"

    def _taken(self, text: str, name: str, place: str, used: set[str] | None = None) -> str:
        """The text with its imports of members as plain names, and the others as seen from `place`."""

        def taken(one: re.Match[str]) -> str:
            of = _absolute(one["of"], name)
            member = self.members.get(of)
            if member is None:
                return one[0].replace(one["of"], _relative(of, place))
            if used is not None:
                used.add(member)
            if one["star"]:
                return f"const {one['star']} = {member};"
            if one["default"]:
                return f"const {one['default']} = {member}.default;"
            pairs = _pairs(one["names"] or "")
            names = ", ".join(inner if inner == outer else f"{inner}: {outer}" for inner, outer in pairs)
            return f"const {{ {names} }} = {member};" if names else ""

        def passed(one: re.Match[str]) -> str:
            of = _absolute(one["of"], name)
            if used is None:
                return ""  # in the joined module the names go out with its scope
            return one[0].replace(one["of"], _relative(of, place))

        def later(one: re.Match[str]) -> str:
            return f'import("{_relative(_absolute(one[1], name), place)}")'

        return _LATER.sub(later, _FROM.sub(passed, _IMPORT.sub(taken, text)))


def _pairs(names: str) -> list[tuple[str, str]]:
    """`a, b as c` as [(a, a), (b, c)]."""
    parts = [part.split() for part in names.split(",") if part.strip()]
    return [(part[0], part[-1]) for part in parts]


def _absolute(of: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), of))


def _relative(of: str, place: str) -> str:
    found = posixpath.relpath(of, posixpath.dirname(place))
    return found if found.startswith(".") else f"./{found}"
