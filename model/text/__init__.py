"""Text for models: tokenizers and chat templates."""
