"""Measures what a grammar costs: compiling it, the first mask of each state, and masks that are known.

    python -m benchmarks.grammar_masks [--model FOLDER_OR_GGUF] [--out benchmarks/results/NAME.json]

Random walks through the masks stand for answers, since the time does not depend on who chooses. Each grammar
is compiled anew; the first of `--answers` walks meets new states, and so do later ones, less and less. A mask
counts as new where the walk over the trie ran for it. Times are those of the processor, so that other work on
the machine counts as little as can be. The default is the demo model's tokenizer.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
from collections.abc import Callable
from pathlib import Path
from time import thread_time
from typing import Any

import numpy as np

from kernelc.commands.shared.options import demo_model
from model.opening import open_model
from model.text.tokenizer import load_tokenizer
from runtime.grammar.gbnf import gbnf_grammar
from runtime.grammar.grammar import Grammar
from runtime.grammar.json.schema import json_schema_grammar
from runtime.grammar.json.text import json_grammar
from runtime.grammar.matcher import Constraint, Matcher
from runtime.grammar.regular import regex_grammar
from runtime.grammar.vocabulary import Vocabulary

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 0, "maximum": 130},
        "email": {"type": "string", "format": "email"},
        "tags": {"type": "array", "items": {"enum": ["new", "old", "vip"]}, "maxItems": 5},
        "address": {
            "type": "object",
            "properties": {"street": {"type": "string", "maxLength": 80}, "city": {"type": "string"}},
            "required": ["street", "city"],
        },
    },
    "required": ["name", "age", "address"],
}
CHESS = r"""
root ::= "1. " move " " move "\n" ([1-9] [0-9]? ". " move " " move "\n")+
move ::= (pawn | nonpawn | castle) [+#]?
pawn ::= ([a-h] "x")? [a-h] [1-8] ("=" [NBKQR])?
nonpawn ::= [NBKQR] [a-h]? [1-8]? "x"? [a-h] [1-8]
castle ::= "O-O" "-O"?
"""
GRAMMARS: dict[str, Callable[[], Grammar]] = {
    "json mode": json_grammar,
    "schema of a person": lambda: json_schema_grammar(PERSON),
    "regex of a date": lambda: regex_grammar(r"\d{4}-\d{2}-\d{2}"),
    "regex .{0,200}": lambda: regex_grammar(r".{0,200}"),
    "gbnf of chess": lambda: gbnf_grammar(CHESS),
}


def main() -> None:
    """Measure, print and write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", type=Path, default=demo_model())
    parser.add_argument("--answers", type=int, default=20)
    parser.add_argument("--tokens", type=int, default=100, help="at most, in an answer")
    parser.add_argument("--out", type=Path, help="a JSON file for the result")
    parser.add_argument(
        "--pieces", type=Path, help="write what benchmarks/browser/masks.mjs wants, and no more"
    )
    arguments = parser.parse_args()
    if arguments.pieces:
        arguments.pieces.write_text(json.dumps(pieces_of(arguments.model)), encoding="utf-8")
        return
    began = thread_time()
    vocabulary, ends = vocabulary_of(arguments.model)
    result: dict[str, Any] = {
        "model": arguments.model.name,
        "machine": platform.processor() or platform.machine(),
        "tokens": vocabulary.size,
        "prefixes": sum(len(level.byte) for level in vocabulary.levels),
        "read_vocabulary_ms": _ms(thread_time() - began),
        "grammars": {
            name: measure(make, vocabulary, ends, arguments.answers, arguments.tokens)
            for name, make in GRAMMARS.items()
        },
    }
    text = json.dumps(result, indent=1)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")


def vocabulary_of(model: Path) -> tuple[Vocabulary, list[int]]:
    """Return a model's tokens, and those that end an answer."""
    with open_model(model) as opened:
        tokenizer = load_tokenizer(opened.text)
        pieces = [tokenizer.piece(token).data for token in range(tokenizer.vocab_size)]
        ends = [] if tokenizer.eos_id is None else [tokenizer.eos_id]
        return Vocabulary(pieces, excluded=tokenizer.special_tokens.values()), ends


def pieces_of(model: Path) -> dict[str, Any]:
    """Return the bytes of a model's tokens and this file's grammars, for the page's engine."""
    with open_model(model) as opened:
        tokenizer = load_tokenizer(opened.text)
        return {
            "model": model.name,
            "pieces": [tokenizer.piece(token).data.hex() for token in range(tokenizer.vocab_size)],
            "ends": [] if tokenizer.eos_id is None else [tokenizer.eos_id],
            "excluded": sorted(tokenizer.special_tokens.values()),
            "grammars": [
                ["json mode", "json", ""],
                ["schema of a person", "schema", json.dumps(PERSON)],
                ["regex of a date", "regex", r"\d{4}-\d{2}-\d{2}"],
                ["regex .{0,200}", "regex", r".{0,200}"],
                ["gbnf of chess", "gbnf", CHESS],
            ],
        }


def measure(
    make: Callable[[], Grammar], vocabulary: Vocabulary, ends: list[int], answers: int, tokens: int
) -> dict[str, Any]:
    """Return the times of one grammar."""
    began = thread_time()
    constraint = Constraint(make(), vocabulary, ends)
    compiled = thread_time() - began
    new: list[float] = []
    known: list[float] = []
    advances: list[float] = []
    chance = random.Random(7)
    for _ in range(answers):
        matcher = Matcher(constraint)
        for _ in range(tokens):
            walks = constraint.masks.walks
            began = thread_time()
            mask = matcher.mask()
            (known if constraint.masks.walks == walks else new).append(thread_time() - began)
            token = chance.choice(np.flatnonzero(np.unpackbits(mask.view(np.uint8), bitorder="little")))
            began = thread_time()
            matcher.advance(int(token))
            advances.append(thread_time() - began)
            if matcher.ended:
                break
    return {
        "compile_ms": _ms(compiled),
        "new_masks": len(new),
        "known_masks": len(known),
        "new_mask_ms": _summary(new, 1e3),
        "known_mask_us": _summary(known, 1e6),
        "advance_us": _summary(advances, 1e6),
        "states": len(constraint.machine.configurations),
    }


def _summary(seconds: list[float], scale: float) -> dict[str, float]:
    values = scale * np.array(seconds or [0.0])
    return {
        "median": round(float(np.median(values)), 3),
        "p99": round(float(np.quantile(values, 0.99)), 3),
        "greatest": round(float(values.max()), 3),
    }


def _ms(seconds: float) -> float:
    return round(1e3 * seconds, 2)


if __name__ == "__main__":
    main()
