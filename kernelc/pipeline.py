"""Building an artifact: a checkpoint folder in, a folder that every runtime loads out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kernelc.artifact import (
    Artifact,
    ArtifactWriter,
    ChatTemplateInfo,
    GraphInfo,
    Manifest,
    TokenizerInfo,
    plain_name,
)
from kernelc.compiled_search import compiled_search
from kernelc.compiler import Compiled, CompileOptions, compile_model, packed_together
from kernelc.errors import UsageError
from kernelc.inputs import inputs_stamp
from kernelc.ir.formats.search import Search, searching_with
from kernelc.ir.packed_matrix import PackedMatrix, row_index
from kernelc.kernels.golden import golden_tiles
from kernelc.link import linked, require_linkers
from kernelc.passes.select import PackedVector
from kernelc.source import ModelSource
from kernelc.target import targets_named
from model.bits import plan_bits
from model.calibration.calibrated import calibrate as calibrate_matrices
from model.calibration.calibrated import segments_of
from model.checkpoints.checkpoint import Checkpoint
from model.families.registry import AnyModel
from model.keep import kept_formats
from model.opening import open_model
from model.pack import pack_matrices, random_matrices
from model.row_source import RowSource
from model.text.texts import ModelTexts, read_texts
from model.text.tokenizer import tokenizer_files

KEEP = "keep"
"""The `quant` that keeps weights as they are stored, each matrix in the format that holds its codes."""

# Called with (what is being done, done, total): bytes of weights, or operations while calibrating.
Progress = Callable[[str, int, int], None]
# Called with a sentence that a person should read, although nothing failed.
Note = Callable[[str], None]


_WORTH_COMPILING = 30_000_000
"""Weights that numpy packs in about a second, which is what compiling the searches takes once."""


def default_out(name: str, options: CompileOptions, usual_activations: str) -> Path:
    """Return dist/NAME-QUANT-TARGET; after QUANT stand the activations, where they are not the usual ones.

    What is left out follows: an artifact without something is for measuring, and replaces no other.
    """
    usual = options.activations in (None, usual_activations)
    quant = options.quant if usual else f"{options.quant}-{options.activations}"
    without = f"-without-{'+'.join(options.without)}" if options.without else ""
    return Path("dist") / f"{name}-{quant}-{options.target}{without}"


def build_artifact(
    model_dir: Path,
    options: CompileOptions,
    *,
    out: Path | None = None,
    name: str | None = None,
    progress: Progress | None = None,
    note: Note | None = None,
    calibrate: str | None = None,
) -> Path:
    """Compile and pack the model in `model_dir`; return the artifact's folder.

    `name` is what the artifact calls the model, by default what its files are called.

    The folder is complete, or does not exist. Weights are read a block at a time, whatever their size.
    Besides the weight formats `options.quant` may be `KEEP`. `note` is told what a person should know of the
    result. `calibrate` is a text like those that the model will meet: four-bit matrices are then quantised
    for what they read while the model runs over it.
    Raises: ConfigError, CheckpointError, TokenizerError, TemplateError, QuantizeError, UsageError,
    ArtifactError.
    """
    require_linkers(options.target)
    with open_model(model_dir) as files:
        model, checkpoint = files.model, files.checkpoint
        checkpoint.check_against(model.weights(), head=model.roles.head)
        texts = read_texts(files.text, model.info)  # refuse a bad one before the long part
        for line in (*files.notes, *texts.notes):
            (note or _unheard)(line)
        segments = None
        if calibrate is not None:
            segments = segments_of(texts.tokenizer.encode(calibrate), model.info.max_context)
        compiled = linked(compile_model(model, settled(options, model, checkpoint)))
        for line in model.config.notes(compiled.info.max_context):
            (note or _unheard)(line)
        name = plain_name(name or files.name)
        target = out or default_out(name, options, compiled.options.default_activations)
        asked = repr((options, calibrate, inputs_stamp(model_dir)))
        key = hashlib.sha256(asked.encode()).hexdigest()  # a killed build with this key goes on
        with ArtifactWriter(target, key=key) as writer:
            _write_weights(writer, compiled, model, checkpoint, segments, progress)
            manifest = _finish(writer, compiled, name)
            writer.commit(_with_text_files(writer, manifest, files.text, texts))
    return target


def settled(options: CompileOptions, model: AnyModel, checkpoint: Checkpoint | None) -> CompileOptions:
    """Return options with a format for each matrix, as `quant` and `bits` mean them for this model.

    `KEEP` looks at how the checkpoint stores each tensor; overrides that were given stay first.
    Raises: UsageError for `bits` that `quant` cannot have, and for `KEEP` without weights.
    """
    if options.quant == KEEP:
        if options.bits is not None:
            help_ = "give `quant` q4 with it"
            raise UsageError("keep takes the sizes that the file has", where="`bits`", help=help_)
        if checkpoint is None:
            raise UsageError("keep needs the weights, and a config has none", help="name another `quant`")
        table = kept_formats(model, checkpoint, packed_together(model))
        return replace(options, quant=table.default, overrides=(*options.overrides, *table.overrides))
    planned = plan_bits(model, options.quant, options.bits)
    return replace(options, overrides=(*options.overrides, *planned))


def build_random(
    source: ModelSource,
    options: CompileOptions,
    out: Path,
    *,
    name: str = "random",
    seed: int = 0,
    progress: Progress | None = None,
) -> Path:
    """Build an artifact with random weights and no tokenizer, which suffices for measuring speed.

    Returns its folder, `out`. Raises: UsageError, ArtifactError.
    """
    compiled = linked(compile_model(source, options))
    with ArtifactWriter(out) as writer:
        random_matrices(writer.weights, compiled.matrices.values(), seed, progress)
        for vector in compiled.vectors.values():
            writer.weights.add(vector.name, "f32", (vector.length,), [np.ones(vector.length, np.float32)])
        writer.commit(_finish(writer, compiled, plain_name(name)))
    return out


def rebuilt(compiled: Compiled, like: Artifact, out: Path) -> Artifact | None:
    """Return an artifact at `out` with the weights of another, as links to its files, for measuring kernels.

    None where the compiled model wants other weights. It has no tokenizer, graph or checks.
    """
    wanted = {vector.name: 4 * vector.length for vector in compiled.vectors.values()}
    for matrix in compiled.matrices.values():
        wanted |= {array.name: array.bytes for array in matrix.stored_arrays.values()}
    weights = like.manifest.weights
    if wanted != {name: tensor.bytes for name, tensor in weights.tensors.items()}:
        return None
    for file, data in compiled.lowered.files.items():
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        (out / file).write_bytes(data)
    for shard in weights.shards:
        (out / shard.file).parent.mkdir(parents=True, exist_ok=True)
        os.link(like.folder / shard.file, out / shard.file)
    return Artifact(out, compiled.manifest(like.manifest.name, weights))


def _write_weights(
    writer: ArtifactWriter,
    compiled: Compiled,
    model: AnyModel,
    checkpoint: Checkpoint,
    segments: Sequence[npt.NDArray[np.uint32]] | None,
    progress: Progress | None,
) -> None:
    """Pack what is not written yet; with `segments` of a text, matrices are calibrated on them first."""
    matrices, source = compiled.matrices.values(), model.source(checkpoint)
    with searching_with(_fast_search(matrices)):
        if segments:
            formats = {name: matrix.format for matrix in matrices for name in matrix.sources}
            source = calibrate_matrices(model, source, formats, segments, writer.scratch_folder(), progress)
        pack_matrices(writer.weights, matrices, source, progress, roles=model.roles)
    for vector in compiled.vectors.values():
        if not writer.weights.has(vector.name):
            writer.weights.add(vector.name, "f32", (vector.length,), [stored_vector(vector, source)])


def _fast_search(matrices: Iterable[PackedMatrix]) -> Search | None:
    """Return the compiled searches for scales where enough weights have scales that they are worth compiling;
    None lets numpy search."""
    count = sum(matrix.stored_rows * matrix.cols for matrix in matrices if matrix.form.sides)
    return compiled_search() if count >= _WORTH_COMPILING else None


def _unheard(line: str) -> None:
    """Where nobody asked for notes."""


def stored_vector(vector: PackedVector, checkpoint: RowSource) -> npt.NDArray[np.float32]:
    """Return the part of the concatenated source vectors that is stored, in its packed order, as f32."""
    whole = np.concatenate([checkpoint.read(source).reshape(-1) for source in vector.sources])
    return whole[row_index(vector.order)][vector.begin : vector.end] + np.float32(vector.shift)


def _finish(writer: ArtifactWriter, compiled: Compiled, name: str) -> Manifest:
    """Write kernels, graph and checks; return the manifest of everything written so far."""
    for file, data in compiled.lowered.files.items():
        writer.add_kernel(file, data)
    graph = writer.add_file("graph.ir", compiled.graph.encode())
    manifest = compiled.manifest(name, writer.weights.finish())
    manifest = replace(manifest, graph=GraphInfo("graph.ir", graph.sha256))
    checked = any(target.self_checked for target in targets_named(manifest.target))
    if not checked or manifest.sequences is not None:  # a page has a single sequence
        return manifest  # native runtimes check themselves against the numpy references: `kernelc verify`
    checks, data = golden_tiles(manifest)
    writer.add_file(checks.file, data)
    return replace(manifest, checks=checks)


def _with_text_files(
    writer: ArtifactWriter, manifest: Manifest, text_dir: Path, texts: ModelTexts
) -> Manifest:
    """Copy the tokenizer's files and the chat template; return the manifest that names them too."""
    tokenizer, template = texts.tokenizer, texts.template
    names = tokenizer_files(text_dir)
    entries = {name: writer.add_file(name, (text_dir / name).read_bytes()) for name in names}
    entry = writer.add_file("chat_template.jinja", template.source.encode())
    info = ChatTemplateInfo(
        "chat_template.jinja", entry.sha256, template.bos_token or None, template.eos_token or None
    )
    return replace(
        manifest,
        model=replace(manifest.model, eos_token_ids=texts.stop_ids),
        tokenizer=TokenizerInfo(tokenizer.kind, names[0], entries),
        chat_template=info,
        generation=texts.generation,
    )
