"""Each line of a printed kernel knows its lines of Python: they are there, and say what the line does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from kernelc.explore.kernel_page import kernel_page
from kernelc.explore.printed import PrintedKernel, printed_kernels
from kernelc.explore.python_lines import PythonLines, block_of, shown_file, source_lines
from kernelc.kernels.registry import SPECS
from kernelc.kir import nodes
from kernelc.kir.memory import SourceLine
from kernelc.kir.text import kernel_lines, kernel_text
from tests.explore.conftest import Compiled

BY_DAY = ("rms_norm_256", "embedding_q4_256", "attention_decode_f32_8_4x32_split64")

# What the Python of a statement says, whichever helper of the kernel language it calls.
SAYS: dict[type, str] = {
    nodes.For: r"\bloop\(|\bfor\b",
    nodes.If: r"\bwhen\(|\botherwise\(|\bwith\b",
    nodes.Barrier: r"\bbarrier\(",
    nodes.Declare: r"\bvar\(|\bTileSum\(",
    nodes.Assign: r"=|\bassign\(|\.add\(|\.scale_rows\(",
    nodes.Store: r"=|\.store\(",
    nodes.TileStore: r"\.store\(",
    nodes.InputsReady: r"\binputs_ready\(",
}
COMMENT = re.compile(r"  (?://|;) ([\w./]+\.py:\d+)$")


def every_kernel() -> list[Any]:
    model = [
        "argmax_2048", "attention_decode_f32_8_4x32_codes2", "attention_prefill_f32_8_4x32",
        "attention_reduce_8x32_split64_codes2", "matmul_q4_qkv_512x256", "matvec_int8_norm_q4_qkv_512x256_t2",
        "matvec_int8_q4_residual_codes2_normed_256x704_t2", "penalty_2048", "sample_2048",
        "code_rows_256_t2_normed_one_row", "matmul_q4_256x256",
    ]  # fmt: skip
    return [*BY_DAY, *(pytest.param(name, marks=pytest.mark.nightly) for name in model)]


def printed(demo: Compiled, name: str) -> Iterator[PrintedKernel]:
    entry = demo.manifest.kernels[name]
    spec = SPECS[entry.spec]
    for made in printed_kernels(name, spec, spec.problem_from_json(entry.problem), entry):
        assert isinstance(made, PrintedKernel), made
        yield made


@pytest.mark.parametrize("name", every_kernel())
def test_a_line_has_the_python_that_made_it(demo: Compiled, name: str):
    found = 0
    for made in printed(demo, name):
        text, places = made.rendered.text, made.rendered.places
        lines = text.split("\n")
        assert len(places) == len(lines)
        for line, each in zip(lines, places, strict=True):
            if comment := COMMENT.search(line):
                assert str(each[0]) == comment[1]  # the statement's own line stands first
                found += 1
            for place in each:
                python = source_lines(place.file)[place.line - 1]
                assert python.strip() and not python.lstrip().startswith(("#", '"""')), place
    assert found > 20


@pytest.mark.parametrize("name", every_kernel())
def test_the_python_of_a_statement_says_what_the_statement_does(demo: Compiled, name: str):
    seen: set[type] = set()
    for made in printed(demo, name):
        for statement in made.kernel.statements:
            python = source_lines(statement.where.file)[statement.where.line - 1]
            if says := SAYS.get(type(statement)):
                assert re.search(says, python), (statement, statement.where)
                seen.add(type(statement))
    assert len(seen) >= 2


def test_a_line_has_the_python_of_what_is_written_in_place(demo: Compiled):
    """normed[row + i] = v * scale * weight[i]: the product is `trace`'s, the weight another function's."""
    made = next(printed(demo, "rms_norm_256"))
    lines = made.rendered.text.split("\n")
    at = next(number for number, line in enumerate(lines) if line.strip().startswith("normed["))
    python = [source_lines(place.file)[place.line - 1].strip() for place in made.rendered.places[at]]
    assert python[0].startswith("normed[row + i] = _weighted(")
    assert any("weight" in line and "return" in line for line in python[1:])


def test_brackets_and_the_shell_have_no_python(demo: Compiled):
    for made in printed(demo, "rms_norm_256"):
        for line, places in zip(made.rendered.text.split("\n"), made.rendered.places, strict=True):
            if line.strip() in ("}", "") or line.startswith(("@", "//", "fn ", "#", "__kernel")):
                assert not places, line


def test_the_ir_keeps_its_text(demo: Compiled):
    kernel = next(printed(demo, "rms_norm_256")).kernel
    joined = [text if place is None else f"{text}  # {place}" for text, place in kernel_lines(kernel)]
    assert "\n".join(joined) + "\n" == kernel_text(kernel)


@pytest.mark.parametrize("name", BY_DAY)
def test_the_page_shows_every_line_that_is_linked(demo: Compiled, name: str):
    page = kernel_page(name, demo.manifest.kernels[name])
    shown = {
        (block["file"], block["first"] + at): line
        for block in page["python"]
        for at, line in enumerate(block["text"].split("\n"))
    }
    linked = {number for text in (*page["texts"], *page["irs"]) for each in text["lines"] for number in each}
    assert linked == set(range(len(page["places"])))
    for file, line in page["places"]:
        assert shown[file, line].strip()
    assert len({text["target"] for text in page["texts"]}) == 5
    for text in page["texts"]:
        assert len(text["lines"]) == text["text"].count("\n") + 1
        assert 0 <= text["ir"] < len(page["irs"])


def test_functions_are_shown_whole_and_once():
    lines = PythonLines()
    file = kernel_page.__code__.co_filename
    first = kernel_page.__code__.co_firstlineno
    numbers = lines.numbers(
        [SourceLine(file, first + 1), SourceLine(file, first + 3), SourceLine(file, first + 1)]
    )
    assert numbers == [0, 1, 0]
    page = lines.to_json()
    assert page["files"] == ["kernelc/explore/kernel_page.py"]
    (block,) = page["python"]
    assert block["name"] == "kernel_page" and block["text"].startswith("def kernel_page(")
    assert block["text"].rstrip().endswith("}")


def test_a_line_outside_of_functions_stands_alone():
    file = kernel_page.__code__.co_filename
    block = block_of(SourceLine(file, 1))
    assert (block.name, block.first, block.last) == ("", 1, 1)
    assert shown_file("/somewhere/else.py") == "else.py"
