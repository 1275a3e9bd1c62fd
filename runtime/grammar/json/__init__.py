"""JSON as grammars: any text, and the texts that a JSON schema describes."""
