"""Decode attention: one new row against the cache, its positions split over workgroups and joined again."""
