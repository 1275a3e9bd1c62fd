"""The passes: from the tensor IR of a model to a planned, straight list of dispatches."""
