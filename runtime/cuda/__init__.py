"""Runs CUDA C kernels through PyCUDA, a step as one captured graph."""
