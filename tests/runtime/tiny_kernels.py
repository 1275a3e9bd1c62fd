"""A toy language model in five hand-written kernels, each with its meaning in numpy.

The next token is a sum over the whole cache, so that a stale or missing entry changes everything after it:

    next(ids) = (sum of ids[i] * (i + 1) over all i, + 7 * last + 3) mod VOCAB

`partial` sums the cache in blocks of 16 positions (its grid depends on the past), `logits` adds the blocks
up and peaks at the next token: logits[v] = bias[v] + gain[v] * (v == next), with gain stored as pairs of
f16.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

VOCAB = 32
BLOCK = 16

STEP = """ struct Step { seq: u32, past: u32, seed: u32, top_k: u32, temperature: f32, top_p: f32, min_p:
f32, repetition_penalty: f32, }
"""

STORE_PLAIN = (
    STEP
    + """
@group(0) @binding(0) var<storage, read> tokens: array<u32>;
@group(0) @binding(1) var<storage, read_write> cache: array<u32>;
@group(0) @binding(2) var<storage, read_write> mark: array<u32>;
@group(0) @binding(3) var<uniform> step: Step;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < step.seq) {
    cache[step.past + id.x] = tokens[step.past + id.x];
  }
  if (id.x == 0u) { mark[0] = 1u; }
}
"""
)

# The same with a subgroup operation, as a compiler would print it: Tint's line on top.
STORE_SUBGROUPS = "enable subgroups;\n" + STORE_PLAIN.replace("= 1u", "= 2u + subgroupMin(0u)")

PARTIAL = (
    STEP
    + """
@group(0) @binding(0) var<storage, read> cache: array<u32>;
@group(0) @binding(1) var<storage, read_write> sums: array<u32>;
@group(0) @binding(2) var<uniform> step: Step;

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) block: vec3<u32>) {
  // Row y of the grid sums what the y-th token of the step sees.
  let end = step.past + block.y + 1u;
  var sum = 0u;
  for (var i = block.x * 16u; i < min(end, block.x * 16u + 16u); i++) {
    sum += cache[i] * (i + 1u);
  }
  sums[block.y * 4u + block.x] = sum;
}
"""
)

LOGITS_HEAD = (
    STEP
    + """
@group(0) @binding(0) var<storage, read> sums: array<u32>;
@group(0) @binding(1) var<storage, read> cache: array<u32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
"""
)

LOGITS_BODY = """
@group(0) @binding(4) var<storage, read_write> logits: array<f32>;
@group(0) @binding(5) var<uniform> step: Step;

@compute @workgroup_size(32)
fn main(@builtin(local_invocation_id) lane: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  let row = ROW;
  let last = step.past + row;
  var sum = 3u + 7u * cache[last];
  for (var block = 0u; block <= last / 16u; block++) { sum += sums[row * 4u + block]; }
  let v = lane.x;
  logits[OUT * 32u + v] = bias[v] + select(0.0, gain_of(v), sum % 32u == v);
}
"""

GAIN_PLAIN = """@group(0) @binding(3) var<storage, read> gain: array<u32>;
fn gain_of(v: u32) -> f32 { return unpack2x16float(gain[v / 2u])[v % 2u]; }
"""
GAIN_F16 = """@group(0) @binding(3) var<storage, read> gain: array<f16>;
fn gain_of(v: u32) -> f32 { return f32(gain[v]); }
"""

LOGITS_LAST = LOGITS_BODY.replace("ROW", "step.seq - 1u").replace("OUT", "0u")
LOGITS_ALL = LOGITS_BODY.replace("ROW", "group.y").replace("OUT", "group.y")
LOGITS_PLAIN = LOGITS_HEAD + GAIN_PLAIN + LOGITS_LAST
LOGITS_F16 = "enable f16;\n" + LOGITS_HEAD + GAIN_F16 + LOGITS_LAST
ALL_LOGITS = LOGITS_HEAD + GAIN_PLAIN + LOGITS_ALL

SAMPLE = (
    STEP
    + """
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> tokens: array<u32>;
@group(0) @binding(2) var<uniform> step: Step;

@compute @workgroup_size(1)
fn main() {
  var best = 0u;
  for (var v = 1u; v < 32u; v++) {
    if (logits[v] > logits[best]) { best = v; }
  }
  let position = step.past + step.seq;
  CHOOSE
  tokens[position] = best;
}
"""
)
SAMPLE_GREEDY = SAMPLE.replace("CHOOSE", "")
# Any function of (seed, position) will do; top_k bounds how far from the best it goes.
SAMPLE_RANDOM = SAMPLE.replace(
    "CHOOSE", "best = (best + ((step.seed * 747796405u + position * 2654435761u) >> 7u) % step.top_k) % 32u;"
)


def next_token(ids: Sequence[int]) -> int:
    """What the toy model says comes after `ids`."""
    return (sum(token * (i + 1) for i, token in enumerate(ids)) + 7 * ids[-1] + 3) % VOCAB


def continuation(ids: Sequence[int], count: int) -> list[int]:
    """The `count` tokens that greedy decoding adds to `ids`."""
    known = list(ids)
    for _ in range(count):
        known.append(next_token(known))
    return known[len(ids) :]


def expected_logits(ids: Sequence[int], bias: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """The logits at every position of `ids`. Shapes: [len(ids), VOCAB]."""
    rows = np.tile(bias, (len(ids), 1))
    for row in range(len(ids)):
        best = next_token(ids[: row + 1])
        rows[row, best] += gain[best]
    return rows.astype(np.float32)


Params = Mapping[str, Any]
Arrays = dict[str, np.ndarray]


def store(problem: Mapping[str, Any], arrays: Arrays, params: Params) -> None:
    begin, end = params["past"], params["past"] + params["seq"]
    arrays["cache"][begin:end] = arrays["tokens"][begin:end]


def partial(problem: Mapping[str, Any], arrays: Arrays, params: Params) -> None:
    cache = arrays["cache"].astype(np.uint64)
    for row in range(params["seq"]):
        end = params["past"] + row + 1
        for block in range(-(-end // BLOCK)):
            at = np.arange(block * BLOCK, min(end, (block + 1) * BLOCK))
            arrays["sums"][row * 4 + block] = (cache[at] * (at + 1).astype(np.uint64)).sum()


def logits(problem: Mapping[str, Any], arrays: Arrays, params: Params) -> None:
    for row in range(params["seq"]):
        last = params["past"] + row
        total = int(arrays["sums"][row * 4 : row * 4 + last // BLOCK + 1].sum())
        best = (total + 3 + 7 * int(arrays["cache"][last])) % VOCAB
        out = row * VOCAB if problem["all"] else 0
        arrays["logits"][out : out + VOCAB] = arrays["bias"]
        arrays["logits"][out + best] += arrays["gain"].view(np.float16)[best]


def sample(problem: Mapping[str, Any], arrays: Arrays, params: Params) -> None:
    position, best = params["past"] + params["seq"], int(arrays["logits"].argmax())
    if problem["random"]:
        noise = (params["seed"] * 747796405 + position * 2654435761) % 2**32 >> 7
        best = (best + noise % params["top_k"]) % VOCAB
    arrays["tokens"][position] = best


REFERENCES = {"toy_store": store, "toy_partial": partial, "toy_logits": logits, "toy_sample": sample}
