"""The virtual environment with the peers: made once, checked every time."""

import json
import subprocess
import sys

PINNED = {"torch": "2.13.0", "transformers": "4.57.6"}
NEWEST = ("numpy", "tokenizers", "onnx", "onnxruntime", "openvino", "nncf",
          "accelerate")
OF_ONNX_RUNTIME = ("numpy", "tokenizers", "onnx", "onnxruntime")
VERSIONS_SCRIPT = """
import importlib.metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def python_of(venv):
    """The environment's interpreter."""
    return venv / "bin" / "python"


def versions(venv, newest):
    """The installed version of each package."""
    names = [*PINNED, *newest]
    said = subprocess.run([str(python_of(venv)), "-c", VERSIONS_SCRIPT, *names],
                          check=True, capture_output=True, text=True)
    return json.loads(said.stdout)


def missing(found, newest):
    """Requirements, as pip writes them, that the found versions do not meet."""
    wrong = [f"{name}=={wanted}" for name, wanted in PINNED.items()
             if found.get(name, "").split("+")[0] != wanted]
    return wrong + [name for name in newest if name not in found]


def set_up(venv, newest=NEWEST):
    """Makes the environment where it is not there, installs what is missing, says the versions of
    the pinned packages and of those in `newest`, of which any version will do."""
    if not python_of(venv).exists():
        print(f"peers: virtual environment in {venv}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    wanted = missing(versions(venv, newest), newest)
    if wanted:
        print(f"peers: installing {', '.join(wanted)}", file=sys.stderr)
        subprocess.run([str(python_of(venv)), "-m", "pip", "install", "--quiet", *wanted],
                       check=True)
    return versions(venv, newest)
