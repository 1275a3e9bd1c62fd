"""Puts the built pages into wheels, where there are any: `kernelc web` copies kernelc/web_site, `kernelc
explore` kernelc/explore_site.

Build it first (`npm ci && npm run build` in web/); a wheel without it says so when it is asked for a site.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import (  # pyright: ignore[reportMissingImports]  (of the build alone)
    BuildHookInterface,
)


class PageHook(BuildHookInterface):
    """Adds the pages under web/dist to a wheel; an editable install takes them from the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the folders for the wheel."""
        for built, packaged in (("site", "web_site"), ("explore", "explore_site")):
            page = Path(self.root) / "web" / "dist" / built
            if version == "standard" and (page / "index.html").is_file():
                build_data["force_include"][str(page)] = f"kernelc/{packaged}"
