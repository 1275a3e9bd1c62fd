"""The tensor IR: operations over tensors with symbolic dims, and the numbers they stand for."""
