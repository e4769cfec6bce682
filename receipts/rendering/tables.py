"""Tables: cells in a grid, column widths by content and wish, rows, spans, alignment inside cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from receipts.rendering.boxes import Box
from receipts.rendering.decor import box_fills
from receipts.rendering.fragments import Fill, Fragment, Solid
from receipts.rendering.style import Style

_MAX_CELLS: Final = 20_000
_MAX_COLUMNS: Final = 200
_UNBROKEN: Final = 330.0  # rows up to this height stay on one page

Intrinsic = Callable[[Box], tuple[float, float]]
LayOut = Callable[[Box, float], Fragment]


@dataclass(slots=True)
class Cell:
    """A cell in its place; in a collapsed table `style` carries its share of the borders."""

    box: Box
    row: int
    column: int
    rows: int
    columns: int


@dataclass(slots=True)
class Column:
    """What a column asks for."""

    low: float = 0.0
    high: float = 0.0
    fixed: float | None = None
    percent: float | None = None


@dataclass(slots=True)
class Grid:
    """A table's cells and columns."""

    cells: list[Cell]
    columns: list[Column]
    rows: list[Box]


def _grid(table: Box, intrinsic: Intrinsic) -> Grid:
    if table.paragraph is None:
        table.paragraph = _made(table, intrinsic)
    found: Grid = table.paragraph
    return found


def _made(table: Box, intrinsic: Intrinsic) -> Grid:
    cells: list[Cell] = []
    taken: dict[tuple[int, int], bool] = {}
    count = 0
    rows = table.children
    for row, box in enumerate(rows):
        column = 0
        for child in box.children:
            while (row, column) in taken:
                column += 1
            columns = min(child.colspan, _MAX_COLUMNS - column)
            if columns < 1 or len(cells) >= _MAX_CELLS:
                break
            span = min(child.rowspan, len(rows) - row)
            cells.append(Cell(child, row, column, span, columns))
            if span > 1 or columns > 1:
                for r in range(row, row + span):
                    for c in range(column, column + columns):
                        taken[r, c] = True
            column += columns
            count = max(count, column)
    if table.style.collapse:
        _collapse(cells)
    grid = Grid(cells, [Column() for _ in range(count)], rows)
    _ask(grid, table.style, intrinsic)
    return grid


def _collapse(cells: list[Cell]) -> None:
    """Neighbours share one border: each cell keeps its top and left, the last ones right and bottom too."""
    right: dict[tuple[int, int], Cell] = {}
    for cell in cells:
        for row in range(cell.row, cell.row + cell.rows):
            right[row, cell.column] = cell
    for cell in cells:
        style = cell.box.style
        if not any(style.border):
            continue
        top, end, bottom, left = style.border
        beside = right.get((cell.row, cell.column + cell.columns))
        if beside is not None and beside.box.style.border[3]:
            end = 0.0
        below = right.get((cell.row + cell.rows, cell.column))
        if below is not None and below.box.style.border[0]:
            bottom = 0.0
        style.border = (top, end, bottom, left)


def _ask(grid: Grid, style: Style, intrinsic: Intrinsic) -> None:
    """Least, greatest and wished width of each column."""
    wide: list[Cell] = []
    for cell in grid.cells:
        if cell.columns > 1:
            wide.append(cell)
            continue
        column = grid.columns[cell.column]
        low, high = intrinsic(cell.box)
        column.low, column.high = max(column.low, low), max(column.high, high)
        wish = cell.box.style.width
        if wish is not None and wish[0] == "px" and wish[1] > 0:
            column.fixed = max(column.fixed or 0.0, _outer(cell.box.style, wish[1]), low)
        elif wish is not None and wish[0] == "%" and wish[1] > 0:
            column.percent = max(column.percent or 0.0, min(wish[1], 100.0))
    spacing = 0.0 if style.collapse else style.cell_spacing
    for cell in sorted(wide, key=lambda one: one.columns):
        columns = grid.columns[cell.column : cell.column + cell.columns]
        low, high = intrinsic(cell.box)
        gaps = spacing * (cell.columns - 1)
        wish = cell.box.style.width
        if wish is not None and wish[0] == "px":
            high = max(low, _outer(cell.box.style, wish[1]))
        _spread(columns, low - gaps, "low")
        _spread(columns, high - gaps, "high")
    for column in grid.columns:
        if column.fixed is not None:
            column.fixed = column.high = max(column.fixed, column.low)
        column.high = max(column.high, column.low)


def _outer(style: Style, width: float) -> float:
    """A cell's wished width with its padding and borders."""
    if style.border_box:
        return width
    padding = sum(p for p in (style.padding[1], style.padding[3]) if isinstance(p, float))
    return width + padding + style.border[1] + style.border[3]


def _spread(columns: list[Column], wanted: float, name: str) -> None:
    """Widen columns so that together they hold what spans them: free ones first, by their share."""
    missing = wanted - sum(getattr(column, name) for column in columns)
    if missing <= 0 or not columns:
        return
    free = [column for column in columns if column.fixed is None and column.percent is None] or columns
    whole = sum(column.high for column in free)
    for column in free:
        share = column.high / whole if whole else 1 / len(free)
        setattr(column, name, getattr(column, name) + missing * share)


def _edges(style: Style, columns: int) -> float:
    padding = 0.0 if style.collapse else sum(p for p in (style.padding[1], style.padding[3]) if isinstance(p, float))
    spacing = 0.0 if style.collapse else style.cell_spacing
    return padding + style.border[1] + style.border[3] + spacing * (columns + 1 if columns else 0)


def intrinsic(table: Box, measure: Intrinsic) -> tuple[float, float]:
    """The least and the greatest width of a table."""
    grid = _grid(table, measure)
    edges = _edges(table.style, len(grid.columns))
    low = sum(column.low for column in grid.columns) + edges
    high = sum(column.high for column in grid.columns) + edges
    high = max(high, _percent_wish(grid) + edges)
    wish = table.style.width
    if wish is not None and wish[0] == "px":
        low = high = max(low, wish[1])
        most = table.style.max_width
        if most is not None and most[0] == "%":
            low = min(low, sum(column.low for column in grid.columns) + edges)
    return low, max(low, high)


def _percent_wish(grid: Grid) -> float:
    """The width at which every percentage holds what its column holds."""
    wish, taken, rest = 0.0, 0.0, 0.0
    for column in grid.columns:
        if column.percent:
            share = min(column.percent, 100.0 - taken)
            taken += share
            if share > 0:
                wish = max(wish, column.high * 100 / share)
        else:
            rest += column.high
    if taken and taken < 100:
        wish = max(wish, rest * 100 / (100 - taken))
    return min(wish, 4000.0)


def used_width(table: Box, room: float, wish: float | None, measure: Intrinsic) -> float:
    """The width of a table for which there is `room`."""
    low, high = intrinsic(table, measure)
    if wish is None:
        return min(max(low, room), high)
    least = sum(column.low for column in _grid(table, measure).columns)
    return max(wish, least + _edges(table.style, len(_grid(table, measure).columns)))


def _widths(grid: Grid, inner: float) -> list[float]:
    """The width of each column so that together they fill the table."""
    columns = grid.columns
    out = [column.low for column in columns]
    if not columns:
        return out
    taken = 0.0
    percents: list[float | None] = []
    for column in columns:
        share = min(column.percent, 100.0 - taken) if column.percent else None
        taken += share or 0.0
        percents.append(share)
    # Percentages first, then fixed widths, then what the content asks: each gets up to its wish while room is left.
    left = inner - sum(out)
    wishes: list[list[float]] = [[], [], []]
    for share, column in zip(percents, columns, strict=True):
        kind = 0 if share is not None else 1 if column.fixed is not None else 2
        goal = (share or 0.0) * inner / 100 if kind == 0 else column.fixed if kind == 1 else column.high
        for k in range(3):
            wishes[k].append(max(0.0, (goal or 0.0) - column.low) if k == kind else 0.0)
    for wish in wishes:
        whole = sum(wish)
        if whole <= 0 or left <= 0:
            continue
        part = min(1.0, left / whole)
        out = [width + part * more for width, more in zip(out, wish, strict=True)]
        left -= part * whole
    if left > 0.01:
        kinds: list[list[int]] = [[], [], []]
        for index, (share, column) in enumerate(zip(percents, columns, strict=True)):
            kinds[2 if share is not None else 1 if column.fixed is not None else 0].append(index)
        chosen = kinds[0] or kinds[1] or kinds[2]
        if not any(columns[i].high for i in chosen) and kinds[1] and kinds[0]:
            chosen = kinds[0]
        whole = sum(columns[i].high for i in chosen)
        for index in chosen:
            share_of = columns[index].high / whole if whole else 1 / len(chosen)
            out[index] += left * share_of
    return out


def lay_out(table: Box, width: float, measure: Intrinsic, block: LayOut) -> Fragment:
    """The table at the given width (never below what its columns need)."""
    style = table.style
    grid = _grid(table, measure)
    out = Fragment(width=width)
    spacing = 0.0 if style.collapse else style.cell_spacing
    edges = _edges(style, len(grid.columns))
    widths = _widths(grid, max(width - edges, sum(column.low for column in grid.columns)))
    out.width = width = max(width, sum(widths) + edges)
    padding = (0.0,) * 4 if style.collapse else tuple(p if isinstance(p, float) else 0.0 for p in style.padding)
    xs = [padding[3] + style.border[3] + spacing]
    for one in widths:
        xs.append(xs[-1] + one + spacing)
    parts: list[tuple[Cell, Fragment]] = []
    for cell in grid.cells:
        wide = xs[cell.column + cell.columns] - xs[cell.column] - spacing
        parts.append((cell, block(cell.box, wide)))
    ys = _rows(grid, parts, padding[0] + style.border[0] + spacing, spacing, style)
    out.height = (
        ys[-1] + padding[2] + style.border[2]
        if grid.rows
        else sum((padding[0], padding[2], style.border[0], style.border[2]))
    )
    out.operations += box_fills(style, 0, 0, out.width, out.height)
    _row_grounds(out, grid, xs, ys, spacing)
    for cell, part in parts:
        y, bottom = ys[cell.row], ys[cell.row + cell.rows] - spacing
        x = xs[cell.column]
        if style.rtl:
            x = width - x - part.width
        _stretch(cell.box.style, part, bottom - y)
        out.children.append((x, y, part))
        if out.baseline is None and part.baseline is not None:
            out.baseline = y + part.baseline
        if part.last_baseline is not None:
            out.last_baseline = y + part.last_baseline
    for row in range(len(grid.rows)):
        height = ys[row + 1] - ys[row]
        if 0 < height <= _UNBROKEN:
            out.operations.append(Solid(ys[row], height))
    return out


def _rows(grid: Grid, parts: list[tuple[Cell, Fragment]], start: float, spacing: float, style: Style) -> list[float]:
    """The top of each row, and the end of the last with its spacing."""
    heights = [row.style.height[1] if row.style.height and row.style.height[0] == "px" else 0.0 for row in grid.rows]
    for cell, part in parts:
        if cell.rows == 1:
            heights[cell.row] = max(heights[cell.row], part.height)
    for cell, part in sorted(parts, key=lambda one: one[0].rows):
        if cell.rows > 1:
            span = slice(cell.row, cell.row + cell.rows)
            missing = part.height - sum(heights[span]) - spacing * (cell.rows - 1)
            if missing > 0:
                heights[cell.row + cell.rows - 1] += missing
    if style.height is not None and style.height[0] == "px" and heights:
        missing = style.height[1] - sum(heights) - spacing * (len(heights) + 1)
        if missing > 0:
            heights = [height + missing / len(heights) for height in heights]
    ys = [start]
    for height in heights:
        ys.append(ys[-1] + height + spacing)
    return ys


def _row_grounds(out: Fragment, grid: Grid, xs: list[float], ys: list[float], spacing: float) -> None:
    for index, row in enumerate(grid.rows):
        color = row.style.background
        if color is not None:
            height = ys[index + 1] - ys[index] - spacing
            out.operations.append(Fill(xs[0], ys[index], xs[-1] - xs[0] - spacing, height, color, backdrop=True))


def _stretch(style: Style, part: Fragment, height: float) -> None:
    """Make a cell as high as its row and put its content where `valign` says."""
    missing = height - part.height
    if missing <= 0.001:
        return
    for operation in part.operations:
        if isinstance(operation, Fill):
            if operation.height >= part.height - 0.01 or operation.backdrop:
                operation.height += missing
            elif operation.y + operation.height >= part.height - 0.01:
                operation.y += missing
    part.height = height
    shift = {"middle": missing / 2, "bottom": missing}.get(style.valign, 0.0)
    if shift:
        part.children = [(x, y + shift, child) for x, y, child in part.children]
        if part.baseline is not None:
            part.baseline += shift
        if part.last_baseline is not None:
            part.last_baseline += shift
