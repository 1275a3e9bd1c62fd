"""One model on one device: sequences of tokens, sampling settings and generation."""
