"""kernelc: compiles language models to readable GPU kernels and packed weights that a small runtime runs."""

__version__ = "0.1.0"
