"""A GGUF file's tokenizer and chat template, as the files of a Hugging Face folder that say the same."""
