"""Work done in a child process that can be killed: frames of JSON and bytes over two pipes, never pickle.

The parent holds a `Child` (or a `Pool` of them); the child's module ends in `serve(handler, sys.argv)`.
A frame is two big-endian 32-bit numbers (length of the JSON, count of blobs), each blob's length in 64 bits,
the JSON, then the blobs.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import resource
import select
import signal
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[1]
_HEAD = struct.Struct("!II")  # length of the JSON, number of blobs
_SIZE = struct.Struct("!Q")
_MAX_FRAME = 1 << 31
_MAX_BLOBS = 10_000

Handler = Callable[[dict[str, Any], list[bytes]], tuple[dict[str, Any], Sequence[bytes]]]


class ChildError(Exception):
    """The child gave no answer."""


class ChildTimeout(ChildError):
    """The child took longer than allowed and was killed."""

    def __init__(self, seconds: float) -> None:
        """Keep the seconds that were allowed."""
        super().__init__(f"no answer within {seconds:g} s")


class ChildCrashed(ChildError):
    """The child died, of a crash or of its memory limit; `memory` says which where it is known."""

    def __init__(self, text: str, *, memory: bool = False) -> None:
        """Keep what is known of the death."""
        super().__init__(text)
        self.memory = memory


class ChildFault(ChildError):
    """The child's handler raised: `kind` is the exception's class, `where` file and line, never its text."""

    def __init__(self, kind: str, where: str) -> None:
        """Keep the exception's class and place."""
        super().__init__(f"{kind} at {where}")
        self.kind = kind
        self.where = where


class Child:
    """One child process, started when first needed, asked one question at a time, replaced when it dies.

    Args:
        module: what `python -m` runs; it calls `serve`.
        seconds: an answer that takes longer is a ChildTimeout.
        memory_mb: limit of the child's address space.
        idle_seconds: without a question for so long the child ends by itself and gives its memory back.
        arguments: further words of the child's command line.
        environment: the child's environment; secrets of the parent's do not get in. None is a bare one.
    """

    def __init__(
        self,
        module: str,
        *,
        seconds: float,
        memory_mb: int,
        idle_seconds: float = 60,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the command line; nothing is started yet."""
        self._command = [
            sys.executable,
            "-m",
            module,
            *arguments,
            f"--memory-mb={memory_mb}",
            f"--idle-seconds={idle_seconds}",
        ]
        self._environment = dict(environment) if environment is not None else bare_environment()
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._lock = threading.Lock()

    def call(
        self, question: dict[str, Any], blobs: Sequence[bytes] = (), *, seconds: float | None = None
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Ask and wait for the answer.

        Raises:
            ChildTimeout, ChildCrashed, ChildFault.
        """
        allowed = self._seconds if seconds is None else seconds
        frame = _pack({**question, "__seconds__": allowed}, blobs)
        with self._lock:
            for attempt in (1, 2):
                process, fresh = self._running()
                patience = _Patience(allowed)
                try:
                    _write(process, frame, patience)
                    answer, out = _unpack(_reader(process, patience))
                except TimeoutError:
                    self._kill()
                    raise ChildTimeout(allowed) from None
                except (EOFError, OSError):
                    code = self._kill(grace=0.5)
                    # It may have ended by itself, idle, in the moment of the question.
                    if code == 0 and not fresh and attempt == 1:
                        continue
                    raise ChildCrashed(_died(code), memory=code == _MEMORY_EXIT) from None
                break
        fault = answer.get("__fault__")
        if fault is not None:
            raise ChildFault(fault["kind"], fault["where"])
        return answer, out

    def close(self) -> None:
        """End the child; a later call starts a new one."""
        with self._lock:
            self._kill()

    @property
    def pid(self) -> int | None:
        """The running child's process id."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def _running(self) -> tuple[subprocess.Popen[bytes], bool]:
        if self._process is not None and self._owner == os.getpid() and self._process.poll() is None:
            return self._process, False
        if self._process is not None and self._owner == os.getpid():
            self._kill()
        self._owner = os.getpid()  # a forked worker must not share its parent's child
        self._process = subprocess.Popen(  # noqa: S603 - our own module by our own interpreter
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=self._environment,
            bufsize=0,
            start_new_session=True,  # a Ctrl-C at the terminal is the parent's affair
        )
        for pipe in (self._process.stdin, self._process.stdout):
            os.set_blocking(_fileno(pipe), False)
        return self._process, True

    def _kill(self, grace: float = 0) -> int | None:
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return None
        code = process.poll()
        if code is None and grace:  # it is just ending: hear how
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(grace)
        if code is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        return code


class Pool:
    """Up to `size` children of one kind; a call takes the one that was used last."""

    def __init__(self, size: int, make: Callable[[], Child]) -> None:
        """Make the children; none is started yet."""
        self._children = [make() for _ in range(size)]
        self._free: queue.LifoQueue[Child] = queue.LifoQueue()
        for child in self._children:
            self._free.put(child)

    def call(
        self, question: dict[str, Any], blobs: Sequence[bytes] = (), *, seconds: float | None = None
    ) -> tuple[dict[str, Any], list[bytes]]:
        """As Child.call, on a free child."""
        child = self._free.get()
        try:
            return child.call(question, blobs, seconds=seconds)
        finally:
            self._free.put(child)

    def close(self) -> None:
        """End all children."""
        for child in self._children:
            child.close()

    @property
    def pids(self) -> list[int]:
        """Process ids of the running children."""
        return [pid for child in self._children if (pid := child.pid) is not None]


_MEMORY_EXIT = 77
_LOOK_S = 0.25  # between two looks at a pipe
_STOOD_STILL_S = 1.0  # more than that between two looks is no time that the child had
_TAKING_S = 5.0  # an answer that is there may still be taken in


def serve(handler: Handler, arguments: Sequence[str], *, writes: bool = False) -> None:
    """The child's side: answer frames on stdin until it ends or nothing comes for the idle time.

    Args:
        handler: question and blobs in, answer and blobs out; what it raises reaches the parent as ChildFault.
        arguments: the command line's words, with --memory-mb and --idle-seconds.
        writes: whether files may be written and programs started (an OCR engine needs both).
    """
    limits = dict(word[2:].split("=", 1) for word in arguments if word.startswith("--") and "=" in word)
    idle = float(limits.get("idle-seconds", "60"))
    memory = int(limits.get("memory-mb", "0"))
    _confine(memory << 20, writes=writes)
    inlet = os.dup(0)
    outlet = os.dup(1)
    os.dup2(2, 1)  # what a library prints must not get between the frames
    while select.select([inlet], [], [], idle)[0]:
        try:
            question, blobs = _unpack(lambda n: _read_exactly(inlet, n))
        except EOFError:
            return
        out: Sequence[bytes]
        # The parent kills a child that is late. Where the parent itself was killed, the kernel's alarm does
        # it; PR_SET_PDEATHSIG would not do: it fires when the *thread* that started the child ends.
        signal.alarm(int(question.pop("__seconds__", 60)) + 5)
        try:
            answer, out = handler(question, blobs)
        except MemoryError:
            os._exit(_MEMORY_EXIT)
        except Exception as error:  # noqa: BLE001 - whatever a document makes a parser raise
            answer, out = {"__fault__": {"kind": type(error).__name__, "where": _where(error)}}, ()
        signal.alarm(0)
        del question, blobs
        view = memoryview(_pack(answer, out))
        del answer, out
        try:
            while view:
                view = view[os.write(outlet, view) :]
        except BrokenPipeError:
            return


def bare_environment() -> dict[str, str]:
    """What a child needs of an environment: a path and UTF-8, none of the parent's secrets."""
    return {
        "PATH": f"{os.defpath}:/usr/local/bin",
        "LC_ALL": "C.UTF-8",
        "PYTHONUTF8": "1",
        "HOME": "/nonexistent",
    }


def _confine(memory: int, *, writes: bool) -> None:
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not writes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    refused = {"socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo"}
    if not writes:
        refused |= {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"}

    def hook(event: str, _arguments: tuple[object, ...]) -> None:
        if event in refused:
            raise PermissionError(event)

    sys.addaudithook(hook)


def _pack(message: dict[str, Any], blobs: Sequence[bytes]) -> bytes:
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    head = [_HEAD.pack(len(text), len(blobs)), *(_SIZE.pack(len(blob)) for blob in blobs)]
    return b"".join([*head, text, *blobs])


def _unpack(read: Callable[[int], bytes]) -> tuple[dict[str, Any], list[bytes]]:
    length, count = _HEAD.unpack(read(_HEAD.size))
    if length > _MAX_FRAME or count > _MAX_BLOBS:
        raise EOFError
    sizes = [_SIZE.unpack(read(_SIZE.size))[0] for _ in range(count)]
    if sum(sizes) > _MAX_FRAME:
        raise EOFError
    message = json.loads(read(length).decode("utf-8", "surrogatepass"))
    return message, [read(size) for size in sizes]


def _read_exactly(fd: int, count: int) -> bytes:
    out = bytearray()
    while len(out) < count:
        piece = os.read(fd, min(count - len(out), 1 << 20))
        if not piece:
            raise EOFError
        out += piece
    return bytes(out)


def _reader(process: subprocess.Popen[bytes], patience: _Patience) -> Callable[[int], bytes]:
    fd = _fileno(process.stdout)
    poll = select.poll()
    poll.register(fd, select.POLLIN)

    def read(count: int) -> bytes:
        out = bytearray()
        while len(out) < count:
            patience.wait(poll)
            try:
                piece = os.read(fd, min(count - len(out), 1 << 20))
            except BlockingIOError:
                continue
            if not piece:
                raise EOFError
            out += piece
        return bytes(out)

    return read


def _write(process: subprocess.Popen[bytes], data: bytes, patience: _Patience) -> None:
    fd = _fileno(process.stdin)
    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    view = memoryview(data)
    while view:
        patience.wait(poll)
        with contextlib.suppress(BlockingIOError):
            view = view[os.write(fd, view) :]


class _Patience:
    """The time that an answer may take; none that this process itself stood still for, paused or suspended."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._at = time.monotonic()

    def wait(self, poll: select.poll) -> None:
        """Return when the pipe is ready; TimeoutError when the time is over before."""
        while True:
            ready = poll.poll(1000 * max(0.0, min(self._left, _LOOK_S)))
            now = time.monotonic()
            self._left -= min(now - self._at, _STOOD_STILL_S)
            self._at = now
            if self._left <= (-_TAKING_S if ready else 0.0):
                raise TimeoutError
            if ready:
                return


def _fileno(pipe: IO[bytes] | None) -> int:
    if pipe is None:
        raise EOFError
    return pipe.fileno()


def _died(code: int | None) -> str:
    if code is not None and code < 0:
        return f"the child was ended by signal {-code}"
    return f"the child ended with {code}"


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "?"
    own = (f for f in reversed(frames) if f.filename.startswith(str(ROOT)) and "-packages" not in f.filename)
    last = next(own, frames[-1])
    return f"{Path(last.filename).name}:{last.lineno} in {last.name}"
