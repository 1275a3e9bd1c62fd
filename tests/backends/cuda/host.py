"""Runs a printed CUDA kernel on the host: its C++ as it is, its PTX done by `host.hpp` as the manual says.

So fragments, layouts and places are tested where there is no GPU, by a second reading of the PTX manual.
Slow: for small grids.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.backends.cuda.printer import CudaBackend
from kernelc.kir.nodes import Kernel

HEADER = Path(__file__).with_name("host.hpp")
_SHARED_BYTES = 227 << 10  # the most that a launch gives
_ASM = re.compile(r"asm(?: volatile)?\((?P<text>(?:\s*\"[^\"]*\")+)(?P<operands>[^;]*?)\);", re.DOTALL)
_OPERAND = re.compile(r'"[=+]?[rfl]"\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)')


def lacking() -> str | None:
    """Why kernels do not run here."""
    return None if shutil.which("g++") else "no g++ to run CUDA C on the host"


def run_on_host(
    kernel: Kernel,
    grid: tuple[int, int, int],
    arrays: Mapping[str, npt.NDArray[Any]],
    params: Mapping[str, int | float],
    *,
    architecture: int = 800,
    hasty: bool = False,
) -> dict[str, npt.NDArray[Any]]:
    """Copies of the arrays as the kernel leaves them.

    `hasty`: bulk copies arrive at once instead of late, and warps run one after the other as far as they can.
    Raises AssertionError where lanes wait for ever.
    """
    rendered = CudaBackend().render(kernel)
    library = _library(rendered.text + _entry(kernel, rendered.entry), architecture)
    left = {buffer.name: _aligned(arrays[buffer.name]) for buffer in kernel.buffers}
    block = b"".join(np.array([params[p.name]], p.type.dtype).tobytes() for p in kernel.params)
    pointers = [array.ctypes.data for array in left.values()]
    library.host_hasty(int(hasty))
    status = library.host_entry(*grid, *map(ctypes.c_void_p, pointers), ctypes.c_char_p(block))
    assert status == 0, f"{kernel.name}: lanes wait for others that never come"
    return left


def _aligned(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A copy that 16-byte loads may read."""
    space = np.zeros(array.nbytes + 16, np.uint8)
    begin = -space.ctypes.data % 16
    copy = space[begin : begin + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def _entry(kernel: Kernel, name: str) -> str:
    pointers = [f"void* b{at}" for at in range(len(kernel.buffers))]
    step = ["(const Step*)step"] if kernel.params else []
    call = ", ".join([*(f"(Typed<{at}>)b{at}" for at in range(len(kernel.buffers))), *step])
    return f"""
#include <tuple>
template <class> struct Signature;
template <class... T> struct Signature<void (*)(T...)> {{ using Types = std::tuple<T...>; }};
template <size_t at> using Typed = std::tuple_element_t<at, Signature<decltype(&{name})>::Types>;
extern "C" int host_entry(unsigned x, unsigned y, unsigned z, {", ".join([*pointers, "const char* step"])}) {{
  return run_grid(x, y, z, {kernel.workgroup}, [=] {{ {name}({call}); }});
}}
"""


def _statement(asm: re.Match[str]) -> str:
    """An asm statement as a call of the host's."""
    text = "".join(re.findall(r'"([^"]*)"', asm["text"]))
    operands = _OPERAND.findall(asm["operands"])
    if "cvt.f32.f16" in text:
        return f"host_unpack({', '.join(operands)});"
    if "cvt.rn.f16x2.f32" in text:
        return f"host_pack({operands[0]}, {operands[2]}, {operands[1]});"
    if "cvt.rn.f16.f32" in text:
        return f"host_pack({', '.join(operands)});"
    operation = text.split()[0]
    if operation in ("sub.rn.f16x2", "mul.rn.f16x2"):
        return f"{operands[0]} = host_halves('{operation[0]}', {operands[1]}, {operands[2]});"
    if operation.startswith(("wgmma.fence", "wgmma.commit", "wgmma.wait")):
        return "0;"  # here products are done at once
    if operation.startswith("wgmma.mma_async"):
        *_, place = operands
        d, a = (
            [operands[int(at)] for at in re.findall(r"%(\d+)", group)]
            for group in re.findall(r"\{([^}]*)\}", text)
        )
        assert [*d, *a, place] == operands and text.endswith(f"%{len(operands) - 1}, 1, 1, 1, 0;"), text
        pointers = ", ".join(f"&{register}" for register in d)
        return f'host_wgmma("{operation}", {{{pointers}}}, {{{", ".join(a)}}}, {place});'
    if operation.startswith(("griddepcontrol", "fence")):
        return "0;"  # one kernel alone waits for nobody, and the host reorders nothing
    if operation.startswith("mbarrier.init"):
        return f"host_mbarrier_init({', '.join(operands)});"
    if operation.startswith("mbarrier.arrive"):
        return f"host_mbarrier_arrive({', '.join([*operands, '0'][:2])});"
    if operation.startswith("cp.async.bulk"):
        return f"host_bulk({', '.join(operands)});"
    if operation.startswith("cp.async.mbarrier.arrive.noinc"):
        return f"host_mbarrier_arrive({operands[0]}, 0);"  # what a thread copies is there at once
    if operation.startswith("cp.async.cg"):
        return f"host_copy({', '.join(operands)});"
    if "mbarrier.try_wait.parity" in text:
        return f"{operands[0]} = host_mbarrier_wait({operands[1]}, {operands[2]});"
    if operation.startswith("ldmatrix"):
        row = re.fullmatch(r"unsigned\(__cvta_generic_to_shared\((\w+)\)\)", operands[4])
        assert row is not None and re.search(r"\{ %0, %1, %2, %3 \}, \[%4\];$", text)
        return f'host_ldmatrix("{operation}", {", ".join(operands[:4])}, {row[1]});'
    groups = [re.findall(r"%(\d+)", group) for group in re.findall(r"\{([^}]*)\}", text)]
    d, a, b, c = ([operands[int(at)] for at in group] for group in groups)
    assert c == d and [*d, *a, *b] == operands, text
    pointers = ", ".join(f"&{register}" for register in d)
    return f'host_mma("{operation}", std::vector{{{pointers}}}, {{{", ".join(a)}}}, {{{", ".join(b)}}});'


@functools.lru_cache(maxsize=256)
def _library(text: str, architecture: int) -> Any:
    text = re.sub(r"extern __shared__ (.*)\[\];", rf"__shared__ \1[{_SHARED_BYTES}];", text)
    only_hopper = "#define __CUDA_ARCH_FEAT_SM90_ALL\n" if architecture == 900 else ""
    source = f'#define __CUDA_ARCH__ {architecture}\n{only_hopper}#include "{HEADER}"\n' + _ASM.sub(
        _statement, text
    )
    folder = Path(tempfile.gettempdir()) / "kernelc-host-cuda"
    folder.mkdir(exist_ok=True)
    digest = hashlib.sha256((source + HEADER.read_text()).encode()).hexdigest()[:24]
    library = folder / f"{digest}.so"
    if not library.exists():
        with tempfile.TemporaryDirectory(dir=folder) as building:
            file = Path(building) / "kernel.cpp"
            file.write_text(source)
            command = ["g++", "-std=c++17", "-O1", "-w", "-shared", "-fPIC", str(file), "-o", f"{file}.so"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr[:3000]
            Path(f"{file}.so").replace(library)
    return ctypes.CDLL(str(library))
