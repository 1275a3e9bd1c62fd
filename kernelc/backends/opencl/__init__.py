"""The OpenCL C backend, for any OpenCL driver, CPU drivers included."""
