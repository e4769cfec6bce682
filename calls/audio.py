"""Telephone sound: μ-law at 8,000 samples a second, its WAV header, its loudness, and the beep."""

from __future__ import annotations

import math
import struct

RATE = 8000  # samples, and with μ-law bytes, a second
SILENCE = 0xFF
HEADER = 58  # bytes before the samples of a μ-law WAV file
_BIAS, _CLIP = 0x84, 32635


def encode(sample: int) -> int:
    """One 16-bit sample as μ-law (G.711)."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), _CLIP) + _BIAS
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | (magnitude >> (exponent + 3)) & 0x0F) & 0xFF


def decode(code: int) -> int:
    """One μ-law byte as a 16-bit sample."""
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + _BIAS << (code >> 4 & 7)) - _BIAS
    return -magnitude if code & 0x80 else magnitude


_LOW = bytes(decode(code) & 0xFF for code in range(256))
_HIGH = bytes(decode(code) >> 8 & 0xFF for code in range(256))
_LOUD = bytes(abs(decode(code)) >> 7 for code in range(256))


def pcm(mulaw: bytes | bytearray) -> bytes:
    """The same sound as 16-bit samples, little-endian."""
    out = bytearray(2 * len(mulaw))
    out[::2], out[1::2] = mulaw.translate(_LOW), mulaw.translate(_HIGH)
    return bytes(out)


def loudness(mulaw: bytes) -> int:
    """The mean of the amplitude, 0 to 255, seen at every eighth sample; quiet lines stay below 4, speech above 8."""
    seen = mulaw[::8]
    return sum(seen.translate(_LOUD)) // len(seen) if seen else 0


def header(samples: int) -> bytes:
    """The head of a WAV file of so many μ-law samples (format 7, one channel)."""
    form = struct.pack("<4sIHHIIHHH", b"fmt ", 18, 7, 1, RATE, RATE, 1, 8, 0)
    fact = struct.pack("<4sII", b"fact", 4, samples)
    size = 4 + len(form) + len(fact) + 8 + samples + samples % 2
    return struct.pack("<4sI4s", b"RIFF", size, b"WAVE") + form + fact + struct.pack("<4sI", b"data", samples)


def wav(mulaw: bytes) -> bytes:
    """A whole WAV file of the sound."""
    return header(len(mulaw)) + mulaw + b"\0" * (len(mulaw) % 2)


def beep(hertz: int = 1000, seconds: float = 0.25) -> bytes:
    """The tone after which one speaks, without a click at its ends."""
    count = int(RATE * seconds)
    ramp = RATE // 100
    return bytes(
        encode(round(9000 * min(1.0, n / ramp, (count - n) / ramp) * math.sin(math.tau * hertz * n / RATE)))
        for n in range(count)
    )


def waveform(mulaw: bytes, parts: int = 120) -> list[int]:
    """The loudest amplitude, 0 to 255, of so many equal parts, seen at every fourth sample."""
    seen = mulaw[::4].translate(_LOUD)
    count = min(parts, len(seen))
    return [max(seen[len(seen) * at // count : len(seen) * (at + 1) // count]) for at in range(count)]
