"""What is done to a kernel between tracing and printing: it is checked, inlined, simplified and pruned."""
