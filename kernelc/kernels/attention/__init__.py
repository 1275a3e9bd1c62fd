"""Attention over the KV cache, of one row (decode) or tiles of rows (prefill), and what fills the cache."""
