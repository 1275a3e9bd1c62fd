"""What families share: norms, attention, layers, a whole decoder, and weights that are rows of a tensor."""
