"""GGUF files: the container, its tensors as weights of the families, its metadata as config and tokenizer."""
