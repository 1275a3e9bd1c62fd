"""Attention over the KV cache: one query row while decoding, tiles of rows in prefill."""
