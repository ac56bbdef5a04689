"""Runs `bertqa` on a pseudo-terminal."""

import fcntl
import os
import pty
import struct
import subprocess
import termios

import runner


def run_on_terminal(*args, env=None, columns=100, feed=None):
    """Standard output and error are one terminal, and input too, unless it is a pipe into which
    `feed` writes what it likes. Returns the exit status and what the terminal was sent."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(runner.command_line(*args),
                               stdin=subprocess.PIPE if feed is not None else slave,
                               stdout=slave, stderr=slave, env=runner.environment(**(env or {})))
    os.close(slave)
    if feed is not None:
        feed(process.stdin)
        process.stdin.close()
    shown = b""
    while True:
        try:
            chunk = os.read(master, 1 << 16)
        except OSError:  # Linux says EIO when the last writer is gone
            break
        if not chunk:
            break
        shown += chunk
    os.close(master)
    return process.wait(timeout=runner.DEADLINE_SECONDS), shown.decode()
