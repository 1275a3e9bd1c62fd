"""Kernels of one's own: what numpy computes, on every device that is here, and mistakes that are told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kernelc
from kernelc.errors import DeviceError, UsageError, WorkFailed
from kernelc.language import dot, f32, f32x4, subgroup_sum, u32
from kernelc.target import Capabilities
from tests.kernels.executors import require

DEVICES = [
    "numpy",
    "cpu",
    pytest.param("wgpu", marks=pytest.mark.gpu),
    "vulkan",
    "opencl",
]


def require_device(device: str) -> None:
    if device != "numpy":
        require("c" if device == "cpu" else device, Capabilities())


def scaled(k: Any, x: Any, factor: Any, *, out: Any) -> None:
    i = k.workgroup_id(0) * k.workgroup + k.local_id
    with k.when(i < out.size):
        out[i] = x[i] * factor


def matvec(k: Any, w: Any, x: Any, *, y: Any) -> None:
    row = k.workgroup_id(0) * k.workgroup + k.local_id
    with k.when(row < y.size):
        total = k.var(0.0, f32)
        with k.loop(0, x.size) as i:
            total += dot(w[row, i], x[i])
        y[row] = total


@pytest.mark.parametrize("device", DEVICES)
def test_a_kernel_computes_what_numpy_does(device: str) -> None:
    require_device(device)
    rng = np.random.default_rng(0)
    scale = kernelc.kernel(device=device)(scaled)
    for count in (1, 63, 64, 65, 1000):
        x = rng.standard_normal(count).astype(np.float32)
        out = np.full_like(x, np.nan)
        assert scale(x, 2.0, out=out) is out
        np.testing.assert_array_equal(out, x * 2)
    x = rng.standard_normal(8).astype(np.float32)
    np.testing.assert_array_equal(scale(x, -1.0, out=np.empty_like(x)), -x)  # another number, another kernel


@pytest.mark.parametrize("device", DEVICES)
def test_arrays_may_be_vectors_of_several_axes(device: str) -> None:
    require_device(device)
    rng = np.random.default_rng(1)
    multiply = kernelc.kernel(device=device, types={"w": f32x4, "x": f32x4}, workgroup=32)(matvec)
    w, x = (rng.standard_normal(shape).astype(np.float32) for shape in ((70, 24), (24,)))
    got = multiply(w, x, y=np.empty(70, np.float32))
    np.testing.assert_allclose(got, w @ x, rtol=1e-5, atol=1e-5)
    turned = np.asfortranarray(w)  # inputs need not be contiguous
    np.testing.assert_array_equal(multiply(turned, x, y=np.empty(70, np.float32)), got)
    assert multiply.seconds(w, x, y=np.empty(70, np.float32)) > 0


@pytest.mark.parametrize("device", ["numpy", "cpu"])
def test_several_outputs_and_a_grid_of_ones_own(device: str) -> None:
    require_device(device)

    @kernelc.kernel(device=device, workgroup=4, grid=lambda x, both, other: (2, 1, len(x) // 8))
    def split(k: Any, x: Any, *, both: Any, other: Any) -> None:
        i = (k.workgroup_id(2) * 2 + k.workgroup_id(0)) * 4 + k.local_id
        both[i] = both[i] + x[i]
        other[i] = x[i] ^ 1

    x = np.arange(16, dtype=np.uint32)
    both, other = split(x, both=np.ones_like(x), other=np.zeros_like(x))
    assert both.tolist() == (x + 1).tolist() and other.tolist() == (x ^ 1).tolist()


def test_texts_and_ir_name_the_lines_of_python() -> None:
    kernel = kernelc.kernel(scaled)
    x = np.zeros(100, np.float32)
    for target in ("wgsl", "cuda", "spirv", "opencl", "c"):
        assert "test_kernel.py:" in kernel.text(target, x, 2.0, out=x)
    assert "mul(%v" in kernel.ir(x, 2.0, out=x)
    with pytest.raises(UsageError, match="wanted one of wgsl"):
        kernel.text("metal", x, 2.0, out=x)


def test_the_interpreter_finds_what_a_device_would_not() -> None:
    @kernelc.kernel(device="numpy")
    def beyond(k: Any, x: Any, *, out: Any) -> None:
        i = k.workgroup_id(0) * k.workgroup + k.local_id
        out[i] = x[i + 1]

    x = np.zeros(64, np.float32)
    with pytest.raises(WorkFailed, match=r"test_kernel.py:\d+: x\[64\] is out of bounds \(length 64\)"):
        beyond(x, out=np.zeros_like(x))


X = np.zeros(4, np.float32)


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        ((X,), {"out": X}, r"missing a required argument: 'factor'"),
        ((X, 1.0), {}, r"missing a required .*'out'"),
        ((X, 1.0), {"out": 3}, "out is a int, wanted a numpy array"),
        (([1.0], 1.0), {"out": X}, "x is a list, wanted a numpy array, a number"),
        ((X.astype(np.float64), 1.0), {"out": X}, "elements of float64, wanted one of float32"),
        ((X[:0], 1.0), {"out": X}, "x is empty"),
        ((X, 1.0), {"out": X[::2]}, "not a C-contiguous array"),
        ((X, 1.0), {"out": np.broadcast_to(X, (2, 4))}, "not a C-contiguous array"),
    ],
)
def test_arguments_that_do_not_fit(inputs: tuple[Any, ...], outputs: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        kernelc.kernel(device="numpy")(scaled)(*inputs, **outputs)


def test_functions_that_are_no_kernels() -> None:
    for wrong in (lambda: None, lambda k, x: None, lambda *all_, out: None, lambda k, *, out, **more: None):
        with pytest.raises(UsageError, match="a kernel is a function such as"):
            kernelc.kernel(wrong)
    with pytest.raises(UsageError, match="workgroup is 0"):
        kernelc.kernel(workgroup=0)(scaled)
    with pytest.raises(UsageError, match="has no parameter y"):
        kernelc.kernel(types={"y": u32})(scaled)
    with pytest.raises(UsageError, match="which are no f32x4"):
        kernelc.kernel(types={"x": f32x4}, device="numpy")(scaled)(X[:3], 1.0, out=X.copy())
    with pytest.raises(DeviceError, match=r"the grid of scaled is \(0, 1, 1\)"):
        kernelc.kernel(grid=0, device="numpy")(scaled)(X, 1.0, out=X.copy())


@pytest.mark.parametrize("grid", [(), (1, 1, 1, 1), 1.5, lambda x, factor, out: None])
def test_grids_that_are_none(grid: Any) -> None:
    with pytest.raises(UsageError, match="wanted one to three whole numbers"):
        kernelc.kernel(grid=grid, device="numpy")(scaled)(X, 1.0, out=X.copy())


def total(k: Any, x: Any, *, out: Any) -> None:
    out[k.local_id] = subgroup_sum(x[k.local_id])


def test_what_a_target_has_no_text_for_is_said_in_a_line() -> None:
    for target in ("c", "opencl"):
        with pytest.raises(DeviceError, match="subgroup_sum") as caught:
            kernelc.kernel(total).text(target, X, out=X.copy())
        assert caught.value.render().startswith(f"error: total for {target}: ")
    require_device("cpu")
    with pytest.raises(DeviceError, match="C is printed without subgroup_sum"):
        kernelc.kernel(device="cpu")(total)(X, out=X.copy())
    with pytest.raises(DeviceError, match="C is printed without numbers of type f16"):
        kernelc.kernel(device="cpu")(scaled)(X.astype(np.float16), 1.0, out=X.astype(np.float16))


def test_what_is_recorded_can_be_looked_into() -> None:
    rows = np.zeros((3, 8), np.float32)
    multiply = kernelc.kernel(types={"w": f32x4, "x": f32x4}, workgroup=2)(matvec)
    y = np.zeros(3, np.float32)
    found = multiply.recorded(32, rows, rows[0], y=y)
    assert found.grid == (2, 1, 1) and found.kernel.subgroup_size == 32
    shapes = {name: array.shape for name, array in found.arrays.items()}
    assert shapes == {"w": (6, 4), "x": (2, 4), "y": (3,)}
    assert np.shares_memory(found.arrays["y"], y)


def test_parameters_may_have_any_name() -> None:
    @kernelc.kernel(device="numpy", workgroup=4)
    def copied(k: Any, self: Any, *, target: Any) -> None:
        target[k.local_id] = self[k.local_id]

    assert "copied" in copied.ir(X, target=X.copy()) and copied.text("wgsl", X, target=X.copy())
    np.testing.assert_array_equal(copied(self=X, target=X + 1), X)


def test_arrays_are_not_iterated_over() -> None:
    @kernelc.kernel(device="numpy")
    def summed(k: Any, x: Any, *, out: Any) -> None:
        out[0] = sum(x)

    with pytest.raises(UsageError, match="x cannot be iterated over in a kernel"):
        summed(X, out=X.copy())


def test_a_kernel_that_no_target_takes_is_refused_with_its_line() -> None:
    @kernelc.kernel(device="numpy")
    def diverging(k: Any, x: Any, *, out: Any) -> None:
        with k.when(k.local_id < 3):
            k.barrier()
        out[k.local_id] = x[k.local_id]

    with pytest.raises(UsageError, match="barrier"):
        diverging(X, out=X.copy())


def test_indices_are_as_many_as_axes() -> None:
    @kernelc.kernel(device="numpy")
    def wrong(k: Any, x: Any, *, out: Any) -> None:
        out[k.local_id] = x[k.local_id, 0, 0]

    with pytest.raises(UsageError, match="x has 1 axes, and is indexed with 3 numbers"):
        wrong(X, out=X.copy())
