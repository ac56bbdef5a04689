#!/usr/bin/env python3
"""Writes what a build consists of: an SPDX 2.3 document (JSON).

sbom.py --output FILE --version V --model DIR --header NAME=FILE… BINARY…

BINARY: the program, the library and the modules; what they need is asked of their dynamic sections
and of the dynamic linker. --header: libraries that are compiled in and leave no name there. Versions
are those of the Debian packages that the files belong to, libtorch's that of its folder. The same
build gives the same bytes: the document's name is a hash of its contents, its time is that of
$SOURCE_DATE_EPOCH, else of the newest commit. Form: https://spdx.github.io/spdx-spec/v2.3/
"""

import argparse
import datetime
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

UNKNOWN = "NOASSERTION"
# The project that a library comes from and its licence, by what its file's name begins with.
PROJECTS = {
    "libutf8proc": ("utf8proc", "MIT AND Unicode-DFS-2015"),
    "libhwy": ("Highway", "Apache-2.0 OR BSD-3-Clause"),
    "libz": ("zlib", "Zlib"),
    "libcurl": ("curl", "curl"),
    "libcrypto": ("OpenSSL", "Apache-2.0"),
    "libssl": ("OpenSSL", "Apache-2.0"),
    "libcpp-httplib": ("cpp-httplib", "MIT"),
    "libprometheus-cpp-core": ("prometheus-cpp", "MIT"),
    "libtorch": ("PyTorch", "BSD-3-Clause"),
    "libc10": ("PyTorch", "BSD-3-Clause"),
    "libstdc++": ("GCC", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    "libgcc_s": ("GCC", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    "libasan": ("GCC", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    "libubsan": ("GCC", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    "libc": ("glibc", "LGPL-2.1-or-later"),
    "libm": ("glibc", "LGPL-2.1-or-later"),
    "ld-linux": ("glibc", "LGPL-2.1-or-later"),
    "nlohmann_json": ("nlohmann-json", "MIT"),
    "CLI11": ("CLI11", "BSD-3-Clause"),
}


def output_of(*command):
    """What the command prints, or None where it fails or is not there."""
    try:
        return subprocess.run(command, text=True, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def needed(binary):
    """{soname: file} of what the dynamic section names; the linker finds the files."""
    names = re.findall(r"\(NEEDED\).*\[(.+)\]", output_of("readelf", "-d", str(binary)) or "")
    found = dict(re.findall(r"^\s*(\S+) => (/\S+)", output_of("ldd", str(binary)) or "", re.M))
    return {name: found.get(name) for name in names}


@functools.cache  # most files are needed by several binaries
def debian_package(file):
    """(package, version) that owns the file, or None."""
    real = os.path.realpath(file)
    # Debian's /lib is /usr/lib, and its database may know either name.
    for path in (file, real, real.removeprefix("/usr")):
        owner = output_of("dpkg-query", "-S", path)
        if owner:
            package = owner.split(": ")[0]
            version = output_of("dpkg-query", "-W", "-f", "${Version}", package)
            return package.split(":")[0], version
    return None


def libtorch_version(file):
    # The build tree has a link to libtorch's folder of libraries.
    header = pathlib.Path(file).parent.resolve().parent / "include/torch/headeronly/version.h"
    if not header.is_file():
        return UNKNOWN
    numbers = dict(re.findall(r"#define TORCH_VERSION_(MAJOR|MINOR|PATCH) (\d+)",
                              header.read_text(encoding="utf-8")))
    return ".".join(numbers[part] for part in ("MAJOR", "MINOR", "PATCH"))


def sha256(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def identifier(name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def package(name, version, licence, **more):
    return {"SPDXID": identifier(name), "name": name, "versionInfo": version,
            "downloadLocation": UNKNOWN, "filesAnalyzed": False, "licenseConcluded": licence,
            "licenseDeclared": licence, "copyrightText": UNKNOWN, **more}


def project_of(name):
    stem = re.split(r"\.so|-x86|-aarch|\.a$", name)[0]
    for prefix in (stem, stem.split("_")[0]):
        if prefix in PROJECTS:
            return PROJECTS[prefix]
    return stem, UNKNOWN


def library(name, file):
    """The package of a library, from any one of its files."""
    project, licence = project_of(name)
    if project == "PyTorch":
        return package(project, libtorch_version(file), licence)
    owner = debian_package(file)
    if owner is None:
        return package(project, UNKNOWN, licence)
    deb, version = owner
    return package(project, version, licence, externalRefs=[
        {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
         "referenceLocator": f"pkg:deb/debian/{deb}@{version.replace('+', '%2B').replace(':', '%3A')}"}])


def model(folder):
    weights = folder / "model.pt"
    licence = json.loads((folder / "bertqa.json").read_text(encoding="utf-8"))["licence"]
    return package(folder.name, UNKNOWN, licence.replace(" ", "-"),
                   checksums=[{"algorithm": "SHA256", "checksumValue": sha256(weights)}])


def creation_time():
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or output_of(
        "git", "-C", str(pathlib.Path(__file__).parent), "log", "-1", "--format=%ct") or "0"
    time = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def document(version, packages):
    own = package("bertqa", version, "Apache-2.0")
    relationships = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                      "relatedSpdxElement": own["SPDXID"]}]
    relationships += [{"spdxElementId": own["SPDXID"], "relationshipType": kind,
                       "relatedSpdxElement": part["SPDXID"]} for kind, part in packages]
    contents = [own] + [part for _, part in packages]
    digest = hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()
    return {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
            "name": f"bertqa-{version}",
            "documentNamespace": f"https://spdx.org/spdxdocs/bertqa-{version}-{digest}",
            "creationInfo": {"created": creation_time(), "creators": ["Tool: bertqa-tools/sbom.py"]},
            "packages": contents, "relationships": relationships}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", required=True, type=pathlib.Path)
    parser.add_argument("--version", required=True)
    parser.add_argument("--model", required=True, type=pathlib.Path)
    parser.add_argument("--header", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("binary", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    parts = {}
    for binary in arguments.binary:
        for name, file in needed(binary).items():
            # The dynamic linker itself has no line with a file; glibc's other libraries have.
            if file and not name.startswith("libbertqa"):
                part = library(name, file)
                parts[part["name"]] = ("DYNAMIC_LINK", part)
    for header in arguments.header:
        name, _, file = header.partition("=")
        part = library(name, file)
        parts[part["name"]] = ("STATIC_LINK", part)
    own_model = model(arguments.model)
    parts[own_model["name"]] = ("CONTAINS", own_model)
    result = document(arguments.version, [parts[name] for name in sorted(parts)])
    arguments.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
