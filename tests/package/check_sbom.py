#!/usr/bin/env python3
"""The bill of materials names all that the program, the library and the modules need.

check_sbom.py SBOM BINARY…: the form is SPDX 2.3's, every library of the dynamic sections belongs to
a package that is listed, with its version and licence, and writing it again gives the same bytes.
"""

import hashlib
import importlib.util
import json
import pathlib
import re
import subprocess
import sys

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "sbom.py"


def main():
    path, *binaries = sys.argv[1:]
    specification = importlib.util.spec_from_file_location("sbom", TOOL)
    sbom = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(sbom)
    document = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    packages = {package["name"]: package for package in document["packages"]}

    assert document["spdxVersion"] == "SPDX-2.3" and document["dataLicense"] == "CC0-1.0"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["creationInfo"]["created"])
    identifiers = [package["SPDXID"] for package in document["packages"]]
    assert len(set(identifiers)) == len(identifiers), identifiers
    for relationship in document["relationships"]:
        assert relationship["relatedSpdxElement"] in identifiers, relationship
    for name, package in packages.items():
        assert package["licenseDeclared"] != "NOASSERTION", f"{name}: no licence"
        if name != "minilm-l6-squad":
            assert package["versionInfo"] != "NOASSERTION", f"{name}: no version"

    seen = 0
    for binary in binaries:
        listed = subprocess.run(["objdump", "-p", binary], text=True, capture_output=True,
                                check=True).stdout
        for library in re.findall(r"NEEDED\s+(\S+)", listed):
            if not library.startswith("libbertqa"):
                project, _ = sbom.project_of(library)
                assert project in packages, f"{binary} needs {library}: not listed"
                seen += 1
    assert seen > 5 * len(binaries) // 2, f"only {seen} libraries in {binaries}"

    weights = pathlib.Path(__file__).resolve().parents[2] / "models/minilm-l6-squad/model.pt"
    expected = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert packages["minilm-l6-squad"]["checksums"][0]["checksumValue"] == expected
    again = sbom.document(packages["bertqa"]["versionInfo"], [
        (relationship["relationshipType"],
         next(p for p in document["packages"] if p["SPDXID"] == relationship["relatedSpdxElement"]))
        for relationship in document["relationships"][1:]])
    assert again["documentNamespace"] == document["documentNamespace"]


if __name__ == "__main__":
    sys.exit(main())
