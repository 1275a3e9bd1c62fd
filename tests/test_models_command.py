"""`kernelc models` says what can be built."""

from __future__ import annotations

import json

from kernelc.compiler import CompileOptions, compile_model
from kernelc.ir.formats import FORMATS
from model.families.registry import FAMILIES, find_model
from tests.commands import run


def test_every_family_and_format_is_listed():
    code, out, err = run("models")
    assert (code, err) == (0, "")
    for name in (*FAMILIES, *FORMATS, "smollm2", "GGUF"):
        assert f"\n{name} " in out, name
    assert all(family.summary for family in FAMILIES.values())


def test_the_bytes_are_those_that_a_build_packs():
    code, out, _ = run("models", "--json")
    assert code == 0
    compiled = compile_model(find_model("llama-3.2-1b"), CompileOptions(quant="q4a", context=64))
    vectors = sum(4 * vector.length for vector in compiled.vectors.values())
    packed = sum(matrix.stored_bytes for matrix in compiled.matrices.values()) + vectors
    assert json.loads(out)["weight_bytes"]["llama-3.2-1b"]["q4a"] == packed
