"""Speech to text by any server that speaks OpenAI's API."""

from __future__ import annotations

import requests

from errors import Tellable, Temporary

_TIMEOUT_S = (5.0, 120.0)


def transcribe(
    url: str, sound: bytes, name: str, *, key: str = "", model: str = "whisper-1", language: str = ""
) -> str:
    """The words of a sound.

    Args:
        url: of the server, with or without `/v1/audio/transcriptions`.
        sound: the file's bytes.
        name: of the file, its ending says what it is.
        key: for the Authorization header, where the server wants one.
        model: to be asked for.
        language: ISO 639-1, where it is known.

    Temporary `transcriber_unreachable`, Tellable `transcriber_refused`.
    """
    address = url if url.endswith("/transcriptions") else url.rstrip("/") + "/v1/audio/transcriptions"
    fields = {"model": model, "response_format": "json", **({"language": language} if language else {})}
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        answer = requests.post(address, data=fields, files={"file": (name, sound)}, headers=headers, timeout=_TIMEOUT_S)
        if answer.status_code == 429 or answer.status_code >= 500:
            raise Temporary("transcriber_unreachable", "The transcription server is busy; it will be tried again.")
        if not answer.ok:
            raise Tellable("transcriber_refused", f"The transcription server answered with {answer.status_code}.")
        text = answer.json()["text"]
    except (requests.JSONDecodeError, KeyError, TypeError) as error:
        raise _odd() from error
    except requests.RequestException as error:
        raise Temporary("transcriber_unreachable", "The transcription server cannot be reached now.") from error
    if not isinstance(text, str):
        raise _odd()
    return text.strip()


def _odd() -> Tellable:
    return Tellable("transcriber_refused", "The transcription server's answer is not what it should be.")
