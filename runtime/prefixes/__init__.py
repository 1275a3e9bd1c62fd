"""A memory for the beginnings of prompts: their rows of the KV cache, kept in memory and on disk."""
