"""The kernel IR: small, typed, structured kernels traced from Python, and their interpreter."""
