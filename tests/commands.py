"""Runs a command line in this process, for tests of the commands."""

from __future__ import annotations

import contextlib
import io
import sys

import pytest

from kernelc import cli


def run(*arguments: object, lines: str = "") -> tuple[int, str, str]:
    """Run `kernelc ARGUMENTS` with `lines` in its stdin; returns its exit code, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.StringIO(lines))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main([str(argument) for argument in arguments])
    return code, out.getvalue(), err.getvalue()
