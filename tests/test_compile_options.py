"""What a build takes where nobody says it: activations of bytes where weights are codes of bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernelc.compile_options import CompileOptions
from kernelc.compiler import Compiled, compile_model
from kernelc.errors import UsageError
from kernelc.ir.formats import Override
from kernelc.pipeline import default_out
from tests.test_compile import tiny

HEAD_OF_BYTES = (Override("q8", role="head"),)


def families(compiled: Compiled) -> set[str]:
    """The kernel families that a decode step launches."""
    lowered = compiled.lowered
    return {lowered.kernels[each.kernel].spec for each in lowered.programs["decode"].dispatches}


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        *((CompileOptions(quant=quant), "int8") for quant in ("q4", "q4a", "q8")),
        *((CompileOptions(quant=quant), "f32") for quant in ("f16", "f32")),
        (CompileOptions(quant="f16", overrides=HEAD_OF_BYTES), "int8"),
        *((CompileOptions(activations=asked), asked) for asked in ("f32", "int8", "int8-fast")),
        (CompileOptions(without=("int8",)), "f32"),
        *((CompileOptions(target), "int8") for target in ("c", "cuda", "spirv", "wasm", "all")),
        (CompileOptions("opencl"), "f32"),  # which has no instruction for products of bytes
        (CompileOptions("opencl", activations="int8"), "int8"),
    ],
)
def test_activations_of_two_bytes_are_the_default_for_weights_of_bytes(
    options: CompileOptions, wanted: str
) -> None:
    compiled = compile_model(tiny(), options)
    assert compiled.options.activations == wanted
    assert ("matvec_int8" in families(compiled)) == (wanted != "f32")


def test_matrices_of_floats_multiply_activations_as_they_are() -> None:
    mixed = families(compile_model(tiny(), CompileOptions(quant="f16", overrides=HEAD_OF_BYTES)))
    assert mixed >= {"matvec", "matvec_int8"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (CompileOptions(activations="int4"), "got 'int4', wanted one of: f32, int8, int8-fast"),
        (
            CompileOptions(quant="f16", activations="int8"),
            "int8 multiplies bytes, and weights of `quant` f16",
        ),
    ],
)
def test_activations_that_do_not_fit_are_refused_by_name(options: CompileOptions, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        compile_model(tiny(), options)
    assert caught.value.where == "`activations`" and caught.value.message.startswith(message)
    assert caught.value.help


@pytest.mark.parametrize(
    ("options", "usual", "wanted"),
    [
        (CompileOptions(), "int8", "m-q4-wgsl"),
        (CompileOptions(activations="int8"), "int8", "m-q4-wgsl"),
        (CompileOptions(activations="f32"), "int8", "m-q4-f32-wgsl"),
        (CompileOptions(activations="int8-fast"), "int8", "m-q4-int8-fast-wgsl"),
        (CompileOptions("c", "f32", activations="f32"), "f32", "m-f32-c"),
        (CompileOptions("c", "keep", without=("early",)), "f32", "m-keep-c-without-early"),
    ],
)
def test_folders_are_named_by_what_is_not_usual(options: CompileOptions, usual: str, wanted: str) -> None:
    assert default_out("m", options, usual) == Path("dist") / wanted
