"""`python -m kernelc.build`: the same as `kernelc build`."""

from __future__ import annotations

import sys

from kernelc.cli import main

if __name__ == "__main__":
    sys.exit(main(["build", *sys.argv[1:]]))
