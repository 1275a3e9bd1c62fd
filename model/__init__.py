"""Models: reading checkpoints, writing their tensor IR, quantising and packing their weights."""
