"""The SPIR-V backend, for Vulkan: a printer of SPIR-V text and an assembler for it."""
