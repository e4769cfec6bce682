"""Where things come to stand: boxes, lines, tables, floats, in CSS pixels on a page 718 wide."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from receipts.rendering.boxes import page_box
from receipts.rendering.css import VIEWPORT
from receipts.rendering.fonts import face
from receipts.rendering.fragments import Fill, Letters, Shown
from receipts.rendering.layout import lay_out_page
from tests.support.documents import picture


@dataclass
class Run:
    """A run of text on the page."""

    x: float
    y: float
    right: float
    letters: Letters


class Laid:
    """A page laid out: its runs by their text, fills and pictures."""

    def __init__(self, html: str, **pictures: bytes) -> None:
        fragment, self.width = lay_out_page(page_box(f"<body style='margin:0'>{html}", pictures))
        self.height = fragment.height
        self.fills: list[tuple[float, float, float, float, object]] = []
        self.pictures: list[tuple[float, float, float, float]] = []
        self.runs: dict[str, Run] = {}
        self.order: list[str] = []
        for x, y, one in fragment.flat():
            if isinstance(one, Letters):
                text = one.text.strip()
                self.runs[text] = Run(x + one.x, y + one.y, x + one.x + one.width, one)
                self.order.append(text)
            elif isinstance(one, Fill):
                self.fills.append((x + one.x, y + one.y, one.width, one.height, one.color))
            elif isinstance(one, Shown):
                self.pictures.append((x + one.x, y + one.y, one.width, one.height))

    def __getitem__(self, text: str) -> Run:
        return self.runs[text]


def near(value: float) -> object:
    """Within a third of a pixel."""
    return pytest.approx(value, abs=0.34)


# --- blocks -------------------------------------------------------------------------------------------------------


def test_margins_of_neighbours_share_their_space_and_those_of_first_children_come_through() -> None:
    plain = Laid("<div style='margin:0 0 30px'>a</div><div style='margin:20px 0'>b</div>")
    assert plain["b"].y - plain["a"].y == near(30 + line())
    nested = Laid("<div>a</div><div><div><p style='margin:40px 0'>b</p></div></div><div>c</div>")
    assert nested["b"].y - nested["a"].y == near(40 + line())
    assert nested["c"].y - nested["b"].y == near(40 + line())
    closed = Laid("<div>a</div><div style='padding:1px'><p style='margin:40px 0'>b</p></div>")
    assert closed["b"].y - closed["a"].y == near(41 + line())


def line(size: float = 16) -> float:
    """Height of a line of plain text."""
    one = face()
    return (one.ascent + one.descent) * size


def test_widths_by_pixels_share_and_bounds() -> None:
    laid = Laid(
        "<div style='width:200px;background:#010101'>a</div><div style='width:50%;background:#020202'>b</div>"
        "<div style='max-width:100px;background:#030303'>c</div><div style='min-width:900px;background:#040404'>d</div>"
        "<div style='width:200px;padding:10px;border:5px solid;background:#050505'>e</div>"
        "<div style='width:200px;padding:10px;box-sizing:border-box;background:#060606'>f</div>"
    )
    wide = {color[0]: width for _, _, width, _, color in laid.fills if color[0] == color[1]}  # type: ignore[index]
    assert wide[1] == 200
    assert wide[2] == near(450)
    assert laid.width == 900  # what is wider than the paper widens the page, which is then shrunk
    assert wide[3] == 100
    assert wide[4] == 900
    assert wide[5] == 230
    assert wide[6] == 200


def test_blocks_stand_where_auto_margins_and_the_align_attribute_put_them() -> None:
    for html in (
        "<div style='width:100px;margin:0 auto'>a</div>",
        "<center><div style='width:100px'>a</div></center>",
        "<div align=center><table width=100 cellpadding=0 cellspacing=0><tr><td>a</table></div>",
        "<table align=center width=100 cellpadding=0 cellspacing=0><tr><td>a</table>",
    ):
        shown = Laid(html)["a"]
        if html.startswith("<center"):  # its text is centred too
            assert (shown.x + shown.right) / 2 == near(VIEWPORT / 2)
        else:
            assert shown.x == near((VIEWPORT - 100) / 2)
    right = Laid("<div align=right><table width=100 cellpadding=0 cellspacing=0><tr><td>a</table></div>")
    assert right["a"].x == near(VIEWPORT - 100)
    pushed = Laid("<div style='width:100px;margin-left:auto'>a</div>")
    assert pushed["a"].x == near(VIEWPORT - 100)
    rtl = Laid("<div dir=rtl><div style='width:100px'>a</div></div>")
    assert rtl["a"].right == near(VIEWPORT)


def test_css_text_align_does_not_move_blocks() -> None:
    assert Laid("<div style='text-align:center'><table cellpadding=0 cellspacing=0><tr><td>a</table></div>")[
        "a"
    ].x == near(0)


def test_heights_are_kept_and_hidden_things_take_none() -> None:
    laid = Laid("<div style='height:100px'>a</div><p style='display:none'>x</p><div hidden>x</div>b")
    assert laid["b"].y - laid["a"].y == near(100)


def test_rules_and_grounds_are_filled() -> None:
    laid = Laid("<hr><hr color=red size=3 style='border:0;height:3px;background:#ff0000'>")
    assert any(h == 1 for _, _, _, h, _ in laid.fills)
    assert any(h == 3 and color == (255, 0, 0) for _, _, _, h, color in laid.fills)


# --- lines --------------------------------------------------------------------------------------------------------


def test_white_space_collapses_across_elements_and_stays_in_pre() -> None:
    assert Laid("<p>  a \n <b> b</b>  <i>c </i> </p>").order == ["a", "b", "c"]
    assert list(Laid("<p>a  &nbsp; b</p>").runs) == ["a   b"]
    pre = Laid("<pre>a  b\n   c\td</pre>")
    assert pre["a  b"].y < pre["c    d"].y
    assert pre["c    d"].letters.text.startswith("   c")
    assert "x y" in Laid("<p style='white-space:nowrap;width:1px'>x y</p>").runs
    kept = Laid("<p style='white-space:pre-line'>a   b\nc</p>")
    assert kept["a b"].y < kept["c"].y


def test_lines_break_at_spaces_hyphens_and_soft_places_and_huge_words_anywhere() -> None:
    words = Laid("<div style='width:60px'>aaaa bbbb cccc</div>")
    assert words["aaaa"].y < words["bbbb"].y < words["cccc"].y
    hyphen = Laid("<div style='width:60px'>aaaaaa-bbbbbb</div>")
    assert hyphen["aaaaaa-"].y < hyphen["bbbbbb"].y
    soft = Laid("<div style='width:60px'>aaaaaa<wbr>bbbbbb</div>")
    assert soft["aaaaaa"].y < soft["bbbbbb"].y
    huge = Laid("<div style='width:60px'>" + "m" * 30 + "</div>")
    assert len(huge.order) >= 6
    assert all(run.right <= 61 for run in huge.runs.values())
    across = Laid("<div style='width:60px'>" + "m" * 3 + "<b>" + "m" * 30 + "</b></div>")
    assert all(run.right <= 61 for run in across.runs.values())


def test_text_stands_left_right_centred_and_justified() -> None:
    for align, middle in (("left", None), ("right", None), ("center", VIEWPORT / 2)):
        shown = Laid(f"<p style='text-align:{align}'>word</p>")["word"]
        if middle:
            assert (shown.x + shown.right) / 2 == near(middle)
        else:
            assert (shown.x if align == "left" else shown.right) == near(0 if align == "left" else VIEWPORT)
    both = Laid("<div style='text-align:justify;width:100px'>aaa bbb ccc ddd eee</div>")
    assert both["ccc"].right == near(100)
    assert Laid("<p dir=rtl>word</p>")["word"].right == near(VIEWPORT)
    assert Laid("<p dir=rtl style='text-align:end'>word</p>")["word"].x == near(0)


def test_line_heights_sizes_and_shifts() -> None:
    tall = Laid("<div style='line-height:40px'>a<br>b</div>")
    assert tall["b"].y - tall["a"].y == near(40)
    factor = Laid("<div style='font-size:10px;line-height:2'>a<br>b</div>")
    assert factor["b"].y - factor["a"].y == near(20)
    mixed = Laid("<p>small <span style='font-size:40px'>BIG</span></p>")
    assert mixed["small"].y == mixed["BIG"].y  # one baseline
    shifted = Laid("<p>base<sup>up</sup><sub>down</sub></p>")
    assert shifted["up"].y < shifted["base"].y < shifted["down"].y


def test_decoration_transform_spacing_and_links_are_kept() -> None:
    laid = Laid(
        "<u>under</u> <s>gone</s> <span style='text-transform:uppercase'>up</span>"
        "<span style='text-transform:lowercase'> LOW</span><span style='text-transform:capitalize'> cap it</span>"
        "<b style='letter-spacing:5px'>wide</b><a href='mailto:a@b.example'>mail</a><tt>mono</tt><i>slant</i>"
    )
    assert laid["under"].letters.underline
    assert laid["gone"].letters.strike
    assert "gone UP low Cap It wide" in " ".join(laid.order)
    assert laid["wide"].right - laid["wide"].x == near(face(bold=True).width("wide", 16) + 20)
    assert laid["mail"].letters.link == "mailto:a@b.example"
    assert laid["mono"].letters.face.name == "cousine-regular"
    assert laid["slant"].letters.face.name == "arimo-italic"


def test_an_inline_box_has_its_ground_and_padding_on_every_line() -> None:
    laid = Laid(
        "<div style='width:120px'><span style='background:#010203;padding:4px 10px'>aaaaaaa bbbbbbb</span></div>"
    )
    grounds = [one for one in laid.fills if one[4] == (1, 2, 3)]
    assert len(grounds) == 2
    assert laid["aaaaaaa"].x == near(10)
    assert laid["bbbbbbb"].x == near(0)
    button = Laid("<a style='border:2px solid #112233;border-radius:6px;padding:5px;background:#445566'>Go</a>")
    assert {color for *_, color in button.fills} == {(17, 34, 51), (68, 85, 102)}


def test_pictures_keep_their_shape_within_their_place() -> None:
    data = picture(size=(400, 200))
    assert Laid("<img src=cid:a>", a=data).pictures[0][2:] == (400, 200)
    assert Laid("<img src=cid:a width=100>", a=data).pictures[0][2:] == (100, 50)
    assert Laid("<img src=cid:a height=100>", a=data).pictures[0][2:] == (200, 100)
    assert Laid("<img src=cid:a width=100 height=100>", a=data).pictures[0][2:] == (100, 100)
    assert Laid("<div style='width:100px'><img src=cid:a style='max-width:100%'></div>", a=data).pictures[0][2] == 100
    assert Laid("<img src=cid:a style='width:50%'>", a=data).pictures[0][2] == near(VIEWPORT / 2)
    assert Laid("<img src=cid:a>", a=picture(size=(3000, 10))).pictures[0][2] <= 3000
    block = Laid("<img src=cid:a style='display:block;margin:0 auto' width=100>", a=data)
    assert block.pictures[0][0] == near((VIEWPORT - 100) / 2)
    linked = page_box("<a href='https://x.example'><img src=cid:a></a>", {"a": data})
    shown = [one for _, _, one in lay_out_page(linked)[0].flat() if isinstance(one, Shown)]
    assert shown[0].link == "https://x.example"


def test_pictures_align_with_their_line() -> None:
    data = picture(size=(40, 40))
    for align, low, high in (("baseline", -41, -39), ("middle", -30, -20), ("top", -41, -10)):
        laid = Laid(f"<p style='margin:0'>word <img src=cid:a style='vertical-align:{align}'></p>", a=data)
        assert low <= laid.pictures[0][1] - laid["word"].y <= high, align
    bordered = Laid("<img src=cid:a border=0 style='border:3px solid;padding:2px;margin:4px'>x", a=data)
    assert bordered.pictures[0][0] == near(9)


def test_inline_blocks_stand_side_by_side_as_wide_as_their_content() -> None:
    laid = Laid(
        "<span style='display:inline-block;padding:0 10px'>one</span><span style='display:inline-block'>two</span>"
    )
    assert laid["two"].x == near(laid["one"].right + 10)
    wrapped = Laid("<div style='width:100px'><div style='display:inline-block;width:80px'>a</div>"
                   "<div style='display:inline-block;width:80px'>b</div></div>")  # fmt: skip
    assert wrapped["b"].y > wrapped["a"].y
    assert Laid("<button>Pay</button><input type=submit value=Send><input type=hidden value=no>").order == [
        "Pay",
        "Send",
    ]


def test_a_block_within_a_line_makes_the_line_a_block() -> None:
    laid = Laid("<a href='https://x.example'>before<div>inside</div>after</a>")
    assert laid["before"].y < laid["inside"].y < laid["after"].y
    assert laid["inside"].letters.link == "https://x.example"


def test_old_attributes_give_their_looks() -> None:
    laid = Laid(
        "<font size=5 color=red face='Courier New'>old</font><font size='+1'>more</font><font size='-9'>less</font>"
    )
    assert (laid["old"].letters.size, laid["old"].letters.color) == (24, (255, 0, 0))
    assert laid["old"].letters.face.name == "cousine-regular"
    assert laid["more"].letters.size == 18
    assert laid["less"].letters.size == 10


# --- lists --------------------------------------------------------------------------------------------------------


def test_lists_have_their_markers_on_the_side_where_reading_starts() -> None:
    laid = Laid(
        "<ul><li>one</ul><ol start=3><li>two</ol><ol type=A><li>three</ol><ul style='list-style:none'><li>four</ul>"
    )
    assert laid["•"].x < laid["one"].x
    assert laid["3."].y == laid["two"].y
    assert laid["A."].x < laid["three"].x
    assert laid.order.count("•") == 1
    rtl = Laid("<ul dir=rtl><li>אחת</ul>")
    assert rtl["•"].x > rtl["תחא"].right


# --- tables -------------------------------------------------------------------------------------------------------

BARE = "cellpadding=0 cellspacing=0"


def test_columns_take_fixed_shares_and_content() -> None:
    laid = Laid(f"<table {BARE} width=600><tr><td width=100>a<td width='50%'>b<td>c</table>")
    assert laid["b"].x == near(100)
    assert laid["c"].x == near(400)
    auto = Laid(f"<table {BARE}><tr><td>short<td>a much longer text</table>")
    assert auto["a much longer text"].x == near(auto["short"].right)
    tight = Laid(f"<div style='width:100px'><table {BARE}><tr><td>many words that wrap<td>x</table></div>")
    assert tight["x"].right <= 101
    scaled = Laid(f"<table {BARE} width=600><tr><td width=100>a<td width=100>b</table>")
    assert scaled["b"].x == near(300)
    shares = Laid(f"<table {BARE} width=600><tr><td width='80%'>a<td width='80%'>b<td>c</table>")
    assert shares["b"].x > 440


def test_spans_reach_over_columns_and_rows() -> None:
    laid = Laid(
        f"<table {BARE} width=600><tr><td colspan=2 align=center>head<tr><td width=300>a<td>b"
        "<tr><td rowspan=2>tall<td>c<tr><td>d</table>"
    )
    assert (laid["head"].x + laid["head"].right) / 2 == near(300)
    assert laid["c"].x == laid["d"].x == near(300)
    assert laid["c"].y < laid["tall"].y < laid["d"].y
    wide = Laid(f"<table {BARE}><tr><td colspan=2>a long heading over two<tr><td>a<td>b</table>")
    assert wide["b"].x < wide["a long heading over two"].right


def test_padding_spacing_and_borders_part_cells() -> None:
    laid = Laid("<table cellpadding=5 cellspacing=3 border=1><tr><td>a<td>b</table>")
    assert laid["a"].x == near(1 + 3 + 1 + 5)
    assert laid["b"].x - laid["a"].right == near(5 + 1 + 3 + 1 + 5)
    joined = Laid(
        "<table style='border-collapse:collapse'><tr><td style='border:1px solid red;padding:4px'>a"
        "<td style='border:1px solid red;padding:4px'>b<tr><td style='border:1px solid red'>c<td>d</table>"
    )
    assert joined["b"].x - joined["a"].right == near(4 + 1 + 4)


def test_cells_stand_high_middle_and_low_in_their_row() -> None:
    laid = Laid(f"<table {BARE}><tr height=100><td>mid<td valign=top>top<td style='vertical-align:bottom'>low</table>")
    assert laid["top"].y < laid["mid"].y < laid["low"].y
    assert laid["low"].y - laid["top"].y == near(100 - line())
    assert (laid["mid"].y - laid["top"].y) == near((100 - line()) / 2)
    whole = Laid(f"<table {BARE} height=200 bgcolor='#010101'><tr><td>a<tr><td>b</table>")
    assert any(h == 200 for _, _, _, h, _ in whole.fills)


def test_grounds_of_tables_rows_groups_and_cells_lie_over_one_another() -> None:
    laid = Laid(
        f"<table {BARE} bgcolor='#010101'><tbody style='background:#020202'><tr><td>a</tbody>"
        "<tr style='background:#030303'><td bgcolor='#040404' style='border-bottom:2px solid #050505'>b</table>"
    )
    assert [color[0] for *_, color in laid.fills] == [1, 2, 3, 4, 5]  # type: ignore[index]


def test_a_table_from_right_to_left_starts_at_the_right() -> None:
    laid = Laid(f"<table dir=rtl {BARE} width=400 align=left><tr><td>a<td>b</table>")
    assert laid["a"].x > laid["b"].x


def test_cells_without_a_table_get_one_and_so_does_css() -> None:
    laid = Laid("<div style='display:table'><div style='display:table-row'><div style='display:table-cell'>a</div>"
                "<div style='display:table-cell'>b</div></div></div>")  # fmt: skip
    assert laid["a"].y == laid["b"].y
    stray = Laid(
        "<div><span style='display:table-cell'>a</span> <span style='display:table-cell'>b</span><p>c</p></div>"
    )
    assert stray["a"].y == stray["b"].y < stray["c"].y
    caption = Laid("<table><caption>Title</caption><tr><td>a<td>b</table>")
    assert caption["Title"].y < caption["a"].y


# --- floats and flex ----------------------------------------------------------------------------------------------


def test_text_flows_around_floats_and_clears_them() -> None:
    laid = Laid("<div style='float:left;width:100px;height:50px'>f</div>text<div style='clear:both'>below</div>")
    assert laid["text"].x == near(100)
    assert laid["below"].x == near(0)
    assert laid["below"].y > 50
    right = Laid("<img src=cid:a align=right>text", a=picture(size=(100, 50)))
    assert right.pictures[0][0] == near(VIEWPORT - 100)
    span = Laid("<div>left<span style='float:right'>one<br>three</span></div>")
    assert span["left"].y == span["one"].y
    assert span["three"].right == near(VIEWPORT)
    assert span["one"].x == span["three"].x
    held = Laid("<div style='overflow:hidden'><div style='float:left'>a</div></div>b")
    assert held["b"].y > held["a"].y
    free = Laid("<div><div style='float:left;height:50px'>a</div></div><p style='margin:0'>b</p>")
    assert free["b"].x == near(free["a"].right)


def test_tables_stand_beside_floats_where_there_is_room_and_below_where_not() -> None:
    table = f"<table {BARE} width={{}} ><tr><td>t</table>"
    beside = Laid("<div style='float:left;width:300px;height:50px'>f</div>" + table.format(300))
    assert beside["t"].x == near(300)
    below = Laid("<div style='float:left;width:300px;height:50px'>f</div>" + table.format(500))
    assert below["t"].x == near(0)
    assert below["t"].y > 50
    many = Laid("".join(f"<div style='float:left;width:300px'>{n}</div>" for n in "abc"))
    assert many["a"].y == many["b"].y < many["c"].y


def test_flex_rows_share_their_width() -> None:
    spread = Laid("<div style='display:flex;justify-content:space-between'><b>a</b><b>b</b></div>")
    assert (spread["a"].x, spread["b"].right) == (near(0), near(VIEWPORT))
    grown = Laid("<div style='display:flex'><div style='flex:1'>a</div><div style='flex:3'>b</div></div>")
    assert grown["b"].x < VIEWPORT / 2
    centre = Laid("<div style='display:flex;justify-content:center'><b>a</b></div>")
    assert (centre["a"].x + centre["a"].right) / 2 == near(VIEWPORT / 2)
    end = Laid("<div style='display:flex;justify-content:flex-end;gap:10px'><b>a</b>text</div>")
    assert end["text"].right == near(VIEWPORT)
    assert end["text"].x - end["a"].right == near(10)
    small = Laid(
        "<div style='display:flex;width:100px'><div style='width:90px'>a</div><div style='width:90px'>b</div></div>"
    )
    assert small["b"].x == near(50)
    wide = "<div style='width:400px'>"
    wrapped = Laid(f"<div style='display:flex;flex-wrap:wrap'>{wide}a</div>{wide}b</div></div>")
    assert wrapped["b"].y > wrapped["a"].y
    column = Laid("<div style='display:flex;flex-direction:column'><div>a</div><div>b</div></div>")
    assert column["b"].y > column["a"].y
    rtl = Laid("<div dir=rtl style='display:flex'><b>a</b><b>b</b></div>")
    assert rtl["a"].x > rtl["b"].x
    assert rtl["a"].right == near(VIEWPORT)


# --- right to left in lines ---------------------------------------------------------------------------------------


def test_mixed_lines_stand_in_visual_order_with_their_styles() -> None:
    laid = Laid("<p dir=rtl style='margin:0'>שלום <b>ABC</b> עולם <a href='https://x.example'>קישור</a> 12</p>")
    assert laid["םולש"].x > laid["ABC"].x > laid["םלוע"].x > laid["רושיק"].x > laid["12"].x
    assert laid["רושיק"].letters.link
    auto = Laid("<p dir=auto>שלום</p><p dir=auto>hello</p>")
    assert auto["םולש"].right == near(VIEWPORT)
    assert auto["hello"].x == near(0)
    css_rtl = Laid("<p style='direction:rtl'>שלום</p>")
    assert css_rtl["םולש"].right == near(VIEWPORT)
