"""The commands behind the kernelc console script, one module each."""
