"""Bugs in the kernels of attention and sampling."""

from __future__ import annotations

from tests.mutations.mutation import Mutation, of_kernel

ATTENTION: tuple[Mutation, ...] = (
    Mutation(
        "causal_mask",
        "A position does not attend to itself.",
        "kernelc/kernels/attention/prefill_softmax.py",
        "seen = (four + at * 4 if at else four) <= self.position",
        "seen = (four + at * 4 if at else four) < self.position",
        of_kernel("attention_prefill"),
    ),
    Mutation(
        "grouped_heads",
        "Query heads are dealt to key/value heads in turn instead of in groups.",
        "kernelc/kernels/attention/prefill_operands.py",
        "self.kv_head = self.head // (heads // buffers.keys.shape.kv_heads)",
        "self.kv_head = self.head % buffers.keys.shape.kv_heads",
        of_kernel("attention_prefill"),
    ),
    Mutation(
        "grouped_heads_decode",
        "A workgroup of decode attention reads the cache of the wrong key/value head.",
        "kernelc/kernels/attention/decode.py",
        "return self.k.workgroup_id(0) // self.schedule.blocks(self.problem)",
        "return self.k.workgroup_id(0) % self.problem.kv_heads",
        of_kernel("attention_decode"),
    ),
    Mutation(
        "softmax_without_maximum",
        "Scores are not taken relative to their maximum, so that large ones overflow.",
        "kernelc/kernels/attention/softmax.py",
        "        for score in scores:\n            highest = maximum(highest, score)\n",
        "        highest = highest * 0.0\n",
        ("tests/kernels/test_attention_prefill.py", "-k", "ten_thousand and interpreter"),
    ),
    Mutation(
        "softmax_rescale",
        "What was summed before a greater score came along keeps its old weight.",
        "kernelc/kernels/attention/softmax.py",
        "for register in (self.total, *self.sums):",
        "for register in (self.total,):",
        of_kernel("attention_decode"),
    ),
    Mutation(
        "attention_score_barrier",
        "Values are weighed with scores that other invocations have not written yet.",
        "kernelc/kernels/attention/decode.py",
        "            self._score(tile, count)\n            k.barrier()\n",
        "            self._score(tile, count)\n",
        of_kernel("attention_decode"),
    ),
    Mutation(
        "split_count",
        "A split's partial result is not joined while it holds a single position.",
        "kernelc/kernels/attention/reduce_splits.py",
        'splits = step_block.rows(k).past // problem.split + 1',
        'splits = (step_block.rows(k).past + problem.split - 1) // problem.split',
        ("tests/kernels/test_attention_decode.py", "-k", "splits_join and interpreter"),
    ),
    Mutation(
        "argmax_ties",
        "Of equal logits the last wins, where every runtime says the first.",
        "kernelc/kernels/sampling/argmax.py",
        "with self.k.when(key > self.key):",
        "with self.k.when(key >= self.key):",
        of_kernel("argmax"),
    ),
    Mutation(
        "top_k_ties",
        "The threshold moves past tokens that are equal to the k-th.",
        "kernelc/kernels/sampling/threshold.py",
        "                with k.when(total >= target):",
        "                with k.when(total > target):",
        of_kernel("sample"),
    ),
    Mutation(
        "sampling_threshold",
        "The token that is just at the threshold is not drawn any more.",
        "kernelc/kernels/sampling/sample.py",
        "select(keys >= threshold.key, order_keys(scores), 0)",
        "select(keys > threshold.key, order_keys(scores), 0)",
        of_kernel("sample"),
    ),
    Mutation(
        "penalty_twice",
        "An id that was fed twice is penalised twice.",
        "kernelc/kernels/sampling/penalty.py",
        "first = logical_and(number < positions, seen.equals(0.0))",
        "first = logical_and(number < positions, seen >= 0.0)",
        of_kernel("penalty"),
    ),
)
