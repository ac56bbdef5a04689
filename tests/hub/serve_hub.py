#!/usr/bin/env python3
"""Serves one model folder as the Hub would, until it is ended: for docs/pull.md, and to try things.

serve_hub.py ORG/NAME FOLDER    prints the address to set HF_ENDPOINT to
"""

import pathlib
import signal
import sys

from fake_hub import FakeHub


def main():
    name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    hub = FakeHub()
    hub.add(name, {path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    print(hub.url, flush=True)
    signal.pause()


if __name__ == "__main__":
    main()
