from __future__ import annotations

from kernelc.kir.functions import dot, maximum, named, to_f32, unpack_half2
from kernelc.kir.nodes import Declare, For, walk
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, f32x4, u32
from kernelc.kir.values import Value
from tests.kir.tracing import lets, traced


def by_operation(kernel_body: object, op: str) -> list[Value]:
    assert callable(kernel_body)
    return [value for value in lets(traced(kernel_body)) if value.op == op]


def test_the_last_value_of_an_assignment_has_its_name() -> None:
    def body(k: Tracer) -> None:
        x = k.input("x", f32x4)
        score = dot(x[0], x[1]) * 0.5
        k.output("out", f32)[0] = score

    values = {value.op: value.name for value in lets(traced(body))}
    assert values == {"load": "", "dot": "", "mul": "score"}


def test_an_assignment_over_several_lines() -> None:
    def body(k: Tracer) -> None:
        x = k.input("x", f32)
        largest = maximum(
            x[0],
            x[1] * 2.0,
        )
        k.output("out", f32)[0] = largest

    assert {value.op: value.name for value in lets(traced(body))} == {"load": "", "mul": "", "max": "largest"}


def test_a_called_function_names_its_own_values() -> None:
    def double(value: Value) -> Value:
        twice = value + value
        return twice

    def body(k: Tracer) -> None:
        x = k.input("x", f32)
        result = double(x[0])
        k.output("out", f32)[0] = result

    assert [value.name for value in by_operation(body, "add")] == ["twice"]


def test_underscores_are_dropped() -> None:
    def body(k: Tracer) -> None:
        _hidden = k.local_id * 3
        k.output("out", u32)[_hidden] = _hidden

    assert [value.name for value in by_operation(body, "mul")] == ["hidden"]


def test_registers_and_loop_indices_have_their_names() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        total = k.var(k.local_id + 5)
        low, high = k.var(1, u32), k.var(2, u32)
        with k.loop(0, 4) as turn:
            total += turn * low
            low += high
        out[k.local_id] = total

    kernel = traced(body)
    assert [s.variable.name for s in walk(kernel.body) if isinstance(s, Declare)] == ["total", "low", "high"]
    assert [s.index.name for s in walk(kernel.body) if isinstance(s, For)] == ["turn"]
    assert all(value.name != "total" for value in lets(kernel)), "the name is the register's"


def test_hints_come_from_parameters_lists_and_loop_variables() -> None:
    def combine(left: Value, right: Value) -> Value:
        return left * right

    def body(k: Tracer) -> None:
        x, out = k.input("x", f32), k.output("out", f32)
        out[0] = combine(x[0], x[1])
        parts = [x[i] for i in range(2, 4)]
        out[1] = parts[0] - parts[1]
        for word in (x[4],):
            out[2] = word + 1.0

    assert [value.hint for value in by_operation(body, "load")] == [
        "left",
        "right",
        "parts_0",
        "parts_1",
        "word",
    ]
    assert {value.name for value in by_operation(body, "load")} == {""}


def test_named_gives_a_name() -> None:
    def body(k: Tracer) -> None:
        halves = [named(f"half_{i}", unpack_half2(k.input(f"x{i}", u32)[0])) for i in range(2)]
        k.output("out", f32)[0] = halves[0].x + halves[1].y

    assert [value.name for value in by_operation(body, "unpack_half2")] == ["half_0", "half_1"]


def test_code_without_source_goes_unnamed() -> None:
    scope: dict[str, object] = {"to_f32": to_f32, "f32": f32}
    exec("def body(k):\n    product = k.local_id * 3\n    k.output('out', f32)[0] = to_f32(product)\n", scope)
    # The hint is the local variable's name, which needs no source.
    assert [(v.name, v.hint) for v in by_operation(scope["body"], "mul")] == [("", "product")]
