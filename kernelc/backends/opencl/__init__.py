"""The OpenCL C backend, for any OpenCL driver, on CPUs too."""
