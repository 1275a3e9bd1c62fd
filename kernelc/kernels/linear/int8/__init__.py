"""Activations as bytes: what codes rows, and the matrix times a coded row."""
