"""Where a site may be written: no place for a folder is the user's mistake, said before anything is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernelc.commands.static_site.site import write_whole
from kernelc.errors import UsageError


def test_a_place_within_a_file_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="cannot write the site") as refused:
        write_whole(tmp_path / "file" / "site", [], lambda draft: pytest.fail(f"{draft} was filled"))
    assert refused.value.exit_code == 2
    assert refused.value.where == str(tmp_path / "file" / "site")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
