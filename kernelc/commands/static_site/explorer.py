"""The explorer's page and its data in a folder: alone, or beside the chat page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kernelc.commands.shared.progress import progress_bar
from kernelc.commands.static_site.page import copy_page

if TYPE_CHECKING:
    from kernelc.explore.site import Measured, Subject


def add_explorer(
    folder: Path, page: Path, subject: Subject, measured: Measured | None = None, chat: str | None = None
) -> None:
    """Put the built page and the data of one model into a folder, which is made. `chat`: the address of the
    chat page that it stands beside, relative to the folder."""
    from kernelc.explore.site import explore_files  # not at the top: it loads the compiler

    folder.mkdir(parents=True, exist_ok=True)
    copy_page(page, folder)
    with progress_bar("printing kernels") as report:
        for name, data in explore_files(subject, measured, report, chat):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
