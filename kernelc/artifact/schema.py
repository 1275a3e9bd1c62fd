"""The manifest of an artifact, as frozen dataclasses: what `manifest.json` says, field by field.

Sizes and grids are dims (`kernelc.ir.dim`): a buffer's bytes may depend on `context` alone, a grid on any
symbol of the manifest. All byte offsets and counts are little-endian storage bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

from kernelc.artifact.files import ChatTemplateInfo, GraphInfo, NamedFile, TokenizerInfo, Weights
from kernelc.artifact.json_form import Json, to_json
from kernelc.artifact.selfcheck import Checks
from kernelc.ir.dim import Dim

FORMAT = "kernelc-artifact"
VERSION = 2
"""What builds write. It grows when they always write something that earlier readers refuse, so that these say
"build again" and not which word they do not know; what only some builds ask for leaves it as it is.

2, of kernelc 0.2: every artifact has a program of the role "mask".
"""
READABLE = (1, 2)
"""What readers take: an artifact without masks runs, and the host draws where a grammar holds an answer."""

ALIGNMENT_BYTES = 256
"""Tensors start at multiples of this in a shard: WebGPU's guaranteed storage offset alignment."""
MAX_SHARD_BYTES = 64 * 2**20

ACTIVATION_TERMS = {"f32": 0, "int8": 2, "int8-fast": 1}
"""What decoding multiplies weights with, and how many signed bytes each number is; 0: it is a float."""
ACTIVATIONS = tuple(ACTIVATION_TERMS)
CODED_CACHES = ("q8",)
"""What caches may hold instead of numbers: bytes with a scale for each head of a position."""
TARGETS = ("wgsl", "cuda", "spirv", "opencl", "c", "wasm")
ROLES = (
    "prefill", "decode", "score", "embed", "sample_greedy", "sample", "mask",
    "decode_rows", "alike_rows", "greedy_rows", "sample_rows", "mask_rows",
)  # fmt: skip
SEVERAL_ROLES = ("decode_rows", "alike_rows", "greedy_rows", "sample_rows", "mask_rows")
"""The roles of steps over several sequences, whose rows each belong to another. Of "alike_rows" all rows have
positions within the bounds of the program; of the others the longest."""
PARAM_TYPES = ("u32", "f32")
ACCESSES = ("read", "read_write")
BUFFER_KINDS = ("weight", "state", "slot")
TOKENIZER_KINDS = ("sentencepiece", "tokenizers")
STEP_BUFFER = "step"
"""The state buffer that holds the step block."""
MASK_BUFFER = "mask"
"""The state buffer with a bit for each token, the lowest bit of the first word for token 0: those that the
program of the role "mask" leaves in the logits."""
ROW_MASKS_BUFFER = "row_masks"
"""The same for steps over several sequences, row after row: the role "mask_rows" masks the first rows of a
step, of which it may have fewer than the step."""
TABLE_BUFFER = "step_rows"
"""The state buffer that holds the table of a step over several sequences; see `Sequences`."""

RESULTS_BUFFER = "row_results"
"""The state buffer where a step over several sequences leaves for each row two words: the id that it sampled,
and the bits of the score of id 0. Artifacts of earlier releases have none."""

ELEMENT_BYTES = {
    f"{scalar}{suffix}": size * lanes
    for scalar, size in (("u32", 4), ("i32", 4), ("f32", 4), ("f16", 2))
    for suffix, lanes in (("", 1), ("x2", 2), ("x4", 4))
}
"""Bytes of one element of a binding, by the name of its type."""

Bounds: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class ModelInfo:
    """The model's own numbers, for `inspect` and for the runtime's checks of token ids and context."""

    architecture: str
    vocab_size: int
    hidden_size: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate_size: int
    max_context: int
    bos_token_id: int | None
    eos_token_ids: tuple[int, ...]


@dataclass(frozen=True)
class Param:
    """One 4-byte field of the step block, "u32" or "f32"."""

    name: str
    type: str


@dataclass(frozen=True)
class KernelBinding:
    """One storage binding of a kernel: binding i of group 0 is entry i of the kernel's list."""

    name: str
    element: str
    access: str


@dataclass(frozen=True)
class Requires:
    """What a device must offer to run a variant; `subgroup_size` None means that any will do."""

    features: tuple[str, ...] = ()
    subgroup_size: int | None = None
    threads: int = 1
    shared_bytes: int = 0
    storage_buffers: int = 0


@dataclass(frozen=True)
class Variant:
    """One printed kernel: its file, entry point, workgroup, and the grid of workgroups to dispatch.

    `bytes` is the file's size, a part of a page's download; artifacts of earlier releases have none.
    """

    target: str
    file: str
    sha256: str
    entry: str
    workgroup: tuple[int, int, int]
    grid: tuple[Dim, Dim, Dim]
    requires: Requires
    bytes: int | None = None


@dataclass(frozen=True)
class Kernel:
    """A kernel: what it computes (`spec` and `problem`), its bindings, and its variants, the preferred first.

    With `params`, the step block follows the bindings, as binding number `len(bindings)`.
    """

    spec: str
    problem: Mapping[str, Json]
    params: bool
    bindings: tuple[KernelBinding, ...]
    variants: tuple[Variant, ...]


@dataclass(frozen=True)
class Buffer:
    """A device buffer: a "weight" is named as its tensor, "state" outlives a step, a "slot" is scratch."""

    kind: str
    bytes: Dim


@dataclass(frozen=True)
class BufferRange:
    """What a dispatch binds: `bytes` of a buffer from `offset` on."""

    buffer: str
    offset: int
    bytes: Dim


@dataclass(frozen=True)
class Dispatch:
    """One kernel launch; `origin` is the layer path that it computes."""

    kernel: str
    bindings: tuple[BufferRange, ...]
    origin: str


@dataclass(frozen=True)
class Program:
    """A straight list of dispatches for one role, valid where every symbol is within `symbols`."""

    role: str
    symbols: Mapping[str, Bounds]
    dispatches: tuple[Dispatch, ...]


@dataclass(frozen=True)
class GenerationInfo:
    """How the model's authors want its answers sampled; the fields are those of `SamplingParams`."""

    temperature: float
    top_k: int
    top_p: float
    min_p: float
    repetition_penalty: float


@dataclass(frozen=True)
class Ring:
    """Caches of `rows` positions, of layers that see `window` of them; position p is in row p mod `rows`.

    What a runtime may go on from follows from these numbers alone: see `runtime.engine.rings`.
    """

    window: int
    rows: int


@dataclass(frozen=True)
class Sequences:
    """How `count` sequences share an artifact. Each has its own part of the state `buffers`, one part after
    the other, with `rows` rows for its positions.

    A step over several of them has a table in place of the step block, with these `fields` for each row, a
    word each; `first` is the row at which the row's sequence begins. It has up to `step_rows` rows, of which
    several may be one sequence's, or for None one row of each sequence.
    """

    count: int
    rows: Dim
    buffers: tuple[str, ...]
    fields: tuple[Param, ...]
    step_rows: int | None = None

    @property
    def most_rows(self) -> int:
        """Rows that a step may have."""
        return self.count if self.step_rows is None else self.step_rows


@dataclass(frozen=True)
class Manifest:
    """Everything that a runtime needs to know; its parts are above, and in `kernelc.artifact.files`."""

    name: str
    target: str
    quant: str
    model: ModelInfo
    symbols: Mapping[str, Bounds]
    params: tuple[Param, ...]
    kernels: Mapping[str, Kernel]
    buffers: Mapping[str, Buffer]
    programs: Mapping[str, Program]
    weights: Weights
    tokenizer: TokenizerInfo | None = None
    chat_template: ChatTemplateInfo | None = None
    graph: GraphInfo | None = None
    checks: Checks | None = None
    activations: str = "f32"
    generation: GenerationInfo | None = None
    rings: tuple[Ring, ...] = ()
    kv: str | None = None  # one of `CODED_CACHES`; None where caches hold numbers
    sequences: Sequences | None = None  # None where there is a single one

    def to_json(self) -> dict[str, Json]:
        """The JSON form. Maps are sorted, but programs keep their order: the first that fits is run."""
        body = cast("dict[str, Json]", to_json(self))
        for name in ("rings", "kv", "sequences"):  # artifacts of earlier releases have none of them
            if not body[name]:
                del body[name]
        body["programs"] = {name: to_json(program) for name, program in self.programs.items()}
        return {"format": FORMAT, "version": VERSION, **body}

    def files(self) -> list[NamedFile]:
        """Every file that the manifest names besides itself; a file may be named more than once."""
        variants = [variant for kernel in self.kernels.values() for variant in kernel.variants]
        texts = [text for text in (self.chat_template, self.graph) if text]
        checks = [self.checks] if self.checks else []
        sized = [(named.file, named) for named in (*self.weights.shards, *checks)]
        tokenizer = self.tokenizer.files.items() if self.tokenizer else ()
        return [
            *(NamedFile(named.file, named.sha256, named.bytes) for named in variants),
            *(NamedFile(named.file, named.sha256, None) for named in texts),
            *(NamedFile(name, entry.sha256, entry.bytes) for name, entry in (*sized, *tokenizer)),
        ]
