"""Which kernels are kept as text: a line a problem. A new family needs one line here and `pytest
--update-golden`.

The problems are small but real in shape: a head count that differs from the key/value heads, a width that no
group divides, one of each format and each epilogue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from kernelc.backends import backend_named
from kernelc.ir.expression import Expression
from kernelc.kernels.attention.append_codes import APPEND_CODES, AppendCodesProblem
from kernelc.kernels.attention.cache import CacheShape
from kernelc.kernels.attention.decode.kernel import ATTENTION_DECODE
from kernelc.kernels.attention.decode.reduce_splits import ATTENTION_REDUCE, AttentionReduceProblem
from kernelc.kernels.attention.decode.schedule import AttentionDecodeProblem
from kernelc.kernels.attention.prefill import ATTENTION_PREFILL, AttentionPrefillProblem
from kernelc.kernels.attention.rotate_and_append import CACHE_APPEND, ROPE, CacheAppendProblem, RopeProblem
from kernelc.kernels.elementwise import ELEMENTWISE, ElementwiseProblem
from kernelc.kernels.embedding import EMBEDDING, EmbeddingProblem
from kernelc.kernels.layer_norm import LAYER_NORM, LayerNormProblem
from kernelc.kernels.linear.epilogues import Coding, HeadEpilogue, PairEpilogue
from kernelc.kernels.linear.half_rows import HALF_ROWS, HalfRowsProblem
from kernelc.kernels.linear.int8.code_rows import CODE_ROWS, CodeRowsProblem
from kernelc.kernels.linear.int8.matvec import MATVEC_INT8
from kernelc.kernels.linear.int8.schedule import usual_streamed
from kernelc.kernels.linear.matmul import MATMUL
from kernelc.kernels.linear.matvec import MATVEC
from kernelc.kernels.parts.rotary import Rotary
from kernelc.kernels.rms_norm import RMS_NORM, RmsNormProblem
from kernelc.kernels.sampling.argmax import (
    ARGMAX,
    ARGMAX_BLOCKS,
    ArgmaxBlocksProblem,
    ArgmaxFinalProblem,
    ArgmaxProblem,
)
from kernelc.kernels.sampling.argmax_final import ARGMAX_FINAL
from kernelc.kernels.sampling.mask import MASK, MaskProblem
from kernelc.kernels.sampling.penalty import PENALTY, PenaltyProblem
from kernelc.kernels.sampling.row_result import ROW_RESULT, RowResultProblem
from kernelc.kernels.sampling.sample import SAMPLE, SampleProblem
from kernelc.kernels.several.families import ROWS_OF
from kernelc.kernels.spec import KernelSpec
from kernelc.target import TARGETS, Capabilities
from tests.kernels.harness import VARIANTS
from tests.kernels.linear_problems import linear, residual
from tests.kernels.several_problems import repeatable, rows_problem

Spec = KernelSpec[Any, Any]


@dataclass(frozen=True)
class Golden:
    """One kernel text: a problem with a schedule, by default the rules', for one variant of a target."""

    spec: Spec
    label: str
    problem: Any
    target: str
    variant: Capabilities
    schedule: Any = None

    @property
    def name(self) -> str:
        suffix = TARGETS[self.target].suffix
        # CUDA's are all for subgroups of 32, and variants with matrix units are.
        known = self.target == "wgsl" and not self.variant.tiles and self.variant.subgroup_size
        size = f"_of_{self.variant.subgroup_size}" if known else ""
        return f"{self.target}/{self.spec.name}-{self.label}-{variant_name(self.variant)}{size}.{suffix}"


def variant_name(variant: Capabilities) -> str:
    """Such as "f16_subgroups"; "baseline" where a kernel may rely on nothing."""
    named = {"f16": "f16", "subgroups": "subgroups", "tiles": "tiles", "stage_bytes": "copies"}
    return "_".join(word for name, word in named.items() if getattr(variant, name)) or "baseline"


@cache
def emitted(case: Golden) -> str:
    """The kernel's text with the line numbers taken out of its comments."""
    schedule = case.schedule or case.spec.default(case.variant, case.problem)
    name = "_".join(part for part in (case.spec.name, case.spec.describe(case.problem)) if part)
    kernel = case.spec.kernel(case.problem, schedule, case.variant, name)
    return re.sub(r"\.py:\d+", ".py", backend_named(case.target).render(kernel).text)


def distinct(spec: Spec, label: str, problem: Any, target: str) -> Iterator[Golden]:
    """A text for each variant of a target that makes a difference, the plainest first."""
    seen: set[str] = set()
    for variant in carried(spec, problem, target):
        case = Golden(spec, label, problem, target, variant)
        if emitted(case) not in seen:
            yield case
        seen.add(emitted(case))


def carried(spec: Spec, problem: Any, target: str) -> Iterator[Capabilities]:
    """The variants that an artifact carries of a kernel, the plainest first."""
    for variant in reversed(TARGETS[target].variants):
        kernel = spec.kernel(problem, spec.default(variant, problem), variant)
        if variant.carries(kernel.tile_kinds()):
            yield variant


def family(spec: Spec, **problems: Any) -> Iterator[Golden]:
    """The first problem, for each variant of WGSL that makes a difference, for CUDA and for OpenCL; the
    others, for the plainest."""
    for at, (label, problem) in enumerate(problems.items()):
        if at == 0:
            yield from distinct(spec, label, problem, "cuda")
            yield Golden(spec, label, problem, "opencl", VARIANTS["baseline"])
            yield from distinct(spec, label, problem, "wgsl")
        else:
            yield Golden(spec, label, problem, "wgsl", next(carried(spec, problem, "wgsl")))


ROTARY = Rotary(8, 10_000.0)
LLAMA3 = Rotary(
    4, 500_000.0, "llama3", factor=8.0, low=1.0, high=4.0, original=8192
)  # and only half of each head turned
STREAMED = linear("q4", 2048, 4096, norm_eps=1e-5, terms=2)
QKV = HeadEpilogue(heads=8, kv_heads=4, head_dim=8, rotary=ROTARY, kv_dtype="f16")
QKV_LLAMA3 = HeadEpilogue(heads=4, kv_heads=2, head_dim=8, rotary=LLAMA3, kv_dtype="f32")


ALONE: tuple[Golden, ...] = (
    *family(
        EMBEDDING,
        q4=EmbeddingProblem("q4", 64, 0, 512),
        q8_odd_piece=EmbeddingProblem("q8", 33, 8, 24),
        q4a=EmbeddingProblem("q4a", 64, 0, 512),
    ),
    *family(
        ELEMENTWISE,
        gelu_mul=ElementwiseProblem(
            Expression(("x", "gelu_tanh", "y", "mul", "weights", "mul")), 64, ("weights",), 2
        ),
        soft_cap_odd=ElementwiseProblem(Expression(("x", "soft_cap(30.0)")), 33, (), 1, True, ("x",)),
    ),
    *family(
        RMS_NORM,
        residual=RmsNormProblem(64, 1e-5, True),
        odd=RmsNormProblem(33, 1e-6, False),
        heads=RmsNormProblem(64, 1e-6, False, offset=1.0, rows=4),
    ),
    *family(LAYER_NORM, bias=LayerNormProblem(64, 1e-5), odd=LayerNormProblem(33, 1e-5, bias=False)),
    *family(MATVEC, q4_wide=linear("q4", 64, 2048, residual(64))),  # where a whole workgroup shares a row
    *family(
        MATVEC,
        q4_qkv=linear("q4", QKV.width, 64, QKV, norm_eps=1e-5),
        q4_gated=linear("q4", 344, 64, PairEpilogue(172), norm_eps=1e-5),
        q8_residual=linear("q8", 64, 172, residual(64)),
        f16_logits=linear("f16", 512, 64, norm_eps=1e-5, last_row=True),
        f32_qkv_llama3=linear("f32", QKV_LLAMA3.width, 32, QKV_LLAMA3, bias=True),
        q4_odd_piece=linear("q4", 33, 31, bias=True, row_begin=4),
        q4a_residual=linear("q4a", 64, 172, residual(64)),
        q4_qkv_ring=linear("q4", QKV.width, 64, replace(QKV, ring=768)),
    ),
    *family(
        MATVEC_INT8,
        q4_gated=linear("q4", 384, 2048, PairEpilogue(192, coding=Coding(2)), norm_eps=1e-5, terms=2),
        q8_residual=linear(
            "q8", 64, 172, replace(residual(64), coding=Coding(1, weight=True, keeps=True)), terms=1
        ),
        q4_qkv=linear("q4", QKV.width, 64, QKV, norm_eps=1e-5, terms=2),
        q4_wide=linear("q4", 64, 14336, residual(64), terms=2),
        q4a_gated=linear("q4a", 344, 64, PairEpilogue(172), norm_eps=1e-5, terms=1),
    ),
    *family(
        CODE_ROWS,
        normed=CodeRowsProblem(96, 2, weight=True, one_row=True),
        last_row=CodeRowsProblem(70, 1, last_row=True),
    ),
    Golden(
        MATVEC_INT8,
        "q4_streamed",
        STREAMED,
        "cuda",
        VARIANTS["bulk-copies"],
        usual_streamed(VARIANTS["bulk-copies"], STREAMED),
    ),
    *family(
        MATMUL,
        q4_qkv=linear("q4", QKV.width, 64, QKV),
        q8_gated=linear("q8", 344, 64, PairEpilogue(172)),
        f16_residual=linear("f16", 64, 172, residual(64)),
        f32_bias_odd=linear("f32", 33, 31, bias=True),
        q4a_residual=linear("q4a", 64, 172, residual(64)),
        q4_coded=linear("q4", 128, 64, residual(128), terms=2),
    ),
    *family(HALF_ROWS, cols_128=HalfRowsProblem(128)),
    *distinct(MATMUL, "q4_halves", linear("q4", 344, 128, PairEpilogue(172), halves=True), "cuda"),
    *family(
        ROPE,
        linear=RopeProblem(2, 12, Rotary(8, 10_000.0, "linear", factor=2.0)),
        dynamic=RopeProblem(2, 8, Rotary(8, 10_000.0, "dynamic", factor=2.0, original=4096)),
        longrope=RopeProblem(
            1,
            8,
            Rotary(8, 1e4, "longrope", original=4096, short=(1.0, 1.0, 1.25, 1.5), long=(1.0, 2.0, 4.0, 9.0)),
        ),
        yarn=RopeProblem(
            1, 8, Rotary(8, 1e4, "yarn", factor=4.0, low=1.0, high=3.0, original=4096, attention=1.25)
        ),
    ),
    *family(
        CACHE_APPEND,
        f16=CacheAppendProblem(CacheShape(2, 64, "f16")),
        f32=CacheAppendProblem(CacheShape(1, 10, "f32")),
        ring=CacheAppendProblem(CacheShape(1, 8, "f16", 768)),
    ),
    *family(
        APPEND_CODES,
        both=AppendCodesProblem(CacheShape(2, 64, "q8"), both=True, one_position=True),
        ring=AppendCodesProblem(CacheShape(1, 12, "q8", 768)),
    ),
    *family(
        ATTENTION_DECODE,
        grouped_f16=AttentionDecodeProblem(8, 4, 8, "f16", 8**-0.5, 0),
        split_f32=AttentionDecodeProblem(4, 1, 16, "f32", 0.25, 64),
        window_cap=AttentionDecodeProblem(2, 1, 16, "f16", 0.25, 64, window=256, soft_cap=50.0),
        ring=AttentionDecodeProblem(2, 1, 16, "f16", 0.25, 64, window=256, ring=768),
        wide=AttentionDecodeProblem(2, 1, 514, "f32", 0.25, 0),
        coded=AttentionDecodeProblem(6, 2, 32, "f16", 0.25, 0, codes=2),
        cached_q8=AttentionDecodeProblem(4, 2, 32, "q8", 0.25, 64),
    ),
    *family(
        ATTENTION_REDUCE,
        heads_8=AttentionReduceProblem(8, 16, 64),
        wide=AttentionReduceProblem(1, 514, 64, 256),
        coded=AttentionReduceProblem(4, 64, 64, codes=2),
    ),
    *family(
        ATTENTION_PREFILL,
        grouped_f16=AttentionPrefillProblem(8, 4, 8, "f16", 8**-0.5),
        f32=AttentionPrefillProblem(4, 4, 16, "f32", 0.25),
        window_cap=AttentionPrefillProblem(2, 1, 8, "f16", 0.25, window=256, soft_cap=50.0),
        ring=AttentionPrefillProblem(2, 1, 8, "f16", 0.25, window=256, ring=768),
        cached_q8=AttentionPrefillProblem(2, 1, 8, "q8", 0.25),
    ),
    *distinct(
        ATTENTION_DECODE,
        "joined",
        AttentionDecodeProblem(4, 2, 64, "f16", 0.125, 64, joined=True),
        "cuda",
    ),
    *distinct(ATTENTION_PREFILL, "heads_of_32", AttentionPrefillProblem(2, 1, 32, "f16", 0.25), "cuda"),
    *distinct(
        ATTENTION_DECODE, "joined_q8", AttentionDecodeProblem(4, 2, 128, "q8", 0.125, 64, joined=True), "cuda"
    ),
    *family(ARGMAX, vocab_512=ArgmaxProblem(512), odd=ArgmaxProblem(257)),
    *family(ARGMAX_BLOCKS, vocab_1000=ArgmaxBlocksProblem(1000, 128)),
    *family(ARGMAX_FINAL, blocks_8=ArgmaxFinalProblem(8)),
    *family(ROW_RESULT, vocab_36=RowResultProblem(36)),
    *family(MASK, vocab_512=MaskProblem(512)),
    *family(PENALTY, vocab_512=PenaltyProblem(512)),
    *family(SAMPLE, vocab_512=SampleProblem(512)),
)


def _repeated() -> Iterator[Golden]:
    """One text of each family for steps over several sequences: what it repeats is above. And the one for
    matrix units."""
    for name, rows in ROWS_OF.items():
        of = next(each for each in ALONE if each.spec.name == name and repeatable(each.problem))
        problem = rows_problem(of.spec, of.problem)
        yield Golden(rows, of.label, problem, "wgsl", next(carried(rows, problem, "wgsl")))
    units = rows_problem(MATVEC_INT8, linear("q4", 64, 1024, norm_eps=1e-5, terms=2))
    yield Golden(ROWS_OF[MATVEC_INT8.name], "q4_units", units, "cuda", VARIANTS["tiles"])


CASES: tuple[Golden, ...] = (*ALONE, *_repeated())
