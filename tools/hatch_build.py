"""Puts the built page into wheels and source archives: `kernelc web` copies it from kernelc/web_site.

Where it is missing or out of date it is built first, as `kernelc web` does in a checkout, which takes
Node.js. Without Node a package is made without its page, which says so when it is asked for a site; with
KERNELC_PAGE=required in the environment that is an error, and with KERNELC_PAGE=none no page is built.
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
    """Adds the page to a wheel; an editable install takes it from the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page where that is needed, and name its folder for the wheel.

        A source archive takes it from web/dist/site itself, as pyproject.toml says.
        """
        if version != "standard" or WISH == "none":
            return
        page = self._page()
        if page is not None and self.target_name == "wheel":
            build_data["force_include"][str(page)] = "kernelc/web_site"

    def _page(self) -> Path | None:
        """Return the folder of the built page, None where there is no Node to build it."""
        sys.path.insert(0, self.root)  # for what follows alone, which needs no other package
        errors = importlib.import_module("kernelc.errors")
        page = importlib.import_module("kernelc.commands.static_site.page")
        try:
            return page.built_page()
        except errors.UsageError as error:
            if WISH == "required":
                raise
            self.app.display_warning(f"the package is made without its page: {error.render()}")
            return None
        finally:
            sys.path.remove(self.root)
