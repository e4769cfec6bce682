"""Runs a list of processes: prefixes their lines, starts the fallen again, stops all of them cleanly."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import IO

from cli import lifeline
from cli.settings import ROOT

_GRACE_S = 5.0
_BACKOFF_S = (0.5, 10.0)
_STEADY_S = 10.0  # a process that lived this long has started; its next fall begins with the short back-off
_UNUSABLE = 2  # exit status of a sentence that a person has to act upon
_COLOURS = (36, 33, 32, 35, 34)
_READ = 64 * 1024


@dataclass(eq=False)
class Process:
    """One line of the process list.

    Args:
        name: the prefix of its lines.
        command: an argument list, or a shell's line as a Procfile has it.
        last: stopped after all the others, because they need it (Redis).
    """

    name: str
    command: list[str] | str
    last: bool = False
    running: subprocess.Popen[bytes] | None = None
    pipe: IO[bytes] | None = None  # what it writes; open until it and all it started have closed it
    started: float = 0.0
    restart_at: float = 0.0
    back_off: float = _BACKOFF_S[0]
    proven: bool = False
    half_line: bytes = b""


@dataclass
class Supervisor:
    """Processes under one parent; one thread, so that the kernel's parent-death signal means this process.

    Args:
        environment: what the processes get.
        output: where their lines go.
        grace_s: seconds between SIGTERM and SIGKILL.
    """

    environment: Mapping[str, str]
    output: IO[str] = field(default_factory=lambda: sys.stdout)
    grace_s: float = _GRACE_S
    _processes: list[Process] = field(default_factory=list)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _stop: int = 0  # how often we were asked to stop

    def start(self, process: Process) -> None:
        """Start a process now and keep it running from here on."""
        self._processes.append(process)
        self._spawn(process)

    def run(self) -> int:
        """Keep all of them running until a signal; 0 then, 2 when one could not be started for a told reason."""
        status: int | None = None
        while status is None and not self._stop:
            self._turn(0.2)
            status = self._look_after()
        return status or 0

    def wait_for(self, ready: Callable[[], bool], seconds: float) -> bool:
        """Turn until `ready`, a signal, a told failure or the time is over; whether it got ready."""
        deadline = time.monotonic() + seconds
        while not self._stop and time.monotonic() < deadline:
            if ready():
                return True
            self._turn(0.02)
            if self._look_after() is not None:
                return False
        return False

    def call(self, command: list[str]) -> tuple[int, str]:
        """Run a short command to its end, its lines of error passed on; exit status and what it printed."""
        with tempfile.TemporaryFile() as printed:
            child = subprocess.Popen(
                command, env=self._child_environment(), cwd=ROOT, stdout=printed, start_new_session=True
            )
            while child.poll() is None and not self._stop:
                self._turn(0.02)
            if self._stop:
                _signal_group(child, signal.SIGTERM)
            status = child.wait()
            printed.seek(0)
            return status, printed.read().decode("utf-8", "replace")

    @property
    def stopping(self) -> bool:
        """Whether a signal asked for the end."""
        return bool(self._stop)

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """While the block runs, Ctrl-C, SIGTERM and SIGHUP ask for a clean end; all processes end with it."""
        before = {
            number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            yield
        finally:
            self._end()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop += 1

    def _child_environment(self) -> dict[str, str]:
        return {**self.environment, lifeline.PARENT: str(os.getpid()), "PYTHONUNBUFFERED": "1"}

    def _spawn(self, process: Process) -> None:
        command = process.command if isinstance(process.command, list) else ["/bin/sh", "-c", process.command]
        child = subprocess.Popen(
            command,
            env=self._child_environment(),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a terminal's Ctrl-C reaches us alone, and a group can be signalled whole
        )
        process.running, process.pipe = child, child.stdout
        process.started, process.half_line = time.monotonic(), b""
        if process.pipe is not None:
            os.set_blocking(process.pipe.fileno(), False)
            self._selector.register(process.pipe, selectors.EVENT_READ, process)

    def _turn(self, seconds: float) -> None:
        """Pass on what the processes have written; wait at most so long for it."""
        if not self._selector.get_map():
            time.sleep(min(seconds, 0.02))
        for key, _ in self._selector.select(seconds):
            self._read(key.data)

    def _read(self, process: Process) -> bool:
        """Pass on what is there of a process's lines; whether there may be more."""
        if process.pipe is None:
            return False
        try:
            piece = os.read(process.pipe.fileno(), _READ)
        except BlockingIOError:
            return False
        if not piece:
            self._close(process)
            return False
        *lines, process.half_line = (process.half_line + piece).split(b"\n")
        self._print(process, lines)
        return True

    def _close(self, process: Process) -> None:
        """No more lines of this process, though somebody whom it left behind may still hold the pipe."""
        if process.pipe is not None:
            self._selector.unregister(process.pipe)
            process.pipe.close()
            process.pipe = None
        if process.half_line:
            self._print(process, [process.half_line])
            process.half_line = b""

    def _print(self, process: Process, lines: list[bytes]) -> None:
        if not lines:
            return
        width = max(len(other.name) for other in self._processes)
        prefix = f"{process.name:<{width}} | "
        if self.output.isatty():
            colour = _COLOURS[self._processes.index(process) % len(_COLOURS)]
            prefix = f"\033[{colour}m{prefix}\033[0m"
        text = "".join(f"{prefix}{line.decode('utf-8', 'replace')}\n" for line in lines)
        # The reader of our output went away (`| head`): the processes matter more than their lines.
        with contextlib.suppress(BrokenPipeError):
            self.output.write(text)
            self.output.flush()

    def _look_after(self) -> int | None:
        """Start the fallen again when their time has come; a status when going on makes no sense."""
        now = time.monotonic()
        for process in self._processes:
            if process.running is None:
                if now >= process.restart_at:
                    self._spawn(process)
                continue
            status = process.running.poll()
            if status is None:
                process.proven = process.proven or now - process.started > _STEADY_S
                continue
            self._drain(process)
            _signal_group(process.running, signal.SIGKILL)  # what it may have left behind
            if status == _UNUSABLE and not process.proven:
                return _UNUSABLE
            self._fallen(process, status, now)
        return None

    def _fallen(self, process: Process, status: int, now: float) -> None:
        steady = now - process.started > _STEADY_S
        process.back_off = _BACKOFF_S[0] if steady else process.back_off
        process.restart_at, process.running = now + process.back_off, None
        how = f"signal {-status}" if status < 0 else f"status {status}"
        self._print(process, [f"ended with {how}; starting it again in {process.back_off:g} s".encode()])
        process.back_off = min(process.back_off * 2, _BACKOFF_S[1])

    def _drain(self, process: Process) -> None:
        """The last lines of a process that has ended."""
        while self._read(process):
            pass
        self._close(process)

    def _end(self) -> None:
        """SIGTERM, five seconds, SIGKILL: first those that need Redis, then Redis. A second signal cuts it short."""
        for last in (False, True):
            group = [p.running for p in self._processes if p.last == last and p.running is not None]
            for child in group:
                _signal_group(child, signal.SIGTERM)
            deadline, asked = time.monotonic() + self.grace_s, self._stop
            while any(child.poll() is None for child in group) and time.monotonic() < deadline:
                if self._stop > max(asked, 1):
                    break
                self._turn(0.05)
            for process in self._processes:
                if process.last == last and process.running is not None:
                    _signal_group(process.running, signal.SIGKILL)
                    process.running.wait()
                    self._drain(process)
                    process.running = None


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
