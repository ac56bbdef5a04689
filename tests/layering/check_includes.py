#!/usr/bin/env python3
"""Checks every #include, and every room's link line, against "Who may use what" (ARCHITECTURE.md).

check_includes.py SOURCE_DIR    prints one line for each violation; exit status 1 if there is one.
"""

import pathlib
import re
import sys

# Room: the rooms whose headers it may include. Public headers (bertqa/) are listed below.
ROOMS = {
    "base": set(),
    "text": {"base"},
    "windows": {"base"},
    "decode": {"base"},
    "eval": {"base"},
    "io": {"base"},
    "kernels": {"base"},
    "encoder": {"kernels", "base"},
    "torchscript": {"encoder", "base"},
    "model": {"text", "encoder", "torchscript", "base"},
    "pipeline": {"text", "windows", "decode", "base"},
    "autograd": {"kernels", "encoder", "base"},
    "hub": {"base"},
    "serve": {"pipeline", "io", "base"},
    "train": {"autograd", "model", "pipeline", "io", "eval", "decode", "encoder", "windows", "text",
              "base"},
}

# The public headers that a room may see: what stands before it. None: all of them.
TEXT_TYPES = {"error.h", "tokenizer.h"}
WINDOW_TYPES = TEXT_TYPES | {"window.h"}
PUBLIC = {
    "base": {"error.h"},
    "text": TEXT_TYPES,
    "windows": WINDOW_TYPES,
    "decode": WINDOW_TYPES | {"decode.h"},
    "eval": {"error.h", "eval.h", "calibration.h", "area_under_roc.h"},
    "kernels": {"error.h", "precision.h"},
    "encoder": WINDOW_TYPES | {"precision.h", "qa_model.h"},
    "torchscript": {"error.h"},
    "model": WINDOW_TYPES | {"precision.h", "qa_model.h", "model.h"},
    "pipeline": None,
    "io": None,
    "autograd": WINDOW_TYPES | {"precision.h"},
    "hub": {"error.h"},
    "serve": None,
    "train": None,
}

# Rooms that a room's target may link: those it includes, and those whose public functions it calls.
LINKS = {room: allowed | {room} for room, allowed in ROOMS.items()}
LINKS["decode"] = LINKS["decode"] | {"windows"}
LINKS["encoder"] = LINKS["encoder"] | {"windows"}

# Third parties: where their headers may be included. `tests` may use any, `headers` says whether
# the includer may be a header itself.
THIRD_PARTIES = [
    # (name, pattern, folders, headers)
    ("libtorch", re.compile(r"^(torch|ATen|c10|caffe2)/"), ("src/torchscript/", "src/autograd/"), True),
    ("Highway", re.compile(r"^hwy/"), ("src/kernels/",), True),
    ("CLI11", re.compile(r"^CLI/"), ("tools/",), True),
    ("nlohmann/json", re.compile(r"^nlohmann/"), ("src/", "tools/"), False),
    ("utf8proc", re.compile(r"^utf8proc\.h$"), ("src/base/", "src/eval/", "src/io/", "src/text/"),
     False),
    ("libcurl", re.compile(r"^curl/"), ("src/hub/module_transfer.cc",), False),
    ("OpenSSL", re.compile(r"^openssl/"), ("src/hub/module_digest.cc",), False),
    ("cpp-httplib", re.compile(r"^httplib\.h$"),
     ("src/serve/module_client.cc", "src/serve/module_http.cc"), False),
    ("prometheus-cpp", re.compile(r"^prometheus/"), ("src/serve/module_metrics.cc",), False),
    ("sentencepiece", re.compile(r"^sentencepiece_"), (), True),
    ("gtest", re.compile(r"^(gtest|gmock)/"), (), True),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
STANDARD = re.compile(r"^[a-z_0-9]+$")  # <vector>: no standard header has a slash or an ending


def includes(file):
    """(line number, header) of each #include outside block comments."""
    text = re.sub(r"/\*.*?\*/", lambda match: "\n" * match.group().count("\n"),
                  file.read_text(encoding="utf-8"), flags=re.DOTALL)
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(2)


def check_third_party(path, header):
    in_header = path.endswith(".h")
    for name, pattern, folders, headers in THIRD_PARTIES:
        if not pattern.match(header):
            continue
        if path.startswith("tests/"):
            return None
        if not path.startswith(folders):
            return f"{name} may be included in {', '.join(folders) or 'tests/'} only"
        if in_header and not headers:
            return f"{name} may be included in .cc files only"
    return None


def check_room(source, path, header):
    """A file of src/: its own room, the rooms before it, and the public headers it may see."""
    room = path.split("/")[1]
    if room not in ROOMS:
        return f"room {room} is not in the table (ARCHITECTURE.md and this test)"
    folder = header.split("/")[0] if "/" in header else ""
    if folder == "bertqa":
        allowed = PUBLIC[room]
        if allowed is not None and header.removeprefix("bertqa/") not in allowed:
            return f"{room} may not know this public header"
    elif folder in ROOMS and folder != room and folder not in ROOMS[room]:
        return f"{room} may not use {folder}"
    elif folder == "" and (source / path).parent.joinpath(header).exists():
        return "headers of ours are included as room/name.h"
    return None


def check_file(source, path, header):
    if path.startswith("include/"):
        if STANDARD.match(header) or header.startswith("bertqa/"):
            return None
        return "public headers include the standard library and bertqa/ only"
    problem = check_third_party(path, header)
    if problem is None and path.startswith("src/"):
        problem = check_room(source, path, header)
    return problem


def check_links(source):
    """bertqa_add_room(…) names no target of a room that stands after it."""
    for file in sorted((source / "src").glob("*/CMakeLists.txt")):
        room = file.parent.name
        text = re.sub(r"#.*", "", file.read_text(encoding="utf-8"))
        for target in re.findall(r"\bbertqa_(\w+)", text):
            if target in ROOMS and target not in LINKS.get(room, set()):
                yield f"{file.relative_to(source)}: {room} may not link bertqa_{target}"
        if re.search(r"\blibtorch\b", text) and room not in ("torchscript", "autograd"):
            yield f"{file.relative_to(source)}: {room} may not link libtorch"


def check_tree(source):
    problems = list(check_links(source))
    files = 0
    for folder in ("include", "src", "tools", "tests", "examples"):
        for file in sorted((source / folder).rglob("*")):
            if file.suffix not in (".h", ".cc"):
                continue
            files += 1
            path = file.relative_to(source).as_posix()
            for number, header in includes(file):
                problem = check_file(source, path, header)
                if problem is not None:
                    problems.append(f"{path}:{number}: {header}: {problem}")
    return files, problems


def main():
    source = pathlib.Path(sys.argv[1]).resolve()
    files, problems = check_tree(source)
    print("\n".join(problems) or f"{files} files keep to the layers")
    sys.exit(1 if problems or files < 10 else 0)


if __name__ == "__main__":
    main()
