"""The commands of the `kernelc` console script, one module per command."""
