"""Which fields each answer may have: the ground of `fields=` masks."""

from __future__ import annotations

from typing import Any

Shape = dict[str, Any]

_HEADER: Shape = {"name": None, "value": None}
BODY: Shape = {"attachmentId": None, "size": None, "data": None}
_PART: Shape = {"partId": None, "mimeType": None, "filename": None, "headers": _HEADER, "body": BODY}
_PART["parts"] = _PART  # parts hold parts
MESSAGE: Shape = {
    "id": None,
    "threadId": None,
    "labelIds": None,
    "snippet": None,
    "historyId": None,
    "internalDate": None,
    "sizeEstimate": None,
    "payload": _PART,
    "raw": None,
    "classificationLabelValues": {"labelId": None, "fields": {"fieldId": None, "selection": None}},
}
MESSAGES: Shape = {"messages": MESSAGE, "nextPageToken": None, "resultSizeEstimate": None}
PROFILE: Shape = {"emailAddress": None, "messagesTotal": None, "threadsTotal": None, "historyId": None}
LABEL: Shape = {
    "id": None,
    "name": None,
    "messageListVisibility": None,
    "labelListVisibility": None,
    "type": None,
    "messagesTotal": None,
    "messagesUnread": None,
    "threadsTotal": None,
    "threadsUnread": None,
    "color": {"textColor": None, "backgroundColor": None},
}
LABELS: Shape = {"labels": LABEL}
_ONE: Shape = {"message": MESSAGE}
_LABELLED: Shape = {"message": MESSAGE, "labelIds": None}
HISTORY: Shape = {
    "history": {
        "id": None,
        "messages": MESSAGE,
        "messagesAdded": _ONE,
        "messagesDeleted": _ONE,
        "labelsAdded": _LABELLED,
        "labelsRemoved": _LABELLED,
    },
    "historyId": None,
    "nextPageToken": None,
}
THREAD: Shape = {"id": None, "snippet": None, "historyId": None, "messages": MESSAGE}
THREADS: Shape = {"threads": THREAD, "nextPageToken": None, "resultSizeEstimate": None}
DRAFT: Shape = {"id": None, "message": MESSAGE}
DRAFTS: Shape = {"drafts": DRAFT, "nextPageToken": None, "resultSizeEstimate": None}
WATCH: Shape = {"historyId": None, "expiration": None}
