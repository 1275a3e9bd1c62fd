"""Model families, one file each: how a config is read, and the graph of one step in the tensor IR."""
