"""What an error looks like over HTTP: one shape, and one table from code to status."""

from __future__ import annotations

from errors import Tellable, Temporary

# The one table: a code that is not in it is a 400, a Temporary a 503.
STATUS = {
    "signed_out": 401,
    "bad_token": 401,
    "bad_password": 401,
    "bad_link": 401,
    "mail_off": 409,
    "not_confirmed": 422,
    "factor_on": 409,
    "member_already": 409,
    "sign_in_first": 409,
    "bad_invitation": 404,
    "code_needed": 401,
    "bad_code": 422,
    "google_taken": 409,
    "password_missing": 409,
    "forbidden": 403,
    "bad_csrf": 403,
    "other_session": 403,
    "not_found": 404,
    "no_document": 404,
    "no_recording": 404,
    "blob_missing": 404,
    "blobs_unreachable": 503,
    "wrong_method": 405,
    "sync_running": 409,
    "version_conflict": 409,
    "month_closed": 409,
    "not_ready": 409,
    "export_expired": 410,
    "not_running": 409,
    "not_merged": 409,
    "not_waiting": 409,
    "file_known": 409,
    "slug_taken": 409,
    "number_taken": 409,
    "last_owner": 409,
    "rate_limited": 429,
    "key_busy": 409,
    "key_reused": 409,
    "merged": 409,
    "webhook_paused": 409,
    "too_large": 413,
    "bad_range": 416,
    "account_needed": 422,
    "weak_password": 422,
    "document_locked": 422,
    "wrong_document_password": 422,
    "document_damaged": 422,
    "render_failed": 422,
    "version_needed": 428,
    "too_many_tries": 429,
    "internal_error": 500,
    "redis_unavailable": 503,
    "database_unreachable": 503,
    "render_timeout": 503,
    "wrong_key": 503,
    "key_missing": 503,
}
_FROM_STATUS = {
    400: ("bad_request", "The request could not be understood."),
    404: ("not_found", "There is no such thing here."),
    405: ("wrong_method", "This address does not answer that method."),
    413: ("too_large", "The request is too large."),
}


def status_of(error: Tellable) -> int:
    """The HTTP status of an error."""
    return STATUS.get(error.code, 503 if isinstance(error, Temporary) else 400)


def body_of(error: Tellable) -> dict[str, object]:
    """The one error shape; an error's details stand beside the sentence."""
    told = {"success": False, "error": error.sentence, "code": error.code}
    return {**told, **error.details, **told}


def retry_after(error: Tellable) -> int | None:
    """Whole seconds after which another try makes sense, where that is known."""
    seconds = error.retry_after_s if isinstance(error, Temporary) else error.details.get("retry_after_s")
    return max(1, round(seconds)) if isinstance(seconds, int | float) else None


def from_status(status: int) -> Tellable:
    """Bottle's own refusals (no such route, wrong method ...) in our words."""
    code, sentence = _FROM_STATUS.get(status, ("bad_request", "The request could not be answered."))
    if status >= 500:
        return crashed()
    return Tellable(code, sentence)


def crashed() -> Tellable:
    """A defect of ours: the log has the traceback, the answer nothing of it."""
    return Tellable("internal_error", "Something went wrong here. It was written to the log; please try again.")
