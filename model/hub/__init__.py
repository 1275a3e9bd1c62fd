"""Models by name: where the one that a person names is, and how it gets here if it is elsewhere."""
