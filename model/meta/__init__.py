"""Llama models as Meta publishes them: consolidated.*.pth, params.json and tokenizer.model."""
