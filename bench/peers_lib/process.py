"""Running one child process: its time, its peak memory, its output."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass


class ChildFailed(RuntimeError):
    """A child ended with a status other than 0."""


@dataclass
class Finished:
    """What one process took and said."""

    seconds: float
    peak_mib: float
    stdout: str
    stderr: str


def run(command, environment=None):
    """Runs a command to its end. Raises ChildFailed with the end of its messages.

    The peak is ru_maxrss of this very child. Linux starts that figure at the parent's size at the
    moment of exec, so it is a floor: the launcher stays at some 20 MiB, less than any contender.
    """
    child = None
    # A signal that came inside Popen would leave a child that nobody knows.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begin = time.perf_counter()
        try:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                     env={**os.environ, **(environment or {})},
                                     preexec_fn=lambda: _set_mask(before))
            _set_mask(before)
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            if child:
                child.kill()
                child.wait()
            raise
        finally:
            _set_mask(before)
        seconds = time.perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        stdout, stderr = (_text(file) for file in (out, err))
    if child.returncode != 0:
        raise ChildFailed(f"{' '.join(map(str, command))}: status {child.returncode}\n"
                          f"{stderr[-2000:]}")
    return Finished(seconds, usage.ru_maxrss / 1024, stdout, stderr)


def end_children_when_ended():
    """Lets SIGTERM end the launcher as Ctrl-C does: `run` then ends its child first."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


def _set_mask(signals):
    signal.pthread_sigmask(signal.SIG_SETMASK, signals)


def _text(file):
    file.seek(0)
    return file.read().decode("utf-8", errors="replace")
