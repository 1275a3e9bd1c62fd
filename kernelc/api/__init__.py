"""What `import kernelc` offers: models to talk to, graphs to run, kernels of one's own.

`kernelc.open` (`model`), `kernelc.compile` (`graph`) and `kernelc.kernel` (`kernel`) are loaded when they are
first asked for, so that importing kernelc loads nothing.
"""
