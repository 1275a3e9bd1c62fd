"""What kernel families share: packed rows, reductions, staging in shared memory, rotation, functions."""
