"""Runs SPIR-V kernels through Vulkan; each step is a command buffer that was recorded once."""
