"""Answers with a shape: regexes, GBNF and JSON Schema as masks of the tokens that may come next.

    grammar = json_schema_grammar({"type": "object", "properties": {"age": {"type": "integer"}}})
    constraint = Constraint(grammar, Vocabulary(pieces))
    matcher = Matcher(constraint)
    allowed = matcher.mask()  # u32 words, a bit per token
    matcher.advance(token)

docs/grammar.md tells how it works. Nothing here knows a model, a device or a file: bytes go in, bits come
out.
"""
