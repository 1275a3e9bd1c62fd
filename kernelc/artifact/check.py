"""How the fields of a manifest fit together: names resolve, ranges lie inside what they cut, counts agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

from kernelc.artifact.files import NamedFile, Tensor
from kernelc.artifact.json_node import REBUILD
from kernelc.artifact.schema import (
    ALIGNMENT_BYTES,
    ELEMENT_BYTES,
    STEP_BUFFER,
    Buffer,
    BufferRange,
    Dispatch,
    Kernel,
    KernelBinding,
    Manifest,
    ModelInfo,
    Program,
)
from kernelc.artifact.selfcheck_read import check_checks
from kernelc.artifact.sequences import check_sequences
from kernelc.errors import ArtifactError
from kernelc.ir.dim import Dim, evaluate

_SYMBOLS = ("seq", "past", "context")
"""What a step knows of itself; runtimes know no others."""


def check_manifest(manifest: Manifest, file: str) -> None:
    """Raise ArtifactError, naming `file` and the field, where parts of the manifest contradict each other."""
    _Check(manifest, file).run()


class _Check:
    def __init__(self, manifest: Manifest, file: str) -> None:
        self.manifest = manifest
        self.file = file

    def fail(self, path: str, message: str) -> NoReturn:
        raise ArtifactError(message, where=f"{self.file}: {path}", help=REBUILD)

    def run(self) -> None:
        self.model(self.manifest.model)
        self.symbols()
        self.step_block()
        self.rings()
        self.files()
        for name, tensor in self.manifest.weights.tensors.items():
            self.tensor(f"weights.tensors.{name}", tensor)
        for name, buffer in self.manifest.buffers.items():
            self.buffer(name, buffer)
        for name, kernel in self.manifest.kernels.items():
            self.kernel(f"kernels.{name}", kernel)
        for name, program in self.manifest.programs.items():
            self.program(f"programs.{name}", program)
        check_checks(self.manifest, self.fail)
        if self.manifest.sequences is not None:
            check_sequences(self.manifest, self.manifest.sequences, self.fail)

    def model(self, model: ModelInfo) -> None:
        if model.heads % model.kv_heads:
            self.fail("model.kv_heads", f"got {model.kv_heads}, wanted a divisor of heads {model.heads}")
        for field, ids in (("bos_token_id", (model.bos_token_id,)), ("eos_token_ids", model.eos_token_ids)):
            if any(token is not None and token >= model.vocab_size for token in ids):
                self.fail(f"model.{field}", f"got {ids}, wanted ids below vocab_size {model.vocab_size}")

    def symbols(self) -> None:
        bounds = self.manifest.symbols
        for name in _SYMBOLS:
            if name not in bounds:
                self.fail(f"symbols.{name}", "the field is missing")
        for name in bounds:
            if name not in _SYMBOLS:
                self.fail(f"symbols.{name}", f"steps have no such symbol, wanted {', '.join(_SYMBOLS)}")
        for name in ("seq", "context"):
            if bounds[name][0] < 1:
                self.fail(f"symbols.{name}", "got a low bound of 0, wanted at least 1")
        if bounds["context"][1] != self.manifest.model.max_context:
            wanted = f"model.max_context {self.manifest.model.max_context}"
            self.fail("symbols.context", f"got a high bound of {bounds['context'][1]}, wanted {wanted}")

    def step_block(self) -> None:
        names = [param.name for param in self.manifest.params]
        if len(set(names)) != len(names):
            self.fail("params", f"got {names}, wanted each name once")
        if not any(kernel.params for kernel in self.manifest.kernels.values()):
            return
        step = self.manifest.buffers.get(STEP_BUFFER)
        if step is None or step.kind != "state" or self.smallest(step.bytes) < 4 * len(names):
            self.fail(f"buffers.{STEP_BUFFER}", f"wanted a state buffer of at least {4 * len(names)} bytes")

    def rings(self) -> None:
        """A step's rows and the window before them have places of their own in a ring."""
        most = self.manifest.symbols["seq"][1]
        for i, (window, rows) in enumerate((ring.window, ring.rows) for ring in self.manifest.rings):
            if rows < window + most:
                wanted = f"at least {window + most}, a window of {window} and {most} rows of a step"
                self.fail(f"rings[{i}].rows", f"got {rows}, wanted {wanted}")

    def smallest(self, size: Dim) -> int:
        return min(evaluate(size, {"context": context}) for context in self.contexts())

    def contexts(self) -> tuple[int, int]:
        return self.manifest.symbols["context"]

    def files(self) -> None:
        said: dict[str, NamedFile] = {}
        for named in self.manifest.files():
            known = said.setdefault(named.file, named)
            if known.sha256 != named.sha256:
                self.fail(named.file, "the file is named twice, with a different sha256")
            if None not in (known.bytes, named.bytes) and known.bytes != named.bytes:
                self.fail(named.file, f"the file is named twice, with {known.bytes} and {named.bytes} bytes")

    def tensor(self, path: str, tensor: Tensor) -> None:
        shards = self.manifest.weights.shards
        if sum(segment.bytes for segment in tensor.segments) != tensor.bytes:
            self.fail(f"{path}.segments", f"they do not add up to the tensor's {tensor.bytes} bytes")
        for i, (shard, offset, size) in enumerate(tensor.segments):
            if shard >= len(shards):
                self.fail(f"{path}.segments[{i}]", f"got shard {shard}, wanted one of {len(shards)}")
            if size < 1 or offset + size > shards[shard].bytes:
                got, file = f"bytes {offset}..{offset + size}", shards[shard].file
                self.fail(f"{path}.segments[{i}]", f"got {got}, but {file} has {shards[shard].bytes} bytes")
        if tensor.segments[0].offset % ALIGNMENT_BYTES:
            offset = tensor.segments[0].offset
            self.fail(f"{path}.segments[0]", f"got offset {offset}, wanted a multiple of {ALIGNMENT_BYTES}")

    def buffer(self, name: str, buffer: Buffer) -> None:
        if buffer.kind != "weight":
            return
        tensor = self.manifest.weights.tensors.get(name)
        if tensor is None:
            self.fail(f"buffers.{name}", "there is no tensor of this name in weights.tensors")
        if buffer.bytes != tensor.bytes:
            self.fail(f"buffers.{name}.bytes", f"got {buffer.bytes}, wanted the tensor's {tensor.bytes}")

    def kernel(self, path: str, kernel: Kernel) -> None:
        targets = {variant.target for variant in kernel.variants}
        named = set(self.manifest.target.split("+"))
        if "all" not in named and targets - named:
            wanted = f"{self.manifest.target} alone"
            self.fail(f"{path}.variants", f"got targets {sorted(targets)}, wanted {wanted}")
        for i, variant in enumerate(kernel.variants):
            x, y, z = variant.workgroup
            if x * y * z != variant.requires.threads:
                got = f"got {variant.requires.threads}, wanted {x * y * z}"
                self.fail(f"{path}.variants[{i}].requires.threads", f"{got} for workgroup {[x, y, z]}")

    def program(self, path: str, program: Program) -> None:
        for name, (low, high) in program.symbols.items():
            if name not in self.manifest.symbols:
                self.fail(f"{path}.symbols.{name}", f"wanted one of {', '.join(self.manifest.symbols)}")
            least, most = self.manifest.symbols[name]
            if not least <= low <= high <= most:
                wanted = f"bounds within {[least, most]}"
                self.fail(f"{path}.symbols.{name}", f"got {[low, high]}, wanted {wanted}")
        for i, dispatch in enumerate(program.dispatches):
            self.dispatch(f"{path}.dispatches[{i}]", dispatch)

    def dispatch(self, path: str, dispatch: Dispatch) -> None:
        kernel = self.manifest.kernels.get(dispatch.kernel)
        if kernel is None:
            self.fail(f"{path}.kernel", f"there is no kernel {dispatch.kernel!r}")
        if len(kernel.bindings) != len(dispatch.bindings):
            got, wanted = len(dispatch.bindings), f"{len(kernel.bindings)} for kernel {dispatch.kernel}"
            self.fail(f"{path}.bindings", f"got {got} bindings, wanted {wanted}")
        for i, (wants, bound) in enumerate(zip(kernel.bindings, dispatch.bindings, strict=True)):
            self.range(f"{path}.bindings[{i}]", wants, bound)
        for name in _read_and_written(kernel, dispatch):
            self.fail(f"{path}.bindings", f"buffer {name} is bound both to be read and to be written")

    def range(self, path: str, wants: KernelBinding, bound: BufferRange) -> None:
        buffer = self.manifest.buffers.get(bound.buffer)
        if buffer is None:
            self.fail(f"{path}.buffer", f"there is no buffer {bound.buffer!r}")
        if buffer.kind == "weight" and wants.access != "read":
            self.fail(f"{path}.buffer", f"{wants.name} is written, but {bound.buffer} is a weight")
        if bound.offset % 4:
            self.fail(f"{path}.offset", f"got {bound.offset}, wanted a multiple of 4")
        for context in self.contexts():
            env = {"context": context}
            size, room = evaluate(bound.bytes, env), evaluate(buffer.bytes, env) - bound.offset
            if not 0 < size <= room or size % ELEMENT_BYTES[wants.element]:
                wanted = f"1..{room} in whole elements of {wants.element}"
                self.fail(f"{path}.bytes", f"got {size} at context {context}, wanted {wanted}")


def _read_and_written(kernel: Kernel, dispatch: Dispatch) -> Iterator[str]:
    """Buffers of both accesses: WebGPU refuses the whole dispatch, even for disjoint ranges."""
    by_access: dict[str, set[str]] = {"read": set(), "read_write": set()}
    for wants, bound in zip(kernel.bindings, dispatch.bindings, strict=True):
        by_access[wants.access].add(bound.buffer)
    yield from sorted(by_access["read"] & by_access["read_write"])
