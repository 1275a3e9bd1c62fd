"""The backends: each prints kernel IR in one target's language."""
