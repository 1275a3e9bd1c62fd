"""Models: reads checkpoints, describes models in the tensor IR, quantises and packs their weights."""
