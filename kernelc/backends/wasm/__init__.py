"""The WebAssembly backend: the C of `kernelc.backends.c`, compiled and linked to one module a build."""
