"""The style sheets of mails: what is understood, what is left aside, what outweighs what."""

from __future__ import annotations

from typing import Any

import pytest

from receipts.rendering import css


def values(style: str) -> dict[str, Any]:
    """The last value of each property of a style attribute."""
    return {name: value for name, value, _ in css.inline(style)}


@pytest.mark.parametrize(
    ("style", "wanted"),
    [
        ("width:600", {"width": ("px", 600)}),
        ("width:12pt;height:1in", {"width": ("px", 16), "height": ("px", 96)}),
        ("width:50%;max-width:2em", {"width": ("%", 50), "max-width": ("em", 2)}),
        ("width:50vw;min-width:10ch", {"width": ("px", 359), "min-width": ("em", 5)}),
        ("width:calc(100% - 3px);height:auto", {"height": "auto"}),
        ("max-width:none", {"max-width": "none"}),
        ("color:#abc", {"color": (170, 187, 204)}),
        ("color:rgb(1 2 3 / 50%)", {"color": (128, 128, 129)}),
        ("color:hsl(0 100% 50%)", {"color": (255, 0, 0)}),
        ("color:nonsense;color:12px", {}),
        ("color:currentcolor", {}),
        ("background:none", {"background-color": "transparent"}),
        ("background:transparent", {"background-color": "transparent"}),
        ("background:url(x.png) no-repeat #123", {"background-color": (17, 34, 51)}),
        ("background:linear-gradient(90deg, #f00, #00f)", {"background-color": (255, 0, 0)}),
        ("background:url(x.png)", {}),
        ("font:italic bold 14px/20px 'Courier New', monospace", {
            "font-style": "italic", "font-weight": "bold", "font-size": ("px", 14), "line-height": ("px", 20),
            "font-family": "mono",
        }),
        ("font:600 larger Arial", {"font-weight": "bold", "font-size": ("em", 1.2), "font-family": "sans"}),
        ("font-size:large", {"font-size": ("px", 18)}),
        ("font-size:14", {"font-size": ("px", 14)}),
        ("font-weight:700", {"font-weight": "bold"}),
        ("font-weight:300", {"font-weight": "normal"}),
        ("line-height:1.5", {"line-height": ("x", 1.5)}),
        ("line-height:normal", {"line-height": "normal"}),
        ("text-decoration:underline dotted red", {"text-decoration": frozenset({"underline"})}),
        ("text-decoration:wavy", {}),
        ("flex:1 0 120px", {"flex-grow": 1, "flex-basis": ("px", 120)}),
        ("flex-grow:2;opacity:0", {"flex-grow": 2, "opacity": 0}),
        ("list-style:square inside", {"list-style-type": "square"}),
        ("border:medium none", {"border-top-style": "none", "border-top-width": ("px", 3)}),
        ("border-top:2px dashed red", {"border-top-width": ("px", 2), "border-top-style": "dashed"}),
        ("border-width:1px 2px 3px", {
            "border-top-width": ("px", 1), "border-right-width": ("px", 2), "border-bottom-width": ("px", 3),
            "border-left-width": ("px", 2),
        }),
        ("border-style:solid;border-color:red blue", {"border-top-style": "solid", "border-left-color": (0, 0, 255)}),
        ("border-left-width:thick;border-left-style:solid", {"border-left-width": ("px", 5)}),
        ("border-width:junk", {}),
        ("margin:1px auto", {"margin-top": ("px", 1), "margin-left": "auto"}),
        ("margin:inherit;padding:initial", {"margin-top": "inherit", "padding-left": "initial"}),
        ("border:inherit;background:unset;font:inherit", {"background-color": "unset", "font-size": "inherit"}),
        ("display:none!important", {"display": "none"}),
        ("width:;color", {}),
    ],
)  # fmt: skip
def test_declarations_become_plain_values(style: str, wanted: dict[str, Any]) -> None:
    found = values(style)
    for name, value in wanted.items():
        got = found[name]
        if isinstance(value, tuple) and isinstance(value[0], str):
            assert (got[0], pytest.approx(value[1])) == (value[0], got[1])
        else:
            assert got == value
    if not wanted:
        assert not found


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("screen", True), ("all", True), ("print", False), ("only screen and (max-width:600px)", False),
        ("(min-width:480px)", True), ("(min-width:1200px)", False), ("(max-width:900px)", True), ("not all", False),
        ("print, screen", True), ("(prefers-color-scheme:dark)", False), ("screen and (max-device-width:480px)", False),
    ],
)  # fmt: skip
def test_media_queries_are_those_of_a_wide_bright_screen(query: str, holds: bool) -> None:
    assert bool(css.rules(f"@media {query} {{ p {{ color: red }} }}")) is holds


def test_rules_carry_their_weight_and_leave_what_paper_cannot_show() -> None:
    found = {rule.selector: rule.specificity for rule in css.rules(
        "#a .b c{color:red} p,td.x{color:red} a:hover{color:red} p::before{color:red} li:first-child{color:red}"
        "@import 'x.css'; @font-face{src:url(x)} @media screen{@media screen{h1{color:red}}} .broken{color:"
    )}  # fmt: skip
    assert found == {
        "#a .b c": (1, 1, 1),
        "p": (0, 0, 1),
        "td.x": (0, 1, 1),
        "li:first-child": (0, 1, 1),
        "h1": (0, 0, 1),
    }


@pytest.mark.parametrize(
    ("text", "length"),
    [("600", ("px", 600)), ("50%", ("%", 50)), (" 12px", ("px", 12)), ("9pt", ("px", 12)), ("*", None), ("", None)],
)
def test_lengths_of_attributes(text: str, length: object) -> None:
    assert css.attribute_length(text) == length


@pytest.mark.parametrize(
    ("text", "color"), [("fff", (255, 255, 255)), ("#000000", (0, 0, 0)), ("red", (255, 0, 0)), ("?", None)]
)
def test_colours_of_attributes(text: str, color: object) -> None:
    assert css.attribute_color(text) == color
