"""How the sequences of a manifest fit the rest of it: their parts of buffers, and the table."""

from __future__ import annotations

from typing import NoReturn, Protocol

from kernelc.artifact.schema import (
    ALIGNMENT_BYTES,
    SEVERAL_ROLES,
    TABLE_BUFFER,
    Manifest,
    Param,
    Program,
    Sequences,
)
from kernelc.ir.dim import Dim, Var, ceildiv, evaluate

FIRST = "first"
"""The field of a row that says where its sequence begins."""


class Fail(Protocol):
    """Raises the error for a field of a manifest."""

    def __call__(self, path: str, message: str) -> NoReturn: ...


ROWS_TOGETHER = 64
"""Sequences begin at multiples of so many rows: whole 256 bytes, the largest alignment of bindings."""


def sequence_rows(context: Dim) -> Dim:
    """Return the rows of each sequence: one for each position, and for the id after the last of them."""
    return ceildiv(context + 1, ROWS_TOGETHER) * ROWS_TOGETHER


def check_sequences(manifest: Manifest, sequences: Sequences, fail: Fail) -> None:
    """Call `fail` where every sequence would not have a part of its own of each buffer, or where a program of
    a single sequence would reach beyond the first, which a runtime moves to the others."""
    # In this order: kernels know each field by its place, and find caches where `first` says.
    wanted = (Param(FIRST, "u32"), *(param for param in manifest.params if param.name != "seq"))
    if sequences.fields != wanted:
        fail("sequences.fields", f"got {_shown(sequences.fields)}, wanted {_shown(wanted)}")
    table = manifest.buffers.get(TABLE_BUFFER)
    if sequences.most_rows < sequences.count:
        fail("sequences.step_rows", f"got {sequences.most_rows}, wanted at least {sequences.count}")
    table_bytes = 4 * len(wanted) * sequences.most_rows
    if table is None or table.kind != "state" or table.bytes != table_bytes:
        fail(f"buffers.{TABLE_BUFFER}", f"wanted a state of {table_bytes} bytes, 4 for a field of each row")
    if sequences.rows != sequence_rows(Var("context", *manifest.symbols["context"])):
        fail("sequences.rows", f"wanted the context and one more, rounded up to {ROWS_TOGETHER}")
    for name in sequences.buffers:
        _check_buffer(manifest, sequences, name, fail)
    for name, program in manifest.programs.items():
        if program.role in SEVERAL_ROLES:
            _check_rows(f"programs.{name}", manifest, sequences, program, fail)
        else:
            _check_program(f"programs.{name}", manifest, sequences, program, fail)


def _shown(fields: tuple[Param, ...]) -> str:
    return f"[{', '.join(f'{field.name} {field.type}' for field in fields)}]"


def part_bytes(count: int, bytes_: Dim, context: int) -> int:
    """The bytes of each sequence's part of a buffer."""
    return evaluate(bytes_, {"context": context}) // count


def _check_buffer(manifest: Manifest, sequences: Sequences, name: str, fail: Fail) -> None:
    buffer = manifest.buffers.get(name)
    if buffer is None or buffer.kind != "state":
        fail("sequences.buffers", f"got {name}, wanted names of states")
    for context in manifest.symbols["context"]:
        env = {"context": context}
        size, rows = evaluate(buffer.bytes, env), sequences.count * evaluate(sequences.rows, env)
        part = size // sequences.count
        if not rows or size % rows or part % ALIGNMENT_BYTES or size // rows % 4:
            wanted = f"words for each of {rows} rows, and parts of whole {ALIGNMENT_BYTES} bytes"
            fail(f"buffers.{name}.bytes", f"got {size} at context {context}, wanted {wanted}")


def _check_rows(path: str, manifest: Manifest, sequences: Sequences, program: Program, fail: Fail) -> None:
    """A step has no more rows than said, and its kernels are made for as many of as many sequences, since
    they reach as far into what is bound.
    """
    most = program.symbols.get("seq", manifest.symbols["seq"])[1]
    if most > sequences.most_rows:
        fail(f"{path}.symbols.seq", f"got up to {most} rows, wanted at most {sequences.most_rows}")
    for number, dispatch in enumerate(program.dispatches):
        made_for = manifest.kernels[dispatch.kernel].problem.get("sequences")
        if made_for != sequences.count:
            where = f"{path}.dispatches[{number}]"
            fail(where, f"got a kernel for {made_for} sequences, wanted one for {sequences.count}")
        rows = manifest.kernels[dispatch.kernel].problem.get("rows")
        if rows != sequences.step_rows:
            where = f"{path}.dispatches[{number}]"
            fail(where, f"got a kernel for {_rows(rows)}, wanted one for {_rows(sequences.step_rows)}")


def _rows(rows: object) -> str:
    return "a row of each sequence" if rows is None else f"{rows} rows"


def _check_program(path: str, manifest: Manifest, sequences: Sequences, program: Program, fail: Fail) -> None:
    held = set(sequences.buffers)
    for number, dispatch in enumerate(program.dispatches):
        if "sequences" in manifest.kernels[dispatch.kernel].problem:
            fail(f"{path}.dispatches[{number}]", "got a kernel for several sequences, wanted one for one")
        for bound in (each for each in dispatch.bindings if each.buffer in held):
            for context in manifest.symbols["context"]:
                part = part_bytes(sequences.count, manifest.buffers[bound.buffer].bytes, context)
                if bound.offset + evaluate(bound.bytes, {"context": context}) > part:
                    where = f"{path}.dispatches[{number}]"
                    fail(where, f"got a binding of {bound.buffer} beyond the {part} bytes of a sequence")
