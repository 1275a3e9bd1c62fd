"""What a measurement is worth nothing without: the date, and which kernelc it was."""

from __future__ import annotations

import datetime
import subprocess
from pathlib import Path

import kernelc


def today() -> str:
    """Return the date, such as "2026-11-29"."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def commit() -> str | None:
    """Return the commit of this kernelc, with "+" where files that git knows differ from it.

    None where kernelc is installed from a package, whose version says it, or where there is no git.
    """
    root = Path(kernelc.__file__ or "").resolve().parents[1]
    if not (root / ".git").exists():
        return None
    found = _git(root, "rev-parse", "--short=12", "HEAD")
    if not found:
        return None
    return found + ("+" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")


def _git(root: Path, *arguments: str) -> str:
    """Return what git says, "" where it fails."""
    try:
        run = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout.strip() if run.returncode == 0 else ""
