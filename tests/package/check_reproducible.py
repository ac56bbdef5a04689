#!/usr/bin/env python3
"""The same source gives the same files, wherever it is built.

check_reproducible.py --libtorch DIR [--jobs N] [--work DIR]
    builds what is shipped twice, by the preset `release`, in two folders, with two languages, time
    zones and numbers of jobs, installs both and compares every file. DIR holds include/ and lib/.
    Takes as long as two builds without a compiler cache; with --work they stay, and the same command
    goes on with them.

check_reproducible.py --against BUILD [--cmake CMAKE] [--cxx COMPILER] [--flags CMAKE_CXX_FLAGS]
    builds one module elsewhere and compares it with that of the release build BUILD: seconds.

What differs is named, of a binary the sections; then the exit status is 1. What git knows of the
source is copied, as it stands in the working tree.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import elf

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SHIPPED = ("bertqa_cli", "bertqa_shared", "bertqa_sbom")  # the last needs all modules
MODULE = "lib/bertqa/libbertqa_hub.so"


def run(command, **variables):
    # A cache would bring the first build's objects to the second.
    environment = {**os.environ, "CCACHE_DISABLE": "1", **variables}
    result = subprocess.run([str(part) for part in command], text=True, env=environment,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nexit status {result.returncode}\n{result.stdout}")
    return result.stdout


def copy_source(folder, *names):
    """What git knows of the source, or of these files and folders in it."""
    listed = subprocess.run(["git", "-C", SOURCE, "ls-files", "-z", "--", *names], check=True,
                            capture_output=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_bytes() != (SOURCE / name).read_bytes():
            shutil.copyfile(SOURCE / name, target)
    return folder


def commit_time():
    return run(["git", "-C", SOURCE, "log", "-1", "--format=%ct"]).strip()


def build_and_install(source, prefix, arguments, jobs, **variables):
    # Where tools/quickstart has it, so that its headers' names are in another folder as well.
    libtorch = source / "build/libtorch/torch"
    if not libtorch.is_symlink():
        libtorch.parent.mkdir(parents=True)
        libtorch.symlink_to(arguments.libtorch.resolve())
    run(["cmake", "--preset", "release", "-S", source, "-B", source / "build/release",
         "-DBERTQA_BUILD_TESTS=OFF"], **variables)
    run(["cmake", "--build", source / "build/release", "--parallel", jobs, "--target", *SHIPPED],
        **variables)
    run(["cmake", "--install", source / "build/release", "--prefix", prefix], **variables)


def files_of(folder):
    return {str(path.relative_to(folder)): path for path in folder.rglob("*")
            if path.is_file() or path.is_symlink()}


def difference(one, other):
    """What differs between two files, or None."""
    if one.is_symlink() or other.is_symlink():
        same = one.is_symlink() and other.is_symlink() and one.readlink() == other.readlink()
        return None if same else "is a link to elsewhere"
    left, right = one.read_bytes(), other.read_bytes()
    if left == right:
        return None
    if not (left.startswith(b"\x7fELF") and right.startswith(b"\x7fELF")):
        place = next((i for i, pair in enumerate(zip(left, right)) if pair[0] != pair[1]),
                     min(len(left), len(right)))
        return f"differs from byte {place}"
    left, right = elf.Elf(one).sections, elf.Elf(other).sections
    names = [name for name in {**left, **right} if left.get(name) != right.get(name)]
    return f"differs in {', '.join(names) or 'its headers'}"


def compare(one, other):
    """Sentences of what differs between two folders, and how many files were compared."""
    left, right = files_of(one), files_of(other)
    found = [f"{name}: only in one" for name in sorted(set(left) ^ set(right))]
    for name in sorted(set(left) & set(right)):
        what = difference(left[name], right[name])
        if what:
            found.append(f"{name}: {what}")
    return found, len(set(left) & set(right))


def check_all(arguments, work):
    time = commit_time()
    one, other = work / "one", work / "elsewhere/and/deeper"
    build_and_install(copy_source(one), work / "first", arguments, arguments.jobs,
                      SOURCE_DATE_EPOCH=time)
    build_and_install(copy_source(other), work / "second", arguments, arguments.jobs + 1,
                      SOURCE_DATE_EPOCH=time, TZ="Asia/Tokyo", LC_ALL="C.UTF-8")
    return compare(work / "first", work / "second")


def check_module(arguments, work):
    source = copy_source(work / "elsewhere", "CMakeLists.txt", "cmake", "src", "include")
    build = source / "build/release"
    run([arguments.cmake, "-S", source, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
         f"-DCMAKE_CXX_COMPILER={arguments.cxx}", f"-DCMAKE_CXX_FLAGS={arguments.flags}",
         "-DBERTQA_WITH_TORCH=OFF", "-DBERTQA_BUILD_TESTS=OFF"])
    run([arguments.cmake, "--build", build, "--target", "bertqa_hub_module"])
    what = difference(arguments.against / MODULE, build / MODULE)
    return [f"{MODULE}: {what}"] if what else [], 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--libtorch", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--work", type=pathlib.Path, 
                        help="where the builds go, and stay (default: a temporary folder)")
    parser.add_argument("--against", type=pathlib.Path)
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--cxx", default="c++")
    parser.add_argument("--flags", default="")
    arguments = parser.parse_args()
    if (arguments.libtorch is None) == (arguments.against is None):
        parser.error("--libtorch DIR or --against BUILD is needed")
    work = arguments.work or pathlib.Path(tempfile.mkdtemp(prefix="bertqa-reproducible-"))
    try:
        check = check_all if arguments.against is None else check_module
        found, count = check(arguments, work.resolve())
    finally:
        if work != arguments.work:
            shutil.rmtree(work, ignore_errors=True)
    for sentence in found:
        print(sentence)
    print(f"{count} files compared, {len(found)} differ")
    sys.exit(1 if found or count == 0 else 0)


if __name__ == "__main__":
    main()
