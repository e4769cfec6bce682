"""Google's refusals: status and error body as its API writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
QUOTA_MESSAGE = (
    "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service "
    "'gmail.googleapis.com' for consumer 'project_number:100000000000'."
)


class Refusal(Exception):
    """An answer other than success; `body` is the JSON object, or text for a page of HTML."""

    def __init__(self, status: int, body: dict[str, Any] | str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers or {}


def refusal(
    status: int,
    message: str,
    reason: str,
    *,
    domain: str = "global",
    inner: str | None = None,
    name: str | None = None,
    location: str | None = None,
    details: list[dict[str, Any]] | None = None,
) -> Refusal:
    """An error in Google's envelope; `inner` is errors[0].message where it differs from the top one."""
    error: dict[str, Any] = {"message": inner or message, "domain": domain, "reason": reason}
    if location:
        error |= {"location": location, "locationType": "header" if location == "Authorization" else "parameter"}
    body: dict[str, Any] = {"code": status, "message": message, "errors": [error], "status": name or _STATUS[status]}
    if details:
        body["details"] = details
    headers = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'}
    return Refusal(status, {"error": body}, headers if status == 401 else None)


def _info(reason: str, **metadata: str) -> list[dict[str, Any]]:
    return [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": "googleapis.com",
            "metadata": {"service": "gmail.googleapis.com", **metadata},
        }
    ]


_CREDENTIAL = (
    "Expected OAuth 2 access token, login cookie or other valid authentication credential. "
    "See https://developers.google.com/identity/sign-in/web/devconsole-project."
)


def login_required() -> Refusal:
    """No credentials came with the request."""
    message = f"Request is missing required authentication credential. {_CREDENTIAL}"
    return refusal(401, message, "required", inner="Login Required.", location="Authorization")


def bad_credentials() -> Refusal:
    """The access token is unknown, expired or revoked."""
    message = f"Request had invalid authentication credentials. {_CREDENTIAL}"
    return refusal(401, message, "authError", inner="Invalid Credentials", location="Authorization")


def insufficient_scopes(method: str) -> Refusal:
    """The grant does not hold a scope that the method needs."""
    return refusal(
        403,
        "Request had insufficient authentication scopes.",
        "insufficientPermissions",
        inner="Insufficient Permission",
        details=_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", method=f"caribou.api.proto.MailboxService.{method}"),
    )


def invalid_argument(message: str) -> Refusal:
    """A value that the method does not take."""
    return refusal(400, message, "invalidArgument")


def bad_request(message: str) -> Refusal:
    """A request that does not fit the method's description."""
    return refusal(400, message, "invalid")


def precondition_failed() -> Refusal:
    """The mailbox cannot be used this way, as when mail is not switched on for the account."""
    return refusal(400, "Precondition check failed.", "failedPrecondition", name="FAILED_PRECONDITION")


def not_found() -> Refusal:
    """No such message, label, attachment, or a history that is too old."""
    return refusal(404, "Requested entity was not found.", "notFound")


def not_built(name: str) -> Refusal:
    """A method of Gmail that the stand-in has no part in."""
    return refusal(501, f"{name} is not part of the Gmail stand-in.", "notImplemented")


def delegation_denied(address: str) -> Refusal:
    """The token's user asks for somebody else's mailbox."""
    return refusal(403, f"Delegation denied for {address}", "forbidden")


def quota_exceeded() -> Refusal:
    """Too many units in a minute, as it was seen live: 403 with a usage limit."""
    return refusal(
        403,
        QUOTA_MESSAGE,
        "rateLimitExceeded",
        domain="usageLimits",
        name="RESOURCE_EXHAUSTED",
        details=_info("RATE_LIMIT_EXCEEDED", quota_metric="gmail.googleapis.com/default"),
    )


def user_rate_403() -> Refusal:
    """The documented 403 of the user's rate."""
    return refusal(403, "User Rate Limit Exceeded", "userRateLimitExceeded", domain="usageLimits")


def daily_403() -> Refusal:
    """The documented 403 of the day's limit."""
    return refusal(403, "Daily Limit Exceeded", "dailyLimitExceeded", domain="usageLimits")


def domain_policy() -> Refusal:
    """The domain's administrators have switched off Gmail apps."""
    message = "The domain administrators have disabled Gmail apps."
    return refusal(403, message, "domainPolicy")


def not_configured() -> Refusal:
    """The Gmail API is off in the operator's project."""
    message = (
        "Gmail API has not been used in project 100000000000 before or it is disabled. Enable it by visiting "
        "https://console.developers.google.com/apis/api/gmail.googleapis.com/overview?project=100000000000 then retry."
    )
    return refusal(403, message, "accessNotConfigured", domain="usageLimits", details=_info("SERVICE_DISABLED"))


def too_many_concurrent() -> Refusal:
    """More requests of one user in flight than Google serves."""
    return refusal(429, "Too many concurrent requests for user.", "rateLimitExceeded")


def resource_exhausted() -> Refusal:
    """The burst refusal that names no limit."""
    return refusal(429, "Resource has been exhausted (e.g. check quota).", "rateLimitExceeded")


def user_rate_429(until_s: float) -> Refusal:
    """The refusal that names the moment from which calls are served again."""
    moment = datetime.fromtimestamp(until_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return refusal(429, f"User-rate limit exceeded.  Retry after {moment}", "rateLimitExceeded")


def backend_error() -> Refusal:
    """Google's own fault, 500."""
    return refusal(500, "Backend Error", "backendError", inner="Backend Error")


def bad_gateway() -> Refusal:
    """Google's own fault, 502, which comes as a page of HTML."""
    return Refusal(
        502,
        "<!DOCTYPE html>\n<html lang=en><meta charset=utf-8><title>Error 502 (Server Error)!!1</title>\n"
        "<p><b>502.</b> <ins>That’s an error.</ins><p>The server encountered a temporary error and could not "
        "complete your request.<p>Please try again in 30 seconds.</html>\n",
    )


def unavailable() -> Refusal:
    """Google's own fault, 503."""
    return refusal(503, "The service is currently unavailable.", "backendError")


def gateway_timeout() -> Refusal:
    """Google's own fault, 504."""
    return refusal(504, "Deadline expired before operation could complete.", "backendError")
