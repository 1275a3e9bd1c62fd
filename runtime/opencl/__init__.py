"""Runs OpenCL C kernels through pyopencl."""
