"""Building an artifact: a checkpoint folder in, a folder that every runtime loads out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from kernelc import __version__
from kernelc.artifact import ArtifactWriter, ChatTemplateInfo, GraphInfo, Manifest, TokenizerInfo
from kernelc.compile import Compiled, CompileOptions, compile_model
from kernelc.ir.packed_matrix import row_index
from kernelc.kernels.golden import golden_tiles
from kernelc.passes.select import PackedVector
from kernelc.source import ModelSource
from kernelc.target import targets_named
from model.bits import plan_bits
from model.calibration.calibrated import calibrate as calibrate_matrices
from model.calibration.calibrated import segments_of
from model.checkpoints.checkpoint import Checkpoint
from model.opening import open_model
from model.pack import RowSource, pack_matrices, random_matrices
from model.text.chat_template import load_chat_template
from model.text.tokenizer import load_tokenizer, tokenizer_files

# Called with (what is being done, done, total); the units are bytes of weights.
Progress = Callable[[str, int, int], None]


def default_out(name: str, options: CompileOptions) -> Path:
    """Return dist/NAME-QUANT-TARGET, or dist/NAME-QUANT-int8-TARGET where activations are rounded."""
    quant = options.quant if options.activations == "f32" else f"{options.quant}-{options.activations}"
    return Path("dist") / f"{name}-{quant}-{options.target}"


def build_artifact(
    model_dir: Path,
    options: CompileOptions,
    *,
    out: Path | None = None,
    progress: Progress | None = None,
    calibrate: str | None = None,
) -> Path:
    """Compile and pack the model in `model_dir`; return the artifact's folder.

    The folder is complete, or does not exist. Weights are read a block at a time, whatever their size.
    `calibrate` is a text like those that the model will meet: four-bit matrices are then quantised for what
    they read while the model runs over it.
    Raises: ConfigError, CheckpointError, TokenizerError, TemplateError, QuantizeError, UsageError,
    ArtifactError.
    """
    with open_model(model_dir) as files:
        model, checkpoint = files.model, files.checkpoint
        checkpoint.check_against(model.weights(), head=model.roles.head)
        tokenizer = load_tokenizer(files.text, vocab_size=model.info.vocab_size)  # a bad one is refused first
        if not options.overrides:
            options = replace(options, overrides=plan_bits(model, options.quant, options.bits))
        segments = None
        if calibrate is not None:
            segments = segments_of(tokenizer.encode(calibrate), model.info.max_context)
        compiled = compile_model(model, options)
        target = out or default_out(files.name, compiled.options)
        key = build_key(model_dir, options, calibrate)
        with ArtifactWriter(target, key=key) as writer, TemporaryDirectory(prefix="kernelc-") as spool:
            matrices = compiled.matrices.values()
            source: RowSource = checkpoint
            if segments:
                formats = {name: matrix.format for matrix in matrices for name in matrix.sources}
                source = calibrate_matrices(model, source, formats, segments, Path(spool), progress)
            pack_matrices(writer.weights, matrices, source, progress, roles=model.roles)
            for vector in compiled.vectors.values():
                if not writer.weights.has(vector.name):
                    writer.weights.add(vector.name, "f32", (vector.length,), [_vector(vector, checkpoint)])
            manifest = _finish(writer, compiled, files.name)
            writer.commit(_with_text_files(writer, manifest, files.text))
    return target


def build_key(model: Path, options: CompileOptions, calibrate: str | None) -> str:
    """Return what tells a build apart from others: kernelc's version, the options, and the model's files by
    name, size and time. A build that was killed goes on where another with its key begins.
    """
    files = sorted(path for path in model.iterdir() if path.is_file()) if model.is_dir() else [model]
    stats = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    text = repr((__version__, options, stats, calibrate))
    return hashlib.sha256(text.encode()).hexdigest()


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
    compiled = compile_model(source, options)
    with ArtifactWriter(out) as writer:
        random_matrices(writer.weights, compiled.matrices.values(), seed, progress)
        for vector in compiled.vectors.values():
            writer.weights.add(vector.name, "f32", (vector.length,), [np.ones(vector.length, np.float32)])
        writer.commit(_finish(writer, compiled, name))
    return out


def _vector(vector: PackedVector, checkpoint: Checkpoint) -> npt.NDArray[np.float32]:
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
    if not any(target.self_checked for target in targets_named(manifest.target)):
        return manifest  # native runtimes check themselves against the numpy references: `kernelc verify`
    checks, data = golden_tiles(manifest)
    writer.add_file(checks.file, data)
    return replace(manifest, checks=checks)


def _with_text_files(writer: ArtifactWriter, manifest: Manifest, model_dir: Path) -> Manifest:
    """Copy the tokenizer's files and the chat template; return the manifest that names them too."""
    tokenizer = load_tokenizer(model_dir)
    names = tokenizer_files(model_dir)
    entries = {name: writer.add_file(name, (model_dir / name).read_bytes()) for name in names}
    main = "tokenizer.model" if tokenizer.kind == "sentencepiece" else "tokenizer.json"
    manifest = replace(manifest, tokenizer=TokenizerInfo(tokenizer.kind, main, entries))
    bos, eos = (None if i is None else tokenizer.token(i) for i in (tokenizer.bos_id, tokenizer.eos_id))
    template = load_chat_template(model_dir, bos_token=bos, eos_token=eos)
    entry = writer.add_file("chat_template.jinja", template.source.encode())
    info = ChatTemplateInfo(
        "chat_template.jinja", entry.sha256, template.bos_token or None, template.eos_token or None
    )
    return replace(manifest, chat_template=info)
