"""`manifest.json` to a `Manifest`: the type and range of every field. How fields fit together: `check.py`."""

from __future__ import annotations

from collections.abc import Mapping

from kernelc.artifact import schema
from kernelc.artifact.files import (
    ChatTemplateInfo,
    FileEntry,
    GraphInfo,
    Segment,
    Shard,
    Tensor,
    TokenizerInfo,
    Weights,
)
from kernelc.artifact.json_node import Node, parse_json
from kernelc.artifact.schema import (
    Bounds,
    Buffer,
    BufferRange,
    Dispatch,
    GenerationInfo,
    Json,
    Kernel,
    KernelBinding,
    Manifest,
    ModelInfo,
    Param,
    Program,
    Requires,
    Ring,
    Sequences,
    Variant,
)
from kernelc.artifact.selfcheck_read import read_checks
from kernelc.ir.formats import FORMATS, encodings, tensor_bytes

MAX_U32 = 2**32 - 1
# Far above what any build makes, far below what would trouble a machine that reads a hostile file.
MAX_KERNELS = 4096
MAX_PROGRAMS = 256
MAX_DISPATCHES = 65536
MAX_TENSORS = 65536
MAX_FILE_BYTES = 256 * 2**20
MAX_RINGS = 1024
MAX_SEQUENCES = 64

_UPGRADE = "this build of kernelc reads version {}; build the artifact again with it, or take a newer kernelc"


def parse_manifest(text: str, file: str) -> Manifest:
    """Read a manifest from the text of `file`. Raises ArtifactError naming the file and the field."""
    root = parse_json(text, file)
    head = root.fields()
    if head.get("format") != schema.FORMAT:
        help_ = "is this the folder of an artifact?"
        Node(head.get("format"), file, "format").fail(schema.FORMAT, help=help_)
    version = head.get("version")
    if type(version) is not int or version not in schema.READABLE:  # true is 1, and 2.0 is 2
        wanted = " or ".join(map(str, schema.READABLE))
        Node(version, file, "version").fail(wanted, help=_UPGRADE.format(wanted))
    return _manifest(root)


def _manifest(root: Node) -> Manifest:
    names = "format version name target quant model symbols params kernels buffers programs weights"
    later = "checks activations generation rings kv sequences"
    r = root.record(names + " tokenizer chat_template graph", later)
    symbols = r["symbols"].mapping(_bounds, 16)
    context = {name: symbols[name] for name in symbols if name == "context"}
    return Manifest(
        name=r["name"].name(),
        target=_targets(r["target"]),
        quant=r["quant"].one_of(FORMATS),
        model=_model(r["model"]),
        symbols=symbols,
        params=r["params"].items(_param, 0, 64),
        kernels=r["kernels"].mapping(lambda node: _kernel(node, symbols), MAX_KERNELS),
        buffers=r["buffers"].mapping(lambda node: _buffer(node, context), MAX_TENSORS),
        programs=r["programs"].mapping(lambda node: _program(node, context), MAX_PROGRAMS),
        weights=_weights(r["weights"]),
        tokenizer=r["tokenizer"].optional(_tokenizer),
        chat_template=r["chat_template"].optional(_chat_template),
        graph=r["graph"].optional(_graph),
        # artifacts of earlier releases have none of these
        checks=r["checks"].optional(read_checks),
        activations=r["activations"].optional(lambda node: node.one_of(schema.ACTIVATIONS)) or "f32",
        generation=r["generation"].optional(_generation),
        rings=r["rings"].optional(lambda node: node.items(_ring, 1, MAX_RINGS)) or (),
        kv=r["kv"].optional(lambda node: node.one_of(schema.CODED_CACHES)),
        sequences=r["sequences"].optional(lambda node: _sequences(node, context)),
    )


def _targets(node: Node) -> str:
    """Read what an artifact was built for: a target, several as "a+b", or "all"."""
    named = node.name().split("+")
    if len(set(named)) != len(named) or not set(named) <= {*schema.TARGETS, "all"}:
        node.fail(f"one of {', '.join(schema.TARGETS)}, all, or several with + between them")
    return "+".join(named)


def _bounds(node: Node) -> Bounds:
    low, high = node.items(lambda item: item.integer(0, MAX_U32), 2, 2)
    if low > high:
        node.fail("bounds [low, high] with low <= high")
    return low, high


def _model(node: Node) -> ModelInfo:
    sizes = "vocab_size hidden_size layers heads kv_heads head_dim intermediate_size max_context"
    r = node.record(f"architecture {sizes} bos_token_id eos_token_ids")
    return ModelInfo(
        architecture=r["architecture"].name(),
        **{name: r[name].integer(1, 2**31 - 1) for name in sizes.split()},
        bos_token_id=r["bos_token_id"].optional(lambda item: item.integer(0, MAX_U32)),
        eos_token_ids=r["eos_token_ids"].items(lambda item: item.integer(0, MAX_U32), 0, 64),
    )


def _param(node: Node) -> Param:
    r = node.record("name type")
    return Param(r["name"].name(), r["type"].one_of(schema.PARAM_TYPES))


def _kernel(node: Node, symbols: Mapping[str, Bounds]) -> Kernel:
    r = node.record("spec problem params bindings variants")
    return Kernel(
        spec=r["spec"].name(),
        problem=r["problem"].mapping(_plain, 64),
        params=r["params"].boolean(),
        bindings=r["bindings"].items(_kernel_binding, 1, 64),
        variants=r["variants"].items(lambda item: _variant(item, symbols), 0, 16),
    )


def _plain(node: Node) -> Json:
    return node.plain()


def _kernel_binding(node: Node) -> KernelBinding:
    r = node.record("name element access")
    element = r["element"].one_of(schema.ELEMENT_BYTES)
    return KernelBinding(r["name"].name(), element, r["access"].one_of(schema.ACCESSES))


def _variant(node: Node, symbols: Mapping[str, Bounds]) -> Variant:
    r = node.record("target file sha256 entry workgroup grid requires", "bytes")
    x, y, z = r["workgroup"].items(lambda item: item.integer(1, 65536), 3, 3)
    columns, rows, planes = r["grid"].items(lambda item: item.dim(symbols), 3, 3)
    return Variant(
        target=r["target"].one_of(schema.TARGETS),
        file=r["file"].path_name(),
        sha256=r["sha256"].sha256(),
        entry=r["entry"].name(),
        workgroup=(x, y, z),
        grid=(columns, rows, planes),
        requires=_requires(r["requires"]),
        bytes=r["bytes"].optional(lambda item: item.integer(1, schema.MAX_SHARD_BYTES)),
    )


def _requires(node: Node) -> Requires:
    r = node.record("features subgroup_size threads shared_bytes storage_buffers")
    return Requires(
        features=r["features"].items(Node.name, 0, 64),
        subgroup_size=r["subgroup_size"].optional(lambda item: item.integer(1, 1024)),
        threads=r["threads"].integer(1, 65536),
        shared_bytes=r["shared_bytes"].integer(0, 2**24),
        storage_buffers=r["storage_buffers"].integer(0, 64),
    )


def _buffer(node: Node, context: Mapping[str, Bounds]) -> Buffer:
    r = node.record("kind bytes")
    return Buffer(r["kind"].one_of(schema.BUFFER_KINDS), r["bytes"].dim(context))


def _program(node: Node, context: Mapping[str, Bounds]) -> Program:
    r = node.record("role symbols dispatches")
    return Program(
        role=r["role"].one_of(schema.ROLES),
        symbols=r["symbols"].mapping(_bounds, 16),
        dispatches=r["dispatches"].items(lambda item: _dispatch(item, context), 1, MAX_DISPATCHES),
    )


def _dispatch(node: Node, context: Mapping[str, Bounds]) -> Dispatch:
    r = node.record("kernel bindings origin")
    bindings = r["bindings"].items(lambda item: _range(item, context), 1, 64)
    return Dispatch(r["kernel"].name(), bindings, r["origin"].text())


def _range(node: Node, context: Mapping[str, Bounds]) -> BufferRange:
    r = node.record("buffer offset bytes")
    return BufferRange(r["buffer"].name(), r["offset"].integer(), r["bytes"].dim(context))


def _weights(node: Node) -> Weights:
    r = node.record("shards tensors")
    shards = r["shards"].items(_shard, 0, 65536)
    return Weights(shards, r["tensors"].mapping(_tensor, MAX_TENSORS))


def _shard(node: Node) -> Shard:
    r = node.record("file bytes sha256")
    size = r["bytes"].integer(1, schema.MAX_SHARD_BYTES)
    return Shard(r["file"].path_name(), size, r["sha256"].sha256())


def _tensor(node: Node) -> Tensor:
    r = node.record("bytes segments encoding shape")
    encoding = r["encoding"].one_of(encodings())
    least, most = (1, 4) if encoding == "f32" else (2, 2)
    shape = r["shape"].items(lambda item: item.integer(1, 2**31 - 1), least, most)
    size = r["bytes"].integer(1)
    if size != tensor_bytes(encoding, shape):
        r["bytes"].fail(f"{tensor_bytes(encoding, shape)} for {encoding} of shape {list(shape)}")
    return Tensor(size, r["segments"].items(_segment, 1, 65536), encoding, shape)


def _segment(node: Node) -> Segment:
    return Segment(*node.items(lambda item: item.integer(), 3, 3))


def _tokenizer(node: Node) -> TokenizerInfo:
    r = node.record("kind file files")
    files = r["files"].mapping(_file_entry, 16)
    for name in files:
        Node(name, node.file, r["files"].path).path_name()
    return TokenizerInfo(r["kind"].one_of(schema.TOKENIZER_KINDS), r["file"].one_of(files), files)


def _file_entry(node: Node) -> FileEntry:
    r = node.record("bytes sha256")
    return FileEntry(r["bytes"].integer(0, MAX_FILE_BYTES), r["sha256"].sha256())


def _chat_template(node: Node) -> ChatTemplateInfo:
    r = node.record("file sha256 bos_token eos_token")
    bos, eos = (r[name].optional(lambda item: item.text(1000)) for name in ("bos_token", "eos_token"))
    return ChatTemplateInfo(r["file"].path_name(), r["sha256"].sha256(), bos, eos)


def _generation(node: Node) -> GenerationInfo:
    """Read sampling defaults, whose ranges are those of `runtime.engine.sampling.SamplingParams`."""
    r = node.record("temperature top_k top_p min_p repetition_penalty")
    return GenerationInfo(
        temperature=_within(r["temperature"], 0, 100),
        top_k=r["top_k"].integer(0, MAX_U32),
        top_p=_within(r["top_p"], 0, 1, open_low=True),
        min_p=_within(r["min_p"], 0, 1),
        repetition_penalty=_within(r["repetition_penalty"], 0, 100, open_low=True),
    )


def _ring(node: Node) -> Ring:
    r = node.record("window rows")
    return Ring(r["window"].integer(1, 2**31 - 1), r["rows"].integer(1, 2**31 - 1))


def _sequences(node: Node, context: Mapping[str, Bounds]) -> Sequences:
    r = node.record("count rows buffers fields", "step_rows")
    step_rows = r["step_rows"].optional(lambda node: node.integer(2, MAX_SEQUENCES))
    return Sequences(
        r["count"].integer(2 if step_rows is None else 1, MAX_SEQUENCES),
        r["rows"].dim(context),
        r["buffers"].items(Node.name, 1, MAX_TENSORS),
        r["fields"].items(_param, 1, 64),
        step_rows,
    )


def _within(node: Node, low: float, high: float, *, open_low: bool = False) -> float:
    value = node.number()
    if not low <= value <= high or (open_low and value == low):
        node.fail(f"a number {'above' if open_low else 'from'} {low:g}, at most {high:g}")
    return float(value)


def _graph(node: Node) -> GraphInfo:
    r = node.record("file sha256")
    return GraphInfo(r["file"].path_name(), r["sha256"].sha256())
