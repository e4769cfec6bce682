"""Ground and borders of boxes as filled rectangles."""

from __future__ import annotations

from receipts.rendering.fragments import Fill
from receipts.rendering.style import Style


def box_fills(style: Style, x: float, y: float, width: float, height: float) -> list[Fill]:
    """Ground and borders of a box; `backdrop` marks what grows with the box."""
    ground, line = style.background, style.border[0]
    if style.radius and line and len(set(style.border)) == 1 and len(set(style.border_color)) == 1:
        outer = Fill(x, y, width, height, style.border_color[0], style.radius, backdrop=True)
        inside = (x + line, y + line, width - 2 * line, height - 2 * line)
        return [outer, Fill(*inside, ground or (255, 255, 255), max(0.0, style.radius - line), backdrop=True)]
    out = [Fill(x, y, width, height, ground, style.radius, backdrop=True)] if ground is not None else []
    return out + (border_fills(style, x, y, width, height) if any(style.border) else [])


def border_fills(style: Style, x: float, y: float, width: float, height: float) -> list[Fill]:
    """The four borders of a box as filled rectangles."""
    top, right, bottom, left = style.border
    colors = style.border_color or (style.color,) * 4
    out = []
    if top:
        out.append(Fill(x, y, width, top, colors[0]))
    if bottom:
        out.append(Fill(x, y + height - bottom, width, bottom, colors[2]))
    if left:
        out.append(Fill(x, y, left, height, colors[3]))
    if right:
        out.append(Fill(x + width - right, y, right, height, colors[1]))
    return out
