"""Deliberate bugs, one at a time, and the tests that must notice each: `tools/mutation_check.py` puts them
in.

`old` must stand in the file exactly once, so that an entry whose place has changed is noticed, not skipped.
The golden texts would notice any change of a kernel; the tests named here are those that know why it is
wrong.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """`old` in `file` becomes `new`; then one of the tests that pytest selects by `tests` must fail."""

    name: str
    why: str  # what is wrong then, in one sentence
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def of_kernel(family: str) -> tuple[str, ...]:
    """The family's property test on the interpreter alone: what a wrong kernel must not pass."""
    return (
        f"tests/kernels/test_{family}.py",
        "-k",
        "equals_its_reference and not wgpu and not device and not opencl and not vulkan and not cuda",
    )


RANDOM_KERNELS = ("tests/kir/test_random_kernels.py", "-k", "what_they_mean")

KERNELS: tuple[Mutation, ...] = (
    Mutation(
        "matvec_loop_bound",
        "The last group of 32 weights of every row is left out of the sum.",
        "kernelc/kernels/matvec.py",
        "with k.loop(lane, linear.weights.groups, schedule.team) as group:",
        "with k.loop(lane, linear.weights.groups - 1, schedule.team) as group:",
        of_kernel("matvec"),
    ),
    Mutation(
        "byte_order",
        "Codes of q4 weights are multiplied with the activations of their neighbours' four.",
        "kernelc/kernels/weights.py",
        "            found += [low, high]",
        "            found += [high, low]",
        of_kernel("matvec_int8"),
    ),
    Mutation(
        "offset_sign",
        "q4's offset of 8 is added once more instead of being taken away.",
        "kernelc/kernels/matvec_int8.py",
        "self.offsets[group] = made.times(-8)",
        "self.offsets[group] = made.times(8)",
        of_kernel("matvec_int8"),
    ),
    Mutation(
        "codes_round_down",
        "Activations are cut to codes below them, and no more to the nearest.",
        "kernelc/kernels/activations.py",
        "codes = bitcast(to_i32(parts) + PARTS // 2, u32) & 0xFF00",
        "codes = bitcast(to_i32(parts), u32) & 0xFF00",
        of_kernel("matvec_int8"),
    ),
    Mutation(
        "largest_without_sign",
        "A group's scale is made for its largest activation, and a negative one of more magnitude overflows.",
        "kernelc/kernels/activations.py",
        "        magnitudes = absolute(four)\n",
        "        magnitudes = four\n",
        of_kernel("matvec_int8"),
    ),
    Mutation(
        "codes_barrier",
        "Codes are multiplied while other invocations are still making them.",
        "kernelc/kernels/matvec_int8.py",
        "            self._stage(0, groups)\n            k.barrier()\n",
        "            self._stage(0, groups)\n",
        of_kernel("matvec_int8"),
    ),
    Mutation(
        "weights_of_the_first_piece",
        "Where activations are staged in pieces, each piece is multiplied with the first one's weights.",
        "kernelc/kernels/matvec_int8.py",
        "self._step(group, self._load(group + first))",
        "self._step(group, self._load(group))",
        of_kernel("matvec_int8"),
    ),
    Mutation(
        "matmul_barrier",
        "A tile is multiplied while other invocations are still staging it.",
        "kernelc/kernels/matmul.py",
        "            k.barrier()\n            self._multiply(",
        "            self._multiply(",
        of_kernel("matmul"),
    ),
    Mutation(
        "nibble_order",
        "The high nibbles of a q4 word are taken for its elements 0 to 3.",
        "kernelc/kernels/weights.py",
        "    return [low, high]",
        "    return [high, low]",
        of_kernel("matvec"),
    ),
    Mutation(
        "scale_index",
        "Groups of even number are scaled by their neighbour's scale.",
        "kernelc/kernels/weights.py",
        "return select((at & 1).equals(1), pair.y, pair.x)",
        "return select((at & 1).equals(0), pair.y, pair.x)",
        of_kernel("matvec"),
    ),
    Mutation(
        "rotary_half",
        "A head's rows are packed without pairing element i with element i + dim/2.",
        "kernelc/ir/formats.py",
        "turned = np.arange(block.rotary_dim, dtype=np.int64).reshape(2, -1).T.reshape(-1)",
        "turned = np.arange(block.rotary_dim, dtype=np.int64).reshape(-1)",
        ("tests/kernels/test_rotary.py", "-k", "packed"),
    ),
    Mutation(
        "rotary_sign",
        "Queries and keys are rotated backwards, which no product of one with itself would show.",
        "kernelc/kernels/rotary.py",
        "return even.value() * cos - odd.value() * sin, odd.value() * cos + even.value() * sin",
        "return even.value() * cos + odd.value() * sin, odd.value() * cos - even.value() * sin",
        ("tests/kernels/test_rotary.py", "-k", "interpreter"),
    ),
    Mutation(
        "cache_row",
        "A decoded position's key and value overwrite row 0 of the cache.",
        "kernelc/kernels/linear.py",
        'position = k.param("past") + token',
        "position = k.constant(0, u32) + token",
        of_kernel("matvec"),
    ),
    Mutation(
        "cache_row_of_values",
        "Values go to the cache one key/value head too far.",
        "kernelc/kernels/linear.py",
        'self.buffers["v_cache"][row + (pair - (q_pairs + kv_pairs))] = stored',
        'self.buffers["v_cache"][row + (pair - q_pairs)] = stored',
        of_kernel("matvec"),
    ),
    Mutation(
        "last_row",
        "The logits are those of the chunk's first row, not of its last.",
        "kernelc/kernels/matvec.py",
        'token = k.param("seq") - 1 if problem.last_row else 0',
        'token = k.param("seq") * 0 if problem.last_row else 0',
        of_kernel("matvec"),
    ),
    Mutation(
        "residual",
        "The residual is not added to what a layer's linear part gives.",
        "kernelc/kernels/linear.py",
        'value = value + self.buffers["residual"][at]',
        'value = value + self.buffers["residual"][at] * 0.0',
        of_kernel("matvec"),
    ),
    Mutation(
        "piece_of_a_matrix",
        "The rows of a matrix's second piece are written over those of its first.",
        "kernelc/kernels/linear.py",
        "at = local_row + problem.row_begin + token * problem.out_width",
        "at = local_row + token * problem.out_width",
        of_kernel("matvec"),
    ),
    Mutation(
        "grid_rounds_down",
        "The rows beyond the last full workgroup are never computed.",
        "kernelc/kernels/matvec.py",
        "return (ceildiv(problem.rows, schedule.rows_per_workgroup), 1, 1)",
        "return (max(1, problem.rows // schedule.rows_per_workgroup), 1, 1)",
        of_kernel("matvec"),
    ),
    Mutation(
        "norm_of_padding",
        "The mean of squares divides by the padded width.",
        "kernelc/kernels/matvec.py",
        "scale = rsqrt(results[-1] * (1.0 / problem.cols) + problem.norm_eps)",
        "scale = rsqrt(results[-1] * (1.0 / (groups_of(problem.cols) * 32)) + problem.norm_eps)",
        of_kernel("matvec"),
    ),
    Mutation(
        "tree_sum",
        "The shared-memory tree starts half a step too low and leaves half of the sums out.",
        "kernelc/kernels/reduce.py",
        "    stride = team // 2\n",
        "    stride = team // 4\n",
        of_kernel("rms_norm"),
    ),
    Mutation(
        "embedding_piece",
        "A token's row is looked for in the whole table where only a piece of it is bound.",
        "kernelc/kernels/embedding.py",
        "row = token - problem.row_begin",
        "row = token % problem.rows",
        ("tests/kernels/test_embedding.py", "-k", "interpreter"),
    ),
    Mutation(
        "causal_mask",
        "A position does not attend to itself.",
        "kernelc/kernels/attention_prefill.py",
        "select(key_position <= own[row], scores[key][row], LOWEST)",
        "select(key_position < own[row], scores[key][row], LOWEST)",
        of_kernel("attention_prefill"),
    ),
    Mutation(
        "grouped_heads",
        "Query heads are dealt to key/value heads in turn instead of in groups.",
        "kernelc/kernels/attention_prefill.py",
        "kv_head = head // (self.problem.heads // self.problem.kv_heads)",
        "kv_head = head % self.problem.kv_heads",
        of_kernel("attention_prefill"),
    ),
    Mutation(
        "grouped_heads_decode",
        "A workgroup of decode attention reads the cache of the wrong key/value head.",
        "kernelc/kernels/attention_decode.py",
        "return self.k.workgroup_id(0) // _blocks(self.problem, self.schedule)",
        "return self.k.workgroup_id(0) % self.problem.kv_heads",
        of_kernel("attention_decode"),
    ),
    Mutation(
        "softmax_without_maximum",
        "Scores are not taken relative to their maximum, so that large ones overflow.",
        "kernelc/kernels/softmax.py",
        "        for score in scores:\n            highest = maximum(highest, score)\n",
        "        highest = highest * 0.0\n",
        ("tests/kernels/test_attention_prefill.py", "-k", "ten_thousand and interpreter"),
    ),
    Mutation(
        "softmax_rescale",
        "What was summed before a greater score came along keeps its old weight.",
        "kernelc/kernels/softmax.py",
        "for register in (self.total, *self.sums):",
        "for register in (self.total,):",
        of_kernel("attention_decode"),
    ),
    Mutation(
        "attention_score_barrier",
        "Values are weighed with scores that other invocations have not written yet.",
        "kernelc/kernels/attention_decode.py",
        "            self._score(tile, count)\n            k.barrier()\n",
        "            self._score(tile, count)\n",
        of_kernel("attention_decode"),
    ),
    Mutation(
        "split_count",
        "A split's partial result is not joined while it holds a single position.",
        "kernelc/kernels/attention_reduce.py",
        'splits = k.param("past") // problem.split + 1',
        'splits = (k.param("past") + problem.split - 1) // problem.split',
        ("tests/kernels/test_attention_decode.py", "-k", "splits_join and interpreter"),
    ),
    Mutation(
        "argmax_ties",
        "Of equal logits the last wins, where every runtime says the first.",
        "kernelc/kernels/argmax.py",
        "with self.k.when(key > self.key):",
        "with self.k.when(key >= self.key):",
        of_kernel("argmax"),
    ),
    Mutation(
        "top_k_ties",
        "The threshold moves past tokens that are equal to the k-th.",
        "kernelc/kernels/threshold.py",
        "                with k.when(total >= target):",
        "                with k.when(total > target):",
        of_kernel("sample"),
    ),
    Mutation(
        "sampling_threshold",
        "The token that is just at the threshold is not drawn any more.",
        "kernelc/kernels/sample.py",
        "select(keys >= threshold.key, order_keys(scores), 0)",
        "select(keys > threshold.key, order_keys(scores), 0)",
        of_kernel("sample"),
    ),
    Mutation(
        "penalty_twice",
        "An id that was fed twice is penalised twice.",
        "kernelc/kernels/penalty.py",
        "first = logical_and(number < positions, seen.equals(0.0))",
        "first = logical_and(number < positions, seen >= 0.0)",
        of_kernel("penalty"),
    ),
)

COMPILER: tuple[Mutation, ...] = (
    Mutation(
        "stale_slot",
        "A tensor takes the slot of another that the same call still reads.",
        "kernelc/passes/memory.py",
        "if busy[slot] < first[name]]",
        "if busy[slot] <= first[name]]",
        ("tests/passes/test_memory.py",),
    ),
    Mutation(
        "slot_too_small",
        "A slot keeps its size when a larger tensor moves in.",
        "kernelc/passes/memory.py",
        "    plan.sizes[chosen] = dim_max(plan.sizes[chosen], size)\n",
        "    plan.sizes[chosen] = plan.sizes[chosen] if plan.sizes[chosen] != 0 else size\n",
        ("tests/passes/test_memory.py",),
    ),
    Mutation(
        "slots_for_one_row",
        "Buffers are sized for the shortest step instead of the longest.",
        "kernelc/passes/memory.py",
        "fixed = {name: high for name, (_, high) in symbols.items()",
        "fixed = {name: low for name, (low, _) in symbols.items()",
        ("tests/passes/test_memory.py",),
    ),
    Mutation(
        "printer_precedence",
        "a - (b + c) is printed as a - b + c.",
        "kernelc/backends/c_like.py",
        'return level, level if value.op == "add" and value.type.is_integer else level - 1',
        "return level, level",
        RANDOM_KERNELS,
    ),
    Mutation(
        "printer_reassociates_floats",
        "a + (b - c) of floats is printed as a + b - c, which rounds otherwise.",
        "kernelc/backends/c_like.py",
        'value.op == "add" and value.type.is_integer else',
        'value.op == "add" else',
        ("tests/backends/test_wgsl.py", "-k", "floats"),
    ),
    Mutation(
        "constant_suffix",
        "Whole numbers are printed without their type, and i32 arithmetic happens in other types.",
        "kernelc/backends/wgsl/printer.py",
        'else Text(f"{number}{scalar[0]}", level)',
        'else Text(f"{number}i", level)',
        RANDOM_KERNELS,
    ),
    Mutation(
        "dot4_without_sum",
        "The number that the products of bytes are to be added to is not printed.",
        "kernelc/backends/wgsl/printer.py",
        "if constant_of(value.args[2]) == 0:",
        "if value.args[2].type.lanes == 1:",
        ("tests/conformance/test_operations.py", "-k", "dot4_i8 and wgpu"),
    ),
    Mutation(
        "select_order",
        "WGSL's select takes the value for false first; this prints it last.",
        "kernelc/backends/wgsl/printer.py",
        'return self.call("select", (no, yes, condition))',
        'return self.call("select", (yes, no, condition))',
        RANDOM_KERNELS,
    ),
    Mutation(
        "load_moves_past_store",
        "A load is written where it is used although the cell was overwritten in between.",
        "kernelc/kir/inline.py",
        "                return value.attr is memory\n",
        "                return False\n",
        RANDOM_KERNELS,
    ),
    Mutation(
        "read_moves_past_assignment",
        "A register is read where its value is used although it was assigned in between.",
        "kernelc/kir/inline.py",
        "                return value.attr is variable\n",
        "                return False\n",
        RANDOM_KERNELS,
    ),
    Mutation(
        "load_moves_past_loop",
        "A load is written behind a loop or branch that may have overwritten the cell.",
        "kernelc/kir/inline.py",
        "            case For() | If():\n                return True\n",
        "            case For() | If():\n                return False\n",
        RANDOM_KERNELS,
    ),
    Mutation(
        "bound_in_every_round",
        "A loop's bound is computed anew each round, from what the body has changed.",
        "kernelc/kir/inline.py",
        "return not (isinstance(into, For) and (value is into.stop or value is into.step))",
        "return not (isinstance(into, For) and value is into.step)",
        RANDOM_KERNELS,
    ),
    Mutation(
        "step_in_every_round",
        "A loop's step is computed anew each round, from what the body has changed.",
        "kernelc/kir/inline.py",
        "return not (isinstance(into, For) and (value is into.stop or value is into.step))",
        "return not (isinstance(into, For) and value is into.stop)",
        RANDOM_KERNELS,
    ),
    Mutation(
        "compound_assignment",
        "x = y - x is printed as x -= y.",
        "kernelc/backends/c_like.py",
        "    first = statement.value.args[0]\n",
        "    first = statement.value.args[-1]\n",
        RANDOM_KERNELS,
    ),
    Mutation(
        "loads_are_shared",
        "Two loads of a cell are taken for one, whatever was stored between them.",
        "kernelc/kir/trace.py",
        '_IMPURE = frozenset({"load", "read"})',
        '_IMPURE = frozenset({"read"})',
        ("tests/kir/test_random_kernels.py", "-k", "simplifications"),
    ),
    Mutation(
        "dead_register",
        "Assignments to a register inside a loop are dropped as unused.",
        "kernelc/kir/dead.py",
        "pending += writers[statement.value.attr]",
        "pending += writers[statement.value.attr][:1]",
        ("tests/kir/test_random_kernels.py", "-k", "simplifications"),
    ),
    Mutation(
        "constant_folding",
        "Division of negative constants rounds down instead of towards zero.",
        "kernelc/kir/operations.py",
        "    return ((wide - np.fmod(wide, divisor)) // divisor).astype(a.dtype)",
        "    return (wide // divisor).astype(a.dtype)",
        ("tests/kir/test_trace.py", "tests/conformance/test_operations.py"),
    ),
    Mutation(
        "races_ignored",
        "The interpreter no longer sees that an invocation reads what another one wrote.",
        "kernelc/kir/races.py",
        "        clash = (self.write_time[cells] == time) & (self.writer[cells] != lanes)\n",
        "        clash = np.zeros(len(cells), np.bool_)\n",
        ("tests/kir/test_interpret.py",),
    ),
    Mutation(
        "bounds_ignored",
        "The interpreter accepts the index one past the end.",
        "kernelc/kir/interpret.py",
        "outside = mask & (at >= length)",
        "outside = mask & (at > length)",
        ("tests/kir/test_interpret.py",),
    ),
    Mutation(
        "uniformity_of_later_rounds",
        "A register that comes to differ between invocations in a later round of a loop counts as uniform.",
        "kernelc/kir/verify.py",
        "        while before != len(self.varying):\n",
        "        while before < 0:\n",
        ("tests/kir/test_uniformity.py",),
    ),
    Mutation(
        "uniformity_of_branches",
        "A register assigned in only some invocations counts as uniform.",
        "kernelc/kir/verify.py",
        "self.mark(statement.variable, statement.value in self.varying or not uniform)",
        "self.mark(statement.variable, statement.value in self.varying)",
        ("tests/kir/test_uniformity.py",),
    ),
)

MUTATIONS: tuple[Mutation, ...] = (*KERNELS, *COMPILER)
