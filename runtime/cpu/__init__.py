"""Runs kernels on the processor, as C that a compiler on this machine has compiled for it."""
