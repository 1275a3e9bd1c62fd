"""Runs WGSL kernels through wgpu-py."""
