"""Lines of SPIR-V for conversions, for words that hold several numbers, and for what a subgroup does."""

from __future__ import annotations

from kernelc.backends.spirv.lines import Lines
from kernelc.backends.spirv.operations import CONVERSIONS
from kernelc.kir.types import Type, boolean, f32, u32
from kernelc.kir.values import Value

_SUBGROUP = 3  # a scope


class Conversions(Lines):
    """What is printed in several lines, or in one that depends on types."""

    def splat(self, wish: str, scalar: Value, type: Type) -> str:
        if scalar.op == "const":
            return self.constant(scalar.attr, type)
        return self.result(wish, "OpCompositeConstruct", self.type(type), *[self.ref(scalar)] * type.lanes)

    def subgroup(self, wish: str, instruction: str, arg: Value, operand: str) -> str:
        """A reduction over the subgroup. Halves are reduced in f32, since not every device with halves can
        reduce them."""
        half = arg.type.scalar == "f16"
        if half:
            operand = self.convert(wish, arg.type, f32, operand)
        type = self.type(f32 if half else arg.type)
        total = self.result(wish, instruction, type, self.constant(_SUBGROUP), "Reduce", operand)
        return self.convert(wish, f32, arg.type, total) if half else total

    def shuffle(self, wish: str, value: Value, operand: str) -> str:
        """What the partner holds. Halves travel as f32, for the same reason."""
        half, type = value.type.scalar == "f16", f32 if value.type.scalar == "f16" else value.type
        sent = self.convert(wish, value.type, f32, operand) if half else operand
        places = (self.constant(_SUBGROUP), sent, self.constant(value.attr))
        found = self.result(wish, "OpGroupNonUniformShuffleXor", self.type(type), *places)
        return self.convert(wish, f32, value.type, found) if half else found

    def convert(self, wish: str, source: Type, type: Type, operand: str) -> str:
        if source == type:
            return operand
        if source.scalar == "bool":
            yes, no = self.constant(1, type), self.constant(0, type)
            return self.result(wish, "OpSelect", self.type(type), operand, yes, no)
        if source.is_float and type.is_integer:
            wide = f32.with_lanes(type.lanes)
            return self.truncate(wish, type, self.convert(wish, source, wide, operand))
        return self.result(wish, CONVERSIONS[source.scalar, type.scalar], self.type(type), operand)

    def truncate(self, wish: str, type: Type, operand: str) -> str:
        """f32 to an integer, saturating: SPIR-V leaves numbers that do not fit undefined."""
        (low, high), wide = type.integer_range, f32.with_lanes(type.lanes)
        largest = float(high + 1) - (
            256.0 if type.scalar == "u32" else 128.0
        )  # the largest f32 below high + 1
        bounds = self.constant(float(low), wide), self.constant(largest, wide)
        inside = self.result(f"{wish}_inside", "NClamp", self.type(wide), operand, *bounds)
        instruction = "OpConvertFToU" if type.scalar == "u32" else "OpConvertFToS"
        whole = self.result(f"{wish}_whole", instruction, self.type(type), inside)
        conditions = self.type(boolean.with_lanes(type.lanes))
        limit = self.constant(float(high + 1), wide)
        above = self.result(f"{wish}_above", "OpFOrdGreaterThanEqual", conditions, operand, limit)
        return self.result(wish, "OpSelect", self.type(type), above, self.constant(high, type), whole)

    def bytes(self, wish: str, value: Value, word: str) -> str:
        words = u32.with_lanes(4)
        spread = self.result(f"{wish}_words", "OpCompositeConstruct", self.type(words), *[word] * 4)
        if value.op == "unpack_u8x4":
            amounts = self.module.lanes(0, 8, 16, 24)
            shifted = self.result(f"{wish}_shifted", "OpShiftRightLogical", self.type(words), spread, amounts)
            return self.result(wish, "OpBitwiseAnd", self.type(words), shifted, self.constant(255, words))
        amounts, signed = self.module.lanes(24, 16, 8, 0), self.type(value.type)
        shifted = self.result(f"{wish}_shifted", "OpShiftLeftLogical", self.type(words), spread, amounts)
        top = self.result(f"{wish}_signed", "OpBitcast", signed, shifted)
        return self.result(wish, "OpShiftRightArithmetic", signed, top, self.constant(24, words))
