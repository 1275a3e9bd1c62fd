"""The explorer's page and its data in a folder: alone, or beside the chat page."""

from __future__ import annotations

from pathlib import Path

from kernelc.commands.shared.progress import progress_bar
from kernelc.commands.static_site.site import copy_page
from kernelc.explore.site import Measured, Subject, explore_files


def add_explorer(folder: Path, page: Path, subject: Subject, measured: Measured | None = None) -> None:
    """Put the built page and the data of one model into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    copy_page(page, folder)
    with progress_bar("printing kernels") as report:
        for name, data in explore_files(subject, measured, report):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
