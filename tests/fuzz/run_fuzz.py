#!/usr/bin/env python3
"""Runs a target of tests/fuzz under libFuzzer, with what was kept of earlier runs.

run_fuzz.py TARGET                 as many executions as docs/reliability.md reports
run_fuzz.py TARGET --runs N        so many
run_fuzz.py TARGET --seeds FOLDER  begins with these files too
run_fuzz.py TARGET --keep          no run: the smallest set of inputs that reaches what all that
                                   were found reach becomes corpus/TARGET.pack

Inputs that are found lie in BUILD/corpus/TARGET, findings in BUILD/findings; BUILD is build/fuzz.
"""

import argparse
import hashlib
import os
import pathlib
import shutil
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# Executions, and the longest input: no longer than what the target's branches need.
TARGETS = {
    "command_line": (10**6, 256),
    "decode": (10**7, 128),
    "jsonl": (10**7, 256),
    "model_files": (10**7, 1600),
    "squad": (10**6, 640),
    "tokenizer": (10**7, 96),
    "tokenizer_twins": (10**7, 64),
    "weights": (10**7, 1600),
}


def read_pack(path):
    """The inputs of a pack; replay_main.cc describes it."""
    data = path.read_bytes() if path.exists() else b""
    inputs = []
    while data:
        (size,) = struct.unpack_from("<I", data)
        inputs.append(data[4:4 + size])
        data = data[4 + size:]
    return inputs


def write_pack(path, inputs):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"".join(struct.pack("<I", len(item)) + item for item in inputs))


def fill(corpus, target, seeds):
    """Puts what is kept, and the seeds, beside what earlier runs found."""
    corpus.mkdir(parents=True, exist_ok=True)
    items = read_pack(HERE / "corpus" / f"{target}.pack")
    for folder in (HERE / "regressions" / target, seeds):
        if folder and folder.is_dir():
            items += [file.read_bytes() for file in sorted(folder.iterdir())]
    for item in items:
        (corpus / hashlib.sha1(item).hexdigest()).write_bytes(item)


def libfuzzer(build, target, arguments):
    """Runs the target's program in tests/, where the golden files are."""
    environment = dict(os.environ)
    environment.setdefault("ASAN_OPTIONS", "malloc_context_size=1:quarantine_size_mb=8:detect_stack_use_after_return=0")
    command = [str(build / "bin" / f"fuzz_{target}"), f"-max_len={TARGETS[target][1]}", *arguments]
    return subprocess.run(command, cwd=HERE.parent, env=environment, check=False).returncode


def keep(build, target):
    corpus = build / "corpus" / target
    smallest = build / "corpus" / f"{target}.smallest"
    shutil.rmtree(smallest, ignore_errors=True)
    smallest.mkdir()
    status = libfuzzer(build, target, ["-merge=1", "-use_counters=0", str(smallest), str(corpus)])
    if status == 0:
        inputs = sorted((file.read_bytes() for file in smallest.iterdir()),
                        key=lambda item: (len(item), item))
        write_pack(HERE / "corpus" / f"{target}.pack", inputs)
        print(f"{target}: {len(inputs)} inputs, {sum(map(len, inputs))} bytes")
    return status


def fuzz(build, target, runs):
    findings = build / "findings"
    findings.mkdir(exist_ok=True)
    return libfuzzer(build, target, [
        f"-runs={runs}", f"-dict={HERE / 'dictionaries' / target}.dict",
        f"-artifact_prefix={findings}/{target}-", "-timeout=10", "-rss_limit_mb=2048",
        "-malloc_limit_mb=512", "-reload=0", "-print_final_stats=1",
        str(build / "corpus" / target)])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--runs", type=int)
    parser.add_argument("--seeds", type=pathlib.Path)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "fuzz")
    options = parser.parse_args()
    build = options.build.resolve()
    fill(build / "corpus" / options.target, options.target, options.seeds)
    if options.keep:
        return keep(build, options.target)
    return fuzz(build, options.target, options.runs or TARGETS[options.target][0])


if __name__ == "__main__":
    sys.exit(main())
