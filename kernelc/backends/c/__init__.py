"""The C backend: kernels as C11 with the vector extensions of gcc and clang, for processors."""
