"""`python -m runtime.chat`: the same as `kernelc chat`."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from kernelc.cli import main

    sys.exit(main(["chat", *sys.argv[1:]]))
