"""What a layout yields: fragments with a size, drawing operations in their own coordinates, and fragments inside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from receipts.rendering.boxes import Picture
from receipts.rendering.css import Color
from receipts.rendering.fonts import Face


@dataclass(slots=True)
class Fill:
    """A filled rectangle; `backdrop` marks the ground of a box, which paper may do without."""

    x: float
    y: float
    width: float
    height: float
    color: Color
    radius: float = 0.0
    backdrop: bool = False


@dataclass(slots=True)
class Letters:
    """A run of text in the order in which it is drawn; `y` is its baseline."""

    x: float
    y: float
    text: str
    width: float
    face: Face
    size: float
    color: Color
    spacing: float = 0.0
    underline: bool = False
    strike: bool = False
    link: str = ""


@dataclass(slots=True)
class Shown:
    """A picture in its place."""

    x: float
    y: float
    width: float
    height: float
    picture: Picture
    link: str = ""


@dataclass(slots=True)
class Solid:
    """A stretch that no page break should cut."""

    y: float
    height: float


Operation = Fill | Letters | Shown | Solid


@dataclass(slots=True)
class Fragment:
    """A laid-out box; `baseline` is that of its first line, `last_baseline` of its last, from its top."""

    width: float = 0.0
    height: float = 0.0
    operations: list[Operation] = field(default_factory=list)
    children: list[tuple[float, float, Fragment]] = field(default_factory=list)
    baseline: float | None = None
    last_baseline: float | None = None

    def place(self, x: float, y: float, child: Fragment) -> None:
        """Put a fragment inside, and take its baselines over."""
        self.children.append((x, y, child))
        if child.baseline is not None and self.baseline is None:
            self.baseline = y + child.baseline
        if child.last_baseline is not None:
            self.last_baseline = y + child.last_baseline

    def flat(self) -> Iterator[tuple[float, float, Operation]]:
        """All operations in drawing order, each with the offset of its fragment."""
        stack: list[tuple[float, float, Fragment]] = [(0.0, 0.0, self)]
        while stack:
            x, y, fragment = stack.pop()
            for operation in fragment.operations:
                yield x, y, operation
            for dx, dy, child in reversed(fragment.children):
                stack.append((x + dx, y + dy, child))
