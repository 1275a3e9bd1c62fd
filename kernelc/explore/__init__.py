"""What `kernelc explore` shows of a model: its graphs and memory, and each kernel in all languages."""
