"""What the documents of the sample mailbox look like: one function a layout, a sale in, a file's bytes out."""

from __future__ import annotations

from collections.abc import Callable

from demo.mailbox_maker.layouts import (
    browser,
    english,
    french,
    german,
    hebrew,
    hebrew_bills,
    hebrew_forms,
    letters,
    slips,
    tills,
)
from demo.mailbox_maker.sale import Sale

Layout = Callable[[Sale], bytes]

LAYOUTS: dict[str, Layout] = {
    **browser.LAYOUTS,
    **hebrew.LAYOUTS,
    **hebrew_bills.LAYOUTS,
    **hebrew_forms.LAYOUTS,
    **english.LAYOUTS,
    **german.LAYOUTS,
    **french.LAYOUTS,
    **letters.LAYOUTS,
    **tills.LAYOUTS,
    **slips.LAYOUTS,
}
