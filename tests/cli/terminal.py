"""Runs `bertqa` on a pseudo-terminal."""

import fcntl
import os
import pty
import struct
import subprocess
import termios

import runner


def run_on_terminal(*args, env=None, columns=100, stdin=None):
    """Standard output and error (and input, unless `stdin` is given) are one terminal.
    Returns the exit status and what the terminal was sent."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(runner.command_line(*args),
                               stdin=subprocess.PIPE if stdin is not None else slave,
                               stdout=slave, stderr=slave, env=runner.environment(**(env or {})))
    os.close(slave)
    if stdin is not None:
        process.stdin.write(stdin.encode())
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
