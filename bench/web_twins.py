"""The receipts list in Flask and FastAPI, as plain as it can be written, for the comparison of `bench web`."""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import Any

_COLUMNS = (
    "id, version, status, kind, vendor, vendor_tax_id, number, date, due_date, currency, total_minor, payable_minor, "
    "net_minor, tax_minor, category, note, source, mailbox_id, received_at, created_at, updated_at, approved_at, "
    "exported_at, deleted_at, flags, hand_set, waiting_for_document, duplicate_of_id"
)
_ORDERS = {"-date": "date desc, id desc", "date": "date, id", "-created": "id desc"}
_local = threading.local()


def _rows(business: int, limit: int, sort: str) -> list[dict[str, Any]]:
    connection = getattr(_local, "connection", None)
    if connection is None:
        connection = _local.connection = sqlite3.connect(os.environ["TWIN_DATABASE"])
        connection.row_factory = sqlite3.Row
    found = connection.execute(
        f"select {_COLUMNS} from receipt where business_id = ? and deleted_at is null "  # noqa: S608
        f"order by {_ORDERS[sort]} limit ?",
        [business, limit],
    )
    return [dict(row) for row in found]


def flask_app() -> Any:
    """For gunicorn."""
    from flask import Flask, jsonify, request

    app = Flask(__name__)

    @app.get("/healthz")
    def healthz() -> str:
        return "ok\n"

    @app.get("/api/receipts")
    def listed() -> Any:
        asked = request.args
        return jsonify({"items": _rows(int(asked["business"]), int(asked["limit"]), asked["sort"])})

    return app


def fastapi_app() -> Any:
    """For uvicorn."""
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/healthz")
    def healthz() -> str:
        return "ok\n"

    @app.get("/api/receipts")
    def listed(business: int, limit: int, sort: str) -> dict[str, Any]:
        return {"items": _rows(business, limit, sort)}

    return app
