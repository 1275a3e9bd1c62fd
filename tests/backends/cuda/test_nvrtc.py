"""Every kernel family as NVRTC compiles it, for GPUs from Turing to Blackwell; no GPU is needed."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from kernelc.compiler import CompileOptions, compile_model
from kernelc.errors import DeviceError, WorkFailed
from kernelc.kernels.registry import SPECS
from kernelc.kernels.several.families import ROWS_OF
from kernelc.passes.lower import Lowered
from model.families.registry import find_model
from runtime.cuda.compile import CudaSource, architecture, compile_kernel, supported_architectures

MODEL = "llama-3.2-1b"
TARGETS = ("cuda", "cuda+opencl")  # of builds: splits are joined by workgroups, or by another dispatch
ARCHITECTURES = ("sm_75", "sm_80", "sm_90", "sm_120")
FORMATS = ("q4", "q4-int8", "q8", "q8-int8", "f16", "f32")  # "int8": with activations rounded to bytes
# Longer texts are matrix products whose steps are written out, and take the compiler longest: they wait for
# the night.
LONG = 60_000
# By day the texts of four formats, each on an architecture of its own: formats share kernels, which are
# compiled with the first. At night all of them on all.
DAILY = dict(zip(FORMATS[:4], ("sm_75", "sm_90", "sm_80", "sm_120"), strict=True))


@pytest.fixture(autouse=True)
def nvrtc() -> None:
    try:
        supported_architectures()
    except DeviceError as error:
        if "nvrtc" in os.environ.get("KERNELC_REQUIRED_EXECUTORS", "").split():
            pytest.fail(f"NVRTC is required here: {error.message}")
        pytest.skip(f"NVRTC missing: {error.message}")


@cache
def lowered(quant: str) -> tuple[Lowered, ...]:
    """A model with splits joined in both ways, and where activations are bytes with caches of bytes, too."""
    format_, _, activations = quant.partition("-")
    options = [CompileOptions(target, format_, activations=activations or "f32") for target in TARGETS]
    if activations:
        options.append(CompileOptions("cuda", format_, activations=activations, kv_dtype="q8"))
    return tuple(compile_model(find_model(MODEL), each).lowered for each in options)


@cache
def sources(quant: str) -> tuple[CudaSource, ...]:
    """The kernels of `lowered`, one for each distinct text."""
    found = {
        CudaSource(name, each.files[variant.file].decode(), variant.entry): None
        for each in lowered(quant)
        for name, kernel in each.kernels.items()
        for variant in kernel.variants
        if variant.target == "cuda"
    }
    return tuple(found)


@pytest.mark.parametrize(("quant", "arch"), DAILY.items())
def test_every_text_compiles(quant: str, arch: str, tmp_path: Path) -> None:
    before = FORMATS[: FORMATS.index(quant)]
    known = {source.text for other in before for source in sources(other)}
    new = [source for source in sources(quant) if source.text not in known and len(source.text) < LONG]
    assert new
    compile_all(new, arch, tmp_path)


@pytest.mark.nightly
@pytest.mark.parametrize(("quant", "arch"), [*product(FORMATS, ARCHITECTURES)])
def test_every_kernel_compiles(quant: str, arch: str, tmp_path: Path) -> None:
    compile_all(sources(quant), arch, tmp_path)


def compile_all(wanted: Iterable[CudaSource], arch: str, folder: Path) -> None:
    for source in wanted:
        image = compile_kernel(source, arch, folder)
        assert image.startswith(b"\x7fELF") and source.entry.encode() in image


def parameters(source: CudaSource, pattern: str) -> set[int]:
    """The numbers of the parameters that are declared so."""
    entry = source.text[source.text.index("__global__") :]
    declared = entry[entry.index("(\n") + 1 : entry.index("\n) {")].split(",")
    return {at for at, each in enumerate(declared) if re.search(pattern, each)}


CONSTANT = r"const \w+\* __restrict__"  # that no kernel of the program writes: weights, and the step block
CACHE = r"const \w+\* [kv]_(?:cache|scales)\b"  # whose positions earlier steps wrote, all but the step's own


def loads_of(code: str) -> Iterator[tuple[str, set[int], bool]]:
    """Every load from global memory in PTX: the instruction, the numbers of the parameters that its address
    comes from, and whether it stands before the wait for the kernel before."""
    _, entry = code.split(".entry ")
    body = entry[entry.index("{") :]
    origins: dict[str, set[int]] = defaultdict(set)
    for _ in range(2):  # addresses that a loop advances
        for target, number in re.findall(r"ld\.param\.u64\s+(%rd\d+), \[\w+_param_(\d+)\]", body):
            origins[target].add(int(number))
        for target, rest in re.findall(r"^\s*(?!ld\.|st\.)[\w.]+\s+(%rd\d+), ([^;]*);", body, re.MULTILINE):
            origins[target] |= set().union(*(origins[each] for each in re.findall(r"%rd\d+", rest)))
    before, wait, after = body.partition("griddepcontrol.wait")
    assert wait
    for part, early in ((before, True), (after, False)):
        for name, address in re.findall(r"(ld\.global\S*)\s[^;]*\[(%rd\d+)[^\]]*\];", part):
            yield name, origins[address], early


@pytest.mark.parametrize("quant", ["q4-int8", pytest.param("q4", marks=pytest.mark.nightly)])
def test_what_others_write_is_loaded_after_the_wait(quant: str, tmp_path: Path) -> None:
    """By the compiler's own text: what stands before the wait, or is declared as never changing (`nc`), so
    that the assembler may move it there, is constant; the cache alone may be read before it, too, and never
    as what does not change."""
    early = 0
    for source in sources(quant):
        constants, caches = parameters(source, CONSTANT), parameters(source, CACHE)
        for name, origins, before in loads_of(compile_kernel(source, "compute_90", tmp_path).decode()):
            assert origins, f"{source.name}: where does {name} load from?"
            if before or ".nc" in name:
                allowed = constants if ".nc" in name else constants | caches
                assert origins <= allowed, f"{source.name}: {name} of parameter {origins}"
            early += before and origins <= constants
    assert early > 0, "what is constant is loaded before the wait where a kernel says so"


def test_every_architecture_is_compiled_for_by_day() -> None:
    assert set(DAILY.values()) == set(ARCHITECTURES)


def test_the_model_uses_every_family() -> None:
    every = [*lowered("q4"), *lowered("q4-int8")]
    found = {kernel.spec for each in every for kernel in each.kernels.values()}
    unfused = {"elementwise", "layer_norm", "rope", "cache_append"}  # what Llama's graph fuses or lacks
    several = {each.name for each in ROWS_OF.values()} | {"row_result"}  # of builds for several sequences
    assert found | {"argmax"} | unfused | several == set(SPECS)  # a large vocabulary takes two steps


@pytest.mark.nightly
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_every_kernel_of_several_sequences_compiles(arch: str, tmp_path: Path) -> None:
    options = CompileOptions("cuda", "q4", activations="int8", kv_dtype="q8", sequences=8)
    kernels = compile_model(find_model(MODEL), options).lowered
    names = {each.name for each in ROWS_OF.values()}
    texts = [
        CudaSource(name, kernels.files[variant.file].decode(), variant.entry)
        for name, kernel in kernels.kernels.items()
        for variant in kernel.variants
        if kernel.spec in names
    ]
    assert len(texts) > 10
    compile_all(texts, arch, tmp_path)


def test_a_compiled_kernel_is_kept_by_source_and_architecture(tmp_path: Path) -> None:
    source = CudaSource("nothing", 'extern "C" __global__ void nothing() {}', "nothing")
    other = CudaSource("nothing", 'extern "C" __global__ void nothing() { __syncthreads(); }', "nothing")
    image = compile_kernel(source, "sm_80", tmp_path)
    (kept,) = tmp_path.iterdir()
    assert kept.read_bytes().endswith(image) and kept.suffix == ".sm_80"
    before = kept.stat().st_ino  # a file written again is another; its time tells the last use
    assert compile_kernel(source, "sm_80", tmp_path) == image
    assert kept.stat().st_ino == before
    compile_kernel(source, "sm_90", tmp_path)
    compile_kernel(other, "sm_80", tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: data[:40] + b"!" + data[41:], lambda data: b""]
)
def test_a_damaged_file_is_compiled_again(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    source = CudaSource("nothing", 'extern "C" __global__ void nothing() {}', "nothing")
    image = compile_kernel(source, "sm_80", tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(damage(kept.read_bytes()))
    assert compile_kernel(source, "sm_80", tmp_path) == image
    assert kept.read_bytes().endswith(image)


def test_a_cache_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    source = CudaSource("nothing", 'extern "C" __global__ void nothing() {}', "nothing")
    assert compile_kernel(source, "sm_80", tmp_path / "file" / "folder").startswith(b"\x7fELF")


def test_a_refused_kernel_shows_its_source(tmp_path: Path) -> None:
    text = 'extern "C" __global__ void broken(float* x) {\n  // comment\n  x[0] = y;\n}\n'
    with pytest.raises(WorkFailed, match='NVRTC refuses the kernel: identifier "y" is undefined') as caught:
        compile_kernel(CudaSource("broken", text, "broken"), "sm_80", tmp_path)
    assert caught.value.where == "kernel broken: line 3"
    assert ">    3 |   x[0] = y;" in caught.value.__notes__[0]
    assert not list(tmp_path.iterdir())


def test_gpus_newer_and_older_than_nvrtc() -> None:
    assert architecture((9, 0)) == "sm_90a"  # with what Hopper alone has
    newest = supported_architectures()[-1]
    assert architecture((99, 0)) == f"compute_{newest}"
    with pytest.raises(DeviceError, match=r"compute capability 6\.1, wanted 7\.5 or later"):
        architecture((6, 1))


def test_a_newer_gpu_gets_text_that_its_driver_compiles(tmp_path: Path) -> None:
    source = CudaSource("nothing", 'extern "C" __global__ void nothing() {}', "nothing")
    image = compile_kernel(source, "compute_120", tmp_path)
    assert b".entry nothing" in image
