"""The CUDA C backend, for NVIDIA GPUs: compiled by NVRTC or nvcc, run through the CUDA driver."""
