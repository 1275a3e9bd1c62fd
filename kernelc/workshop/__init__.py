"""Kernels one at a time: run them on any device, time them, try changed texts, and hand on what fails.

`bench` runs kernels on arrays through a device's own executor, `attempt` compares a changed text with the
original, `repro` writes the program that reproduces a failure, and `reduce` makes what fails smaller.
"""
