"""Bugs in how activations are coded, and in the products with codes."""

from __future__ import annotations

from tests.mutations.mutation import Mutation, of_kernel

CODED: tuple[Mutation, ...] = (
    Mutation(
        "offset_sign",
        "q4's offset of 8 is added once more instead of being taken away.",
        "kernelc/kernels/linear/matvec_int8_parts.py",
        "start = number_sum * -zero if zero else None",
        "start = number_sum * zero if zero else None",
        of_kernel("matvec_int8"),
    ),
    Mutation(
        "codes_round_down",
        "Activations are cut to codes below them, and no more to the nearest.",
        "kernelc/kernels/linear/activations.py",
        "codes = bitcast(parts + PARTS // 2, u32) & 0xFF00",
        "codes = bitcast(parts, u32) & 0xFF00",
        of_kernel("code_rows"),
    ),
    Mutation(
        "largest_without_sign",
        "A group's scale is made for its largest activation, and a negative one of more magnitude overflows.",
        "kernelc/kernels/linear/activations.py",
        "largest = maximum(largest, absolute(four))",
        "largest = maximum(largest, four)",
        of_kernel("code_rows"),
    ),
    Mutation(
        "codes_barrier",
        "Results are coded while other invocations are still making them.",
        "kernelc/kernels/linear/activations.py",
        "        k = self.k\n        k.barrier()\n",
        "        k = self.k\n",
        of_kernel("matvec_int8"),
    ),
    Mutation(
        "rest_of_the_first_term",
        "The second term's products are added without the first term's being 256 times as much.",
        "kernelc/kernels/linear/matvec_int8_parts.py",
        "products = products * PARTS if start is None else products * PARTS + start",
        "products = products if start is None else products + start",
        of_kernel("matvec_int8"),
    ),
    Mutation(
        "squares_of_weighted_values",
        "The squares that normalise a row are those of the values that a norm's weight has multiplied.",
        "kernelc/kernels/linear/activations.py",
        "plain = self._vector(self.plain, four * 4)",
        "plain = self._vector(self.values, four * 4)",
        of_kernel("matvec_int8"),
    ),
    Mutation(
        "groups_of_another_piece",
        "A piece of a matrix codes its results as the first groups of the row.",
        "kernelc/kernels/linear/matvec_int8_parts.py",
        "coder.code(first + begin // (together * GROUP), end // (together * GROUP))",
        "coder.code(first, end // (together * GROUP))",
        of_kernel("matvec_int8"),
    ),
)
