"""Model families: one file per family, each the graph of one step in the tensor IR."""
