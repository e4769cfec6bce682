"""Sounds as files: the samples of a WAV, its waveform, telephone sound, MP3; not for the calls process."""

from __future__ import annotations

import struct

from calls import audio
from errors import Tellable

_PARTS = 120  # of a waveform
_LONGEST_S = 120  # of a greeting


def samples(wav: bytes) -> tuple[bytes, int, int, int]:
    """The data of a WAV file with its format (1 PCM, 7 μ-law), channels and rate; Tellable `bad_sound`."""
    bad = Tellable("bad_sound", "That is not a WAV file of PCM or μ-law sound.")
    if wav[:4] != b"RIFF" or wav[8:12] != b"WAVE":
        raise bad
    at, form = 12, None
    while at + 8 <= len(wav):
        name, size = struct.unpack_from("<4sI", wav, at)
        body = wav[at + 8 : at + 8 + size]
        if name == b"fmt " and len(body) >= 16:
            form = struct.unpack_from("<HHIIHH", body)
        elif name == b"data" and form is not None:
            kind, channels, rate, _, _, bits = form
            if (kind, bits) not in {(1, 16), (7, 8)} or not 0 < channels <= 2 or not 4000 <= rate <= 192_000:
                raise bad
            return body[: len(body) - len(body) % (channels * bits // 8)], kind, channels, rate
        at += 8 + size + size % 2
    raise bad


def pcm_of(wav: bytes) -> tuple[bytes, int]:
    """One channel of 16-bit samples, little-endian, and their rate; two channels become one. Tellable `bad_sound`."""
    import numpy as np

    data, kind, channels, rate = samples(wav)
    if kind == 7:
        data = audio.pcm(data)
    found = np.frombuffer(data, "<i2")
    if channels == 2:
        found = found.reshape(-1, 2).astype(np.int32).sum(axis=1).clip(-32768, 32767).astype("<i2")
    return found.tobytes(), rate


def telephone(wav: bytes) -> bytes:
    """The sound of a WAV file as μ-law at 8,000 samples a second; Tellable `bad_sound`, `too_long`, `empty_file`."""
    import numpy as np

    pcm, rate = pcm_of(wav)
    found = np.frombuffer(pcm, "<i2").astype(np.float64)
    if not len(found):
        raise Tellable("empty_file", "This file holds no sound.")
    if len(found) > _LONGEST_S * rate:
        raise Tellable("too_long", f"A greeting has at most {_LONGEST_S} seconds.")
    if rate != audio.RATE:
        if rate > audio.RATE:  # what is above half the new rate would come back as whistling
            width = 2 * max(1, round(rate / audio.RATE)) + 1
            window = np.hanning(width + 2)[1:-1]
            found = np.convolve(found, window / window.sum(), mode="same")
        moments = np.arange(int(len(found) * audio.RATE / rate)) * (rate / audio.RATE)
        found = np.interp(moments, np.arange(len(found)), found)
    table = bytes(audio.encode(sample - 32768) for sample in range(0, 65536, 4))
    codes = np.frombuffer(table, np.uint8)[(found.clip(-32768, 32767).astype(np.int64) + 32768) >> 2]
    return bytes(codes.tobytes())


def waveform(pcm: bytes, parts: int = _PARTS) -> list[int]:
    """The loudest amplitude, 0 to 255, of so many equal parts of 16-bit samples."""
    import numpy as np

    found = np.abs(np.frombuffer(pcm, "<i2").astype(np.int32))
    if not len(found):
        return []
    return [int(part.max()) >> 7 if len(part) else 0 for part in np.array_split(found, min(parts, len(found)))]


def mp3(pcm: bytes, rate: int) -> bytes:
    """The sound as MP3, a quarter of the WAV's size, for browsers that play no μ-law."""
    import lameenc

    encoder = lameenc.Encoder()
    encoder.set_bit_rate(24 if rate <= 12_000 else 64)
    encoder.set_in_sample_rate(rate)
    encoder.set_channels(1)
    encoder.set_quality(5)
    encoder.silence()
    return bytes(encoder.encode(pcm) + encoder.flush())
