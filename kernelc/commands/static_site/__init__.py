"""The static site that `kernelc web` writes and serves."""
