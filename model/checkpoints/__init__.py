"""Checkpoints as people have them: the files of weights, read by name, a block of rows at a time."""
