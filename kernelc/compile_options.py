"""What to build, as people ask for it, and the defaults of what they leave out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kernelc import switches
from kernelc.artifact import ACTIVATION_TERMS, ACTIVATIONS
from kernelc.errors import UsageError
from kernelc.ir.cached_rows import CODES_OF_WORD
from kernelc.ir.formats import FORMATS, FormatTable, Override, weight_format
from kernelc.ir.types import DType
from kernelc.passes.caches import cache_bytes, rings_of
from kernelc.passes.several import MOST_SEQUENCES
from kernelc.source import PREFILL_ROWS, ModelSource
from kernelc.target import targets_named

DEFAULT_CONTEXT = 4096
FITTING_SEQUENCES = 0
"""Stands for up to MOST_SEQUENCES, as long as their caches have at most FITTING_CACHE_BYTES together; for one
where layers keep rings of a window, which only one sequence can have."""
FITTING_CACHE_BYTES = 4 << 30
KV_DTYPES = ("f16", "f32", "q8")
# Up to this size a cache is kept in f32: that costs little, while rounding keys and values to f16 would
# change the logits of small models by a few hundredths.
SMALL_CACHE_BYTES = 32 << 20


@dataclass(frozen=True)
class CompileOptions:
    """What to build.

    `context` is the longest context, in positions; None stands for the model's own, at most DEFAULT_CONTEXT.
    `kv_dtype` is the element type of the cache; None stands for f32 if `quant` is f32 or the whole cache has
    at most SMALL_CACHE_BYTES, and for f16 otherwise. "q8" are signed bytes with a scale for each head of a
    position. `activations` "int8" rounds the input of a single row's matrix products to two signed bytes,
    where the weights are codes of bytes, "int8-fast" to one; None stands for int8, which measures as
    lossless, where any weights are such codes and a target multiplies bytes in one instruction, and for f32
    otherwise. `overrides` give single matrices, the embedding or the head another format than `quant`; `bits`
    is what a weight may take on average, from which a build of a model makes overrides of its own. `tuned`
    names a table of schedules, by its class of devices or as a file, instead of the families' rules.
    `splits`: whether attention's positions may be split over workgroups; `joins`: whether these workgroups
    may join them; `codes`: whether layers may code what they make; `halves`: whether the rows of a prompt
    may be made halves before they are multiplied; `prompts`: whether they may be coded as single rows
    are, where every target wants that; `last_row`: whether all but the last row of a prompt may be left
    out where nothing reads them. `embeddings`: whether there is a program that leaves the final hidden
    states, for embeddings of texts. `sequences`: how many sequences share the weights, each with a cache
    of its own, so that a step may decode a token of several; FITTING_SEQUENCES stands for as many as are
    useful. `rows`: how many rows a step may have where several are one sequence's, as when a draft's
    guesses are checked (see `runtime.engine.drafts`); no fewer than sequences. `without` names
    optimisations that are left out (see `kernelc.switches`).
    """

    target: str = "wgsl"
    quant: str = "q4"
    context: int | None = None
    kv_dtype: str | None = None
    activations: str | None = None
    overrides: tuple[Override, ...] = ()
    bits: float | None = None
    tuned: str | None = None
    splits: bool = True
    joins: bool = True
    codes: bool = True
    halves: bool = True
    prompts: bool = True
    last_row: bool = True
    embeddings: bool = False
    sequences: int = 1
    rows: int = 1
    without: switches.Without = ()

    @property
    def formats(self) -> FormatTable:
        """Which format each matrix gets."""
        return FormatTable(self.quant, self.overrides)

    @property
    def default_activations(self) -> str:
        """What activations are where nobody asks for others.

        Bytes whose products are spelled out take longer than floats: twice as long on OpenCL's processors.
        """
        in_hardware = any(target.multiplies_bytes for target in targets_named(self.target))
        return "int8" if self._has_codes and in_hardware else "f32"

    @property
    def chosen_activations(self) -> str:
        """What activations are: as asked for, or by default."""
        return self.default_activations if self.activations is None else self.activations

    @property
    def _has_codes(self) -> bool:
        """Whether the weights of any matrix are codes of bytes."""
        table = self.formats
        chosen = {table.default, *(override.format for override in table.overrides)}
        return any(weight_format(name).byte_zero is not None for name in chosen)

    def checked(self, source: ModelSource) -> CompileOptions:
        """Return these options with every default filled in.

        Raises: UsageError for a value that is unknown or does not fit the model.
        """
        if self.quant not in FORMATS:
            raise UsageError(
                f"got {self.quant!r}, wanted one of: {', '.join(FORMATS)}",
                where="`quant`",
                help="q4 is the default",
            )
        longest = source.info.max_context
        context = min(longest, DEFAULT_CONTEXT) if self.context is None else self.context
        if not 1 <= context <= longest:
            raise UsageError(
                f"got {context}, wanted 1 to {longest}, the model's max_position_embeddings",
                where="`context`",
                help=f"leave `context` out for {min(longest, DEFAULT_CONTEXT)}",
            )
        self._check_cache(source)
        self._check_activations()
        asked = self.sequences != FITTING_SEQUENCES
        most = min(MOST_SEQUENCES, max(1, context))  # a step has a row of each
        if asked and not 1 <= self.sequences <= most:
            raise UsageError(
                f"got {self.sequences} of {context} positions, wanted 1 to {MOST_SEQUENCES}, each as long",
                where="`sequences`",
                help="leave `sequences` out, for 1",
            )
        if not 1 <= self.rows <= most:
            raise UsageError(
                f"got {self.rows} in a context of {context}, wanted 1 to {MOST_SEQUENCES}, no more than that",
                where="`rows`",
                help="leave `rows` out, for 1",
            )
        step = source.graph("decode", max_context=context, chunk=1, kv_dtype=DType.F32, spare=PREFILL_ROWS)
        small = cache_bytes(step, context) <= SMALL_CACHE_BYTES
        dtype = self.kv_dtype or ("f32" if weight_format(self.quant).exact_in_f32 or small else "f16")
        targets_named(self.target)  # refuse an unknown one now
        sequences = self.sequences if asked else self._fitting(source, context, DType(dtype))
        activations = self.chosen_activations
        return replace(self, context=context, kv_dtype=dtype, activations=activations, sequences=sequences)

    @staticmethod
    def _fitting(source: ModelSource, context: int, dtype: DType) -> int:
        """How many sequences FITTING_SEQUENCES stands for."""
        step = source.graph("decode", max_context=context, chunk=1, kv_dtype=dtype, spare=PREFILL_ROWS)
        if rings_of(step):
            return 1
        fitting = FITTING_CACHE_BYTES // max(1, cache_bytes(step, context))
        return max(1, min(MOST_SEQUENCES, context, fitting))

    def _check_cache(self, source: ModelSource) -> None:
        if self.kv_dtype not in (None, *KV_DTYPES):
            message = f"got {self.kv_dtype!r}, wanted one of: {', '.join(KV_DTYPES)}"
            raise UsageError(message, where="`kv_dtype`", help="leave `kv_dtype` out")
        width = source.info.head_dim
        if self.kv_dtype == DType.Q8 and width % CODES_OF_WORD:
            message = f"q8 keeps four bytes in a word, and this model's heads have {width} elements"
            raise UsageError(message, where="`kv_dtype`", help="use `kv_dtype` f16")

    def _check_activations(self) -> None:
        activations = self.chosen_activations
        if activations not in ACTIVATIONS:
            raise UsageError(
                f"got {self.activations!r}, wanted one of: {', '.join(ACTIVATIONS)}",
                where="`activations`",
                help="leave `activations` out",
            )
        if ACTIVATION_TERMS[activations] and not self._has_codes:
            coded = (name for name, form in FORMATS.items() if form.byte_zero is not None)
            raise UsageError(
                f"{activations} multiplies bytes, and weights of `quant` {self.quant} are none",
                where="`activations`",
                help=f"use `quant` {' or '.join(coded)}, or `activations` f32",
            )
