"""The bench of many at once, in small: nobody is refused, no frame of a call is lost, nothing fails."""

from __future__ import annotations

from pathlib import Path

from bench import load


def test_people_mailboxes_and_calls_at_once_are_all_served(tmp_path: Path) -> None:
    seen = load.run(tmp_path, load.Size(people=6, mailboxes=4, calls=3, seconds=5))
    assert not seen.wrong
    assert seen.rows == {"runs_failed": 0, "mails_failed": 0, "work_failed": 0}
    assert seen.frames > 0
    figures = seen.figures()
    assert figures["errors_5xx"] == 0
    assert None not in [figures[name] for name in ("web_p99_ms", "calls_p99_ms", "mb_first", "mb_last")]
    assert {"list", "sync"} <= set(seen.times)
