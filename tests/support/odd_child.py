"""A child that answers, sleeps, raises, eats memory or dies as it is told, for the tests of receipts.childproc."""

import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from receipts.childproc import serve


def answer(question: dict[str, Any], blobs: list[bytes]) -> tuple[dict[str, Any], Sequence[bytes]]:
    """Do what the question says."""
    match question["do"]:
        case "echo":
            print("noise on stdout")
            return {"text": question.get("text"), "pid": os.getpid()}, blobs
        case "sleep":
            time.sleep(question["seconds"])
        case "raise":
            raise ValueError(question["text"])
        case "eat":
            return {"size": len(bytearray(question["bytes"]))}, []
        case "die":
            os.kill(os.getpid(), question["signal"])
        case "exit":
            os._exit(question["code"])
        case "environment":
            return dict(os.environ), []
        case "write":
            with open(question["path"], "wb", buffering=0) as file:  # noqa: PTH123
                file.write(b"x")
        case "connect":
            import socket

            socket.create_connection(("127.0.0.1", question["port"]), 1).close()
    return {}, []


if __name__ == "__main__":
    serve(answer, sys.argv)
