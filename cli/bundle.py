"""The way in of the one file that `./prosaas build` makes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from cli.settings import BUNDLE, FILE, ROOT


def main() -> int:
    """Run a command line from the unpacked file; 2 under another Python than the one it was made for."""
    made_for = json.loads((ROOT / BUNDLE).read_text(encoding="utf-8"))["python"]
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if running != made_for:
        print(f"prosaas: this file was made for Python {made_for}, not {running}; start it itself.", file=sys.stderr)
        return 2
    os.environ[FILE] = str(Path(sys.argv[0]).resolve())
    os.environ["PROSAAS_PYTHON"] = sys.executable  # which the Procfile's ./prosaas takes
    import prosaas

    return prosaas.main(sys.argv[1:])
