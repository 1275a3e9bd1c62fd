"""Runs CUDA C kernels through PyCUDA; each step is one captured graph."""
