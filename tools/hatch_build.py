"""Puts the built page into wheels, where there is one: `kernelc web` copies it from kernelc/web_site.

Build it first (`npm ci && npm run build` in web/); a wheel without it says so when it is asked for a site.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import (  # pyright: ignore[reportMissingImports]  (of the build alone)
    BuildHookInterface,
)


class PageHook(BuildHookInterface):
    """Adds web/dist/site to a wheel; an editable install takes the page from the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the folder for the wheel."""
        page = Path(self.root) / "web" / "dist" / "site"
        if version == "standard" and (page / "index.html").is_file():
            build_data["force_include"][str(page)] = "kernelc/web_site"
