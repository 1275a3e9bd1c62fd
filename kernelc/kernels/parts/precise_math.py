"""Functions that targets compute too coarsely, written out in the kernel language.

WGSL allows sin and cos an absolute error of 2^-11, and drivers make use of it; a rotary angle at position
100,000 needs better. Its exp may be off by (3 + 2 |x|) units in the last place, and its tanh is no better
than the quotient of two of them, which for small x leaves no correct digit. The functions here stay within
the errors they state on every target. What they say of relative errors holds for results that are normal
f32 numbers, since a device may flush smaller ones to zero. Arguments are finite; of NaN nothing is said.
"""

from __future__ import annotations

import math
from fractions import Fraction

from kernelc.kir.functions import absolute, at_most, bitcast, floor, select, to_f32, to_i32, to_u32
from kernelc.kir.types import f32, i32, u32
from kernelc.kir.values import Operators, Value

# pi/2 to 60 digits, as an exact fraction, for splitting into parts.
_HALF_PI = Fraction(157079632679489661923132169163975144209858469968755291048747, 10**59)


def _leading_bits(x: Fraction, bits: int) -> Fraction:
    scale = Fraction(2) ** (bits - 1 - math.floor(math.log2(x)))
    return Fraction(math.floor(x * scale)) / scale


def _split_half_pi() -> tuple[float, float, float, float]:
    """pi/2 as a + b + c + d, where a, b, c have 7 bits: their products with integers below 2^17 are exact."""
    parts: list[float] = []
    rest = _HALF_PI
    for _ in range(3):
        part = _leading_bits(rest, 7)
        parts.append(float(part))
        rest -= part
    return parts[0], parts[1], parts[2], float(rest)


_PARTS = _split_half_pi()


def sincos(angle: Operators) -> tuple[Value, Value]:
    """(sin, cos) of an f32 angle in [0, 2^17] radians; absolute error below 2e-7.

    Source: W. J. Cody, W. Waite, Software Manual for the Elementary Functions (argument reduction in parts);
    polynomials of S. L. Moshier's Cephes library (single precision, on [-pi/4, pi/4]).
    """
    quarter = floor(angle * (2 / math.pi) + 0.5)
    reduced = angle - quarter * _PARTS[0]
    reduced = reduced - quarter * _PARTS[1]
    reduced = reduced - quarter * _PARTS[2]
    reduced = reduced - quarter * _PARTS[3]
    square = reduced * reduced
    sine = (square * -1.9515295891e-4 + 8.3321608736e-3) * square - 1.6666654611e-1
    sine = sine * square * reduced + reduced
    cosine = (square * 2.443315711809948e-5 - 1.388731625493765e-3) * square + 4.166664568298827e-2
    cosine = cosine * square * square - square * 0.5 + 1.0
    quadrant = to_u32(quarter) & 3
    swapped = (quadrant & 1).equals(1)
    sin_value = select(swapped, cosine, sine)
    cos_value = select(swapped, sine, cosine)
    sin_angle = select(quadrant >= 2, -sin_value, sin_value)
    cos_angle = select(((quadrant + 1) & 2).equals(2), -cos_value, cos_value)
    return sin_angle, cos_angle


def power_of_two(index: Operators, exponent: float) -> Value:
    """2^(index * exponent) for an integral f32 index below 2^10; relative error below 2e-7.

    The result must be a normal f32. The product is formed in two parts so that its fraction keeps all its
    bits. Source: the polynomial of Cephes' exp2f.
    """
    coarse = math.copysign(_leading_bits(Fraction(abs(exponent)), 12), exponent) if exponent else 0.0
    product = index * coarse
    whole = floor(product + index * (exponent - coarse) + 0.5)
    fraction = (product - whole) + index * (exponent - coarse)
    series = fraction * 1.535336188319500e-4 + 1.339887440266574e-3
    series = series * fraction + 9.618437357674640e-3
    series = series * fraction + 5.550332471162809e-2
    series = series * fraction + 2.402264791363012e-1
    series = series * fraction + 6.931472028550421e-1
    power = bitcast(to_u32(to_i32(whole) + 127) << 23, f32)
    return (series * fraction + 1.0) * power


_ROOT_HALF = 0x3F3504F3  # bits of sqrt(1/2)


def log(x: Operators) -> Value:
    """Natural logarithm of a normal positive f32; the absolute or the relative error is below 1e-7.

    Source: Cephes' logf. WGSL's own may be off by 2^-21 near 1.
    """
    bits = bitcast(x, u32)
    exponent = bitcast(bits - _ROOT_HALF, i32) >> 23
    mantissa = bitcast(bits - bitcast(exponent << 23, u32), f32)  # in [sqrt(1/2), sqrt(2))
    return _log_of_parts(to_f32(exponent), mantissa - 1.0)


def log_of_complement(x: Operators) -> Value:
    """log(1 - x) for an f32 x in (0, 1); relative error below 2e-7, also where x is tiny."""
    rest = 1.0 - x
    bits = bitcast(rest, u32)
    exponent = bitcast(bits - _ROOT_HALF, i32) >> 23
    mantissa = bitcast(bits - bitcast(exponent << 23, u32), f32)
    above_half = exponent.equals(0)  # then the mantissa is 1 - x itself, and less 1 it is -x, exactly
    return _log_of_parts(to_f32(exponent), select(above_half, -x, mantissa - 1.0))


def _log_of_parts(exponent: Value, excess: Value) -> Value:
    """log(2^exponent * (1 + excess)) for excess in [sqrt(1/2) - 1, sqrt(2) - 1)."""
    series = excess * 7.0376836292e-2 - 1.1514610310e-1
    series = series * excess + 1.1676998740e-1
    series = series * excess - 1.2420140846e-1
    series = series * excess + 1.4249322787e-1
    series = series * excess - 1.6668057665e-1
    series = series * excess + 2.0000714765e-1
    series = series * excess - 2.4999993993e-1
    series = series * excess + 3.3333331174e-1
    square = excess * excess
    tail = series * excess * square + exponent * -2.12194440e-4 - square * 0.5
    return excess + tail + exponent * 0.693359375


def exponential(x: Operators) -> Value:
    """e^x for x in [-87, 88], relative error below 2e-7; scalars or vectors, lane by lane.

    Source: Cephes' expf: x = whole * log(2) + rest, a polynomial in the rest, times a power of two.
    """
    whole = floor(x * math.log2(math.e) + 0.5)
    rest = x - whole * 0.693359375  # nine bits of log(2): the product is exact
    rest = rest - whole * -2.12194440e-4
    series = _exponential_tail(rest)
    series = series * rest * rest + rest + 1.0
    return series * bitcast(to_u32(to_i32(whole) + 127) << 23, f32)


def _exponential_tail(rest: Operators) -> Value:
    """(e^rest - 1 - rest) / rest^2 for |rest| up to log(2) / 2; relative error below 2e-7."""
    series = rest * 1.9875691500e-4 + 1.3981999507e-3
    series = series * rest + 8.3334519073e-3
    series = series * rest + 4.1665795894e-2
    series = series * rest + 1.6666665459e-1
    series = series * rest + 5.0000001201e-1
    return series


def exponential_tail(x: Operators) -> Value:
    """e^x - 1 - x for x in [-87, 0], relative error below 4e-6, also near 0; scalars or vectors.

    The polynomial of `exponential` serves near 0. Where it ends the result is 0.052, off by up to 2e-7.
    """
    near = _exponential_tail(x) * x * x
    far = exponential(x) - 1.0 - x
    return select(x > -0.34, near, far)


def tanh(x: Operators) -> Value:
    """The hyperbolic tangent of any f32, relative error below 5e-7, also near 0; scalars or vectors.

    Source: Cephes' tanhf: a polynomial below 0.625, above it 1 - 2 / (e^2|x| + 1).
    """
    size = at_most(absolute(x), 10.0)  # from 9.02 on the result is 1 in f32
    square = size * size
    series = square * -5.70498872745e-3 + 2.06390887954e-2
    series = series * square - 5.37397155531e-2
    series = series * square + 1.33314422036e-1
    series = series * square - 3.33332819422e-1
    near = series * square * size + size
    far = 1.0 - 2.0 / (exponential(size * 2.0) + 1.0)
    result = select(size < 0.625, near, far)
    return select(x < 0.0, -result, result)


def normal_tail(size: Operators) -> Value:
    """P(X > size) of a standard normal variable, for size in [0, 13], relative error below 1e-6 up to 6.

    It is 0.5 erfc(size / sqrt(2)), computed as exp(-size^2 / 2) times a polynomial in t = 1 / (1 + size / 4).
    The polynomial was fitted to that by weighted least squares, to 5e-8 of each value. The exponent's
    rounding is what remains: 2e-5 at the end, where the result is 6e-39.
    """
    t = 1.0 / (1.0 + size * 0.25)
    series = t * 2.6892023333e-2 - 1.5860041127e-1
    series = series * t + 3.0835555459e-1
    series = series * t - 2.2014275567e-1
    series = series * t + 2.1198014563e-1
    series = series * t + 2.8418089739e-2
    series = series * t + 1.0494876068e-1
    series = series * t + 9.8340130366e-2
    series = series * t + 9.9808439400e-2
    return series * t * exponential(size * size * -0.5)
