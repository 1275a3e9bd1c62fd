"""Puts the built pages into wheels and source archives: `kernelc web` copies kernelc/web_site, `kernelc
explore` kernelc/explore_site.

Where they are missing or out of date they are built first, as `kernelc web` does in a checkout, which takes
Node.js. Without Node, or where npm fails, a package is made without its pages, which says so when it is asked
for a site; with KERNELC_PAGE=required in the environment that is an error, and with KERNELC_PAGE=none no page
is built.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import (  # pyright: ignore[reportMissingImports]  (of the build alone)
    BuildHookInterface,
)

WISH = os.environ.get("KERNELC_PAGE")


class PageHook(BuildHookInterface):
    """Adds the pages to a wheel; an editable install takes them from the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages where that is needed, and name their folders for the wheel.

        A source archive takes them from web/dist itself, as pyproject.toml says.
        """
        if version != "standard" or WISH == "none":
            return
        for built, packaged in self._pages():
            if self.target_name == "wheel":
                build_data["force_include"][str(built)] = f"kernelc/{packaged.name}"

    def _pages(self) -> list[tuple[Path, Path]]:
        """Return where each built page is, and where it lies in a package; nothing where npm cannot build."""
        sys.path.insert(0, self.root)  # for what follows alone, which needs no other package
        errors = importlib.import_module("kernelc.errors")
        page = importlib.import_module("kernelc.commands.static_site.page")
        try:
            return [(page.built_page(each), each.packaged) for each in (page.CHAT, page.EXPLORER)]
        except errors.KernelcError as error:  # no Node, or npm that reaches no registry
            if WISH == "required":
                raise
            self.app.display_warning(f"the package is made without its pages: {error.render()}")
            return []
        finally:
            sys.path.remove(self.root)
