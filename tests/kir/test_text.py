from __future__ import annotations

import re

from kernelc.kir.functions import select
from kernelc.kir.text import kernel_text
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import f32, u32
from tests.kir.tracing import STEP

WANTED = """\
kernel example workgroup=8 subgroup_size=32
  read x: f32[]
  read_write out: f32[]
  shared cells: f32[8]
  step seq: u32, past: i32, scale: f32
  %v.0: u32 = local_id()
  %v.1: f32 = load(x, %v.0)
  cells[%v.0] = %v.1
  barrier
  var total: f32 = 0.0
  %v.2: u32 = param(seq)
  for %i.3 in (0, %v.2, 1):
    %v.4: f32 = load(cells, %i.3)
    %v.5: f32 = read(total)
    %v.6: f32 = add(%v.5, %v.4)
    total := %v.6
  %first.7: bool = lt(%v.0, 1)
  if %first.7:
    %v.8: f32 = read(total)
    out[%v.0] = %v.8
  else:
    %v.9: f32 = select(%first.7, 1.0, 2.0)
    out[%v.0] = %v.9
"""


def example(k: Tracer) -> None:
    x, out = k.input("x", f32), k.output("out", f32)
    cells = k.shared("cells", f32, 8)
    cells[k.local_id] = x[k.local_id]
    k.barrier()
    total = k.var(0.0, f32)
    with k.loop(0, k.param("seq")) as i:
        total += cells[i]
    first = k.local_id < 1
    with k.when(first):
        out[k.local_id] = total
    with k.otherwise():
        out[k.local_id] = select(first, k.constant(1.0, f32), 2.0)


def test_text_of_every_statement() -> None:
    text = kernel_text(trace("example", example, workgroup=8, step=STEP, subgroup_size=32))
    assert re.sub(r" +# kir/test_text.py:\d+$", "", text, flags=re.MULTILINE) == WANTED
    commented = [line for line in text.splitlines() if "# kir/test_text.py:" in line]
    assert len(commented) == len(WANTED.splitlines()) - 6  # all but the signature and "else:"


def test_text_is_the_same_each_time() -> None:
    texts = {kernel_text(trace("example", example, workgroup=8, step=STEP)) for _ in range(3)}
    assert len(texts) == 1


def test_text_without_a_step_block_does_not_mention_it() -> None:
    text = kernel_text(
        trace("small", lambda k: k.output("out", u32).__setitem__(0, 7), workgroup=1, step=STEP)
    )
    assert text.splitlines()[:2] == ["kernel small workgroup=1", "  read_write out: u32[]"]
    assert "step" not in text
