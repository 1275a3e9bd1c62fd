"""Runs SPIR-V kernels through Vulkan, a step as a command buffer recorded once."""
