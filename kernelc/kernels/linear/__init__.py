"""Matrix times activations: matvec for one row, matmul for many, and what is fused after the product."""
