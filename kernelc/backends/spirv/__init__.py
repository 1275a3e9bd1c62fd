"""The SPIR-V backend, for Vulkan: typed lines from kernel IR, and our own assembler."""
