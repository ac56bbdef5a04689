"""Runs the real `bertqa` for the tests of this folder. Standard library only."""

import atexit
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import string
import subprocess
import tempfile
import time
import unittest
from dataclasses import dataclass

from tiny_model import write_tiny_model

BINARY = pathlib.Path(os.environ.get("BERTQA_BINARY", "bertqa")).resolve()
GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
BUNDLED = BINARY.parent.parent / "share" / "bertqa" / "models" / "minilm-l6-squad"
DEADLINE_SECONDS = 300

_shared = tempfile.mkdtemp(prefix="bertqa-cli-")
atexit.register(shutil.rmtree, _shared, ignore_errors=True)


@dataclass
class Result:
    """What a run of the program left."""

    status: int
    stdout: str
    stderr: str
    peak_kib: int = 0

    def records(self):
        return [json.loads(line) for line in self.stdout.split("\n") if line]


def tiny_model():
    """A model with random weights that loads at once: for tests that do not look at answers."""
    folder = shared_folder() / "tiny"
    if not folder.exists():
        write_tiny_model(folder)
    return folder


def environment(**changes):
    """The same for every run: no settings of the user's own, messages in English."""
    clean = {key: value for key, value in os.environ.items()
             if not key.startswith(("BERTQA_", "HF_", "HUGGING"))
             and not key.lower().endswith("_proxy")
             and key not in ("NO_COLOR", "TRANSFORMERS_OFFLINE", "XDG_CACHE_HOME",
                             "XDG_DATA_HOME")}
    clean.update(LC_ALL="C", HOME=_shared, TERM="xterm")
    # AddressSanitizer holds freed memory back (256 MB by default), which is not ours to count.
    clean["ASAN_OPTIONS"] = "quarantine_size_mb=4:thread_local_quarantine_size_kb=64"
    clean.update(changes)
    return {key: value for key, value in clean.items() if value is not None}


def command_line(*args):
    """The program and its arguments; numbers may be given as such."""
    return [str(BINARY), *(arg if isinstance(arg, bytes) else str(arg) for arg in args)]


def shared_folder():
    """Of what several tests use and none changes; goes when they are done."""
    return pathlib.Path(_shared)


def wait_until(condition, what):
    """Looks again and again; fails if it never comes."""
    end = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain until {what}")
        time.sleep(0.005)


def default_signals():
    """For `preexec_fn`: as a shell starts a command, whatever this process was told to ignore."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)


def _status(code):
    return 128 - code if code < 0 else code


def run(*args, stdin=b"", cwd=None, env=None, stdout=None, limit_bytes=None, address_bytes=None):
    """Runs the program to its end. `stdin` is text, bytes or a file; `stdout` a file to write to.
    `limit_bytes` bounds the size of files that it may write, `address_bytes` its address space."""
    is_data = isinstance(stdin, (str, bytes))
    data = stdin.encode() if isinstance(stdin, str) else stdin

    def set_limit():
        if limit_bytes is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # write(2) then says EFBIG
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
        if address_bytes is not None:
            resource.setrlimit(resource.RLIMIT_AS, (address_bytes, address_bytes))

    process = subprocess.Popen(
        command_line(*args), cwd=cwd, env=environment(**(env or {})),
        stdin=subprocess.PIPE if is_data else stdin,
        stdout=stdout or subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=set_limit)
    try:
        out, err = process.communicate(data if is_data else None, timeout=DEADLINE_SECONDS)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return Result(_status(process.returncode), (out or b"").decode(), err.decode())


def peak_kib(*args):
    """Runs the program with its results thrown away; returns its peak memory in KiB."""
    with open(os.devnull, "wb") as null:
        process = subprocess.Popen(command_line(*args), env=environment(),
                                   stdin=subprocess.DEVNULL, stdout=null, stderr=subprocess.PIPE)
        errors = process.stderr.read().decode()
        process.stderr.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise AssertionError(f"exit {process.returncode}: {errors}")
    return usage.ru_maxrss


def normalise(answer):
    """SQuAD's answer normalisation."""
    text = "".join(c for c in answer.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def unit_slice(text, start, end, unit):
    """text[start:end], counted in code points, bytes or UTF-16 code units."""
    if unit == "codepoint":
        return text[start:end]
    if unit == "byte":
        return text.encode()[start:end].decode()
    return text.encode("utf-16-le")[2 * start:2 * end].decode("utf-16-le")


class CliTest(unittest.TestCase):
    """A test with a folder of its own."""

    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="bertqa-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, content):
        """A file of this test: str, bytes, or a list of records that become JSONL."""
        if isinstance(content, list):
            content = "".join(json.dumps(record) + "\n" for record in content)
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run_tiny(self, command, *args, **keywords):
        return run(command, "-m", tiny_model(), *args, **keywords)

    def check(self, result, status, stdout=None, stderr=""):
        """Exact stderr ("" by default) and, where given, exact stdout."""
        self.assertEqual((result.status, result.stderr), (status, stderr))
        if stdout is not None:
            self.assertEqual(result.stdout, stdout)
        return result

    def check_usage(self, result, message):
        """A usage error: this message, nothing on stdout, exit 2."""
        return self.check(result, 2, stdout="", stderr=f"bertqa: {message}\n")
