#!/usr/bin/env python3
"""Installs bertqa, moves the copy elsewhere, and uses it as a stranger would.

check_package.py --cmake CMAKE --build BUILD_DIR --source SOURCE_DIR --generator NAME

Fails unless the installed program and a program built against the installed library (examples/ask)
answer a question from another folder, with an empty environment, and open nothing of the build tree
or the source tree: the dynamic linker is asked (LD_DEBUG=files) what it opens, and the run paths
are read. The same for every module (lib/bertqa/libbertqa_*.so): it is installed, and loads with its
library (libtorch, libcurl), which answering does not load; the writer of TorchScript archives also
writes one, and what fetches models also tries to.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

QUESTION = "Where does the bridge cross the river?"
# An accent before the answer: byte offsets differ from code points.
TEXT = "Zoé says that the old bridge crosses the river in Avignon."

# What the modules that need no libtorch are there for.
WRAPPED = {"libbertqa_hub.so": "libcurl", "libbertqa_serve.so": "libcpp-httplib"}


def run(command, **options):
    result = subprocess.run([str(part) for part in command], text=True, capture_output=True,
                            **options)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nexit status {result.returncode}\n"
                 f"{result.stdout}{result.stderr}")
    return result


def run_opening(command, folder):
    """Runs it in `folder` with nothing in its environment but the linker's debug output.
    Returns stdout and the files that the linker opened."""
    result = run(command, cwd=folder, env={"LD_DEBUG": "files", "LC_ALL": "C.UTF-8"})
    return result.stdout, re.findall(r"calling init: (\S+)", result.stderr)


def run_bare(command, folder):
    """run_opening for what does not need libtorch."""
    output, opened = run_opening(command, folder)
    if not any("libutf8proc" in path for path in opened):
        sys.exit(f"{command[0]}: the linker's debug output names no library: {opened}")
    for library in ("libtorch", "libcurl", "libcrypto", "libcpp-httplib", "libprometheus"):
        if any(library in path for path in opened):
            sys.exit(f"{command[0]}: {library} is loaded, but answering does not need it")
    return output, opened


class Trees:
    """What is gone when the checkout and its build are gone: all of them but the copy's folder."""

    def __init__(self, folders, copy):
        self.folders = folders
        self.copy = copy

    def __contains__(self, path):
        path = pathlib.Path(os.path.normpath(path))
        return (any(path.is_relative_to(folder) for folder in self.folders)
                and not path.is_relative_to(self.copy))


def check_run_paths(prefix, trees):
    for binary in [prefix / "bin/bertqa", *(prefix / "lib").rglob("lib*.so*")]:
        dynamic = run(["readelf", "-d", binary]).stdout
        for paths in re.findall(r"\(R(?:UN)?PATH\).*\[(.*)\]", dynamic):
            for path in paths.split(":"):
                if path in trees:
                    sys.exit(f"{binary}: its run path leads into the build: {path}")


def check_contents(prefix, trees):
    """What is installed does not tell where it was built. (libtorch is not ours.)"""
    libtorch = re.compile(r"lib(torch|c10|gomp|cud)")
    for file in prefix.rglob("*"):
        if file.is_file() and not file.is_symlink() and not libtorch.match(file.name):
            content = file.read_bytes()
            for tree in trees.folders:
                if os.fsencode(tree) in content:
                    sys.exit(f"{file} names {tree}")


def check_links(prefix):
    for path in prefix.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(prefix.resolve()):
            sys.exit(f"{path} points out of the installed copy, to {path.resolve()}")


def check_program(prefix, folder, trees):
    command = [prefix / "bin/bertqa", "ask", "-q", QUESTION, "-c", TEXT]
    answer, opened = run_bare(command, folder)
    if "Avignon" not in answer:
        sys.exit(f"the installed program answered {answer!r}")
    check_opened(command[0], opened, trees)


def check_example(arguments, prefix, folder, trees):
    build = folder / "example"
    run([arguments.cmake, "-S", arguments.source / "examples/ask", "-B", build,
         "-G", arguments.generator, f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Release"])
    run([arguments.cmake, "--build", build])
    command = [build / "ask", QUESTION, TEXT]
    output, opened = run_bare(command, folder)
    text, begin, end, probability = output.rstrip("\n").split("\t")
    if "Avignon" not in text or TEXT.encode()[int(begin):int(end)].decode() != text:
        sys.exit(f"the example answered {output!r}: not that slice of the text")
    if not 0 < float(probability) <= 1:
        sys.exit(f"the example gave the probability {probability}")
    check_opened(command[0], opened, trees)
    if not any(pathlib.Path(path).name.startswith("libbertqa.so")
               and pathlib.Path(os.path.normpath(path)).is_relative_to(prefix) for path in opened):
        sys.exit(f"the example did not load the installed libbertqa.so: {opened}")


def check_modules(arguments, prefix, folder, trees):
    """What was built is installed, and finds its library without the build."""
    built = sorted(path.name for path in (arguments.build / "lib/bertqa").glob("libbertqa_*.so")
                   if "test" not in path.name)
    installed = {path.name: path for path in (prefix / "lib").rglob("libbertqa_*.so")}
    if "libbertqa_torchscript.so" not in built or built != sorted(installed):
        sys.exit(f"modules built: {built}, installed: {sorted(installed)}")
    for path in installed.values():
        load = f"import ctypes; ctypes.CDLL({str(path)!r})"
        _, opened = run_opening([sys.executable, "-c", load], folder)
        library = WRAPPED.get(path.name, "libtorch_cpu")
        if not any(library in name for name in opened):
            sys.exit(f"{path.name}: {library} is not loaded with it: {opened}")
        check_opened(path.name, opened, trees)


def check_export(prefix, folder, trees):
    command = [prefix / "bin/bertqa", "export", "--model", "minilm-l6-squad", "--format",
               "torchscript", "-o", folder / "exported"]
    _, opened = run_opening(command, folder)
    if not (folder / "exported/model.pt").is_file():
        sys.exit("the installed program wrote no archive")
    check_opened(command[0], opened, trees)


def check_pull(prefix, folder, trees):
    """Nobody listens at port 1: the module was found, loaded and asked."""
    result = subprocess.run(
        [prefix / "bin/bertqa", "pull", "org/name"], cwd=folder, text=True, capture_output=True,
        env={"LD_DEBUG": "files", "HOME": str(folder), "HF_ENDPOINT": "http://127.0.0.1:1"})
    if result.returncode != 3 or "http://127.0.0.1:1 cannot be reached" not in result.stderr:
        sys.exit(f"the installed program's pull: exit status {result.returncode}\n{result.stderr}")
    check_opened("pull", re.findall(r"calling init: (\S+)", result.stderr), trees)


def check_opened(program, opened, trees):
    for path in opened:
        if path in trees:
            sys.exit(f"{program} loaded {path}, which goes with the build")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cmake", required=True)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--source", required=True, type=pathlib.Path)
    parser.add_argument("--generator", required=True)
    arguments = parser.parse_args()
    # The copy is 0.5 GB: beside the build, which has room, not in /tmp.
    work = pathlib.Path(tempfile.mkdtemp(prefix="bertqa-package-", dir=arguments.build.parent))
    trees = Trees([arguments.build, arguments.source], work)
    try:
        first = work / "first"
        prefix = work / "moved"
        run([arguments.cmake, "--install", arguments.build, "--prefix", first])
        os.rename(first, prefix)
        check_run_paths(prefix, trees)
        check_contents(prefix, trees)
        check_links(prefix)
        check_program(prefix, work, trees)
        check_example(arguments, prefix, work, trees)
        check_modules(arguments, prefix, work, trees)
        check_export(prefix, work, trees)
        check_pull(prefix, work, trees)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print("installed, moved, asked: nothing of the build tree was needed")


if __name__ == "__main__":
    main()
