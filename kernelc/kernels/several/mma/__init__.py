"""Several coded rows on matrix units that multiply bytes."""
