"""What a config.json says about weights that are quantised already: GPTQ and AWQ of 4 bits are read.

Source: GPTQConfig and AwqConfig in transformers' utils/quantization_config.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from model.json_fields import Fields, show

_ORIGINAL = "use the original checkpoint; build quantises it (`quant` q4 or q8)"


@dataclass(frozen=True)
class Int4:
    """Matrices of 4-bit codes, with a scale and a zero for each group of inputs.

    A weight is scale * (code - (stored zero + zero_shift)), the sum taken of whole words of eight.
    """

    method: Literal["gptq", "awq"]
    zero_shift: int = 0


def read_quantization(fields: Fields) -> Int4 | None:
    """Return how the weights of a config.json are quantised, None where they are plain numbers.

    An empty `quantization_config` says nothing.
    Raises: ConfigError naming the method, where it is one that is not read.
    """
    if fields.data.get("compression_config"):
        message = "the weights are quantised by compressed-tensors, wanted plain weights"
        raise fields.fail("compression_config", message, _ORIGINAL)
    settings = fields.child("quantization_config")
    if settings is None or not settings.data:
        return None
    if settings.data.get("quant_method") is None:
        bits = [key for key in ("load_in_8bit", "load_in_4bit") if settings.data.get(key)]
        named = "bitsandbytes" if bits else "a method that it does not name"
        raise settings.fail("quant_method", f"the weights are quantised by {named}", _ORIGINAL)
    return read_int4(settings)


def read_int4(settings: Fields, default: str = "") -> Int4:
    """Return the settings of a `quantization_config`; `default` is the method where they name none.

    Raises: ConfigError.
    """
    method = settings.text("quant_method", default).lower()
    if method == "gptq":
        return _gptq(settings)
    if method == "awq":
        return _awq(settings)
    message = f"the weights are quantised by {show(method)}, wanted plain weights, or gptq or awq of 4 bits"
    raise settings.fail("quant_method", message, _ORIGINAL)


def _gptq(settings: Fields) -> Int4:
    _check_bits(settings, "bits")
    layout = settings.text("checkpoint_format", "gptq")
    if layout not in ("gptq", "gptq_v2") or settings.data.get("is_marlin_format"):
        message = f"got {show(layout)}, wanted gptq or gptq_v2"
        raise settings.fail("checkpoint_format", message, _ORIGINAL)
    return Int4("gptq", zero_shift=1 if layout == "gptq" else 0)


def _awq(settings: Fields) -> Int4:
    _check_bits(settings, "w_bit" if settings.data.get("w_bit") is not None else "bits")
    version = settings.text("version", "gemm").lower()
    if version != "gemm":
        raise settings.fail("version", f"got {show(version)}, wanted gemm", _ORIGINAL)
    return Int4("awq")


def _check_bits(settings: Fields, key: str) -> None:
    bits = settings.integer(key, 1, 16)
    if bits != 4:
        raise settings.fail(key, f"got codes of {bits} bits, wanted 4", _ORIGINAL)
