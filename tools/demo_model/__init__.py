"""The demo model: makes its dialogues, its tokenizer and its weights, and measures what it can do."""
