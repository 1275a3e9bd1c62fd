"""How a GGUF file stretches rotary frequencies, as the object `rope_scaling` of a config.json.

Llama 3.1's scaling is not in the metadata: the file has the factors that it divides the frequencies by, and
its settings follow from these. Of the settings that give the same factors the published ones are taken
(high_freq_factor 4, low_freq_factor 1), or those that are as far apart.

Source: `generate_extra_tensors` of LlamaModel and Phi3MiniModel in llama.cpp's convert_hf_to_gguf.py;
`_compute_llama3_parameters` of transformers' modeling_rope_utils.py.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from model.gguf.settings import Settings

_F64 = npt.NDArray[np.float64]
ReadVector = Callable[[str], npt.NDArray[np.float32]]

FACTORS = "rope_freqs.weight"
LONG, SHORT = "rope_factors_long.weight", "rope_factors_short.weight"
NO_WEIGHTS = frozenset({FACTORS, LONG, SHORT})
"""Tensors that say what a config.json says."""
_APART = 3.0  # of high_freq_factor and low_freq_factor in all published models
_TOLERANCE = 1e-3


def rope_scaling(s: Settings, read: ReadVector) -> dict[str, object] | None:
    """Return the scaling, None where there is none; `read` gives the values of a tensor.

    Raises: CheckpointError for factors that no known rule gives.
    """
    if s.has_tensor(LONG) and s.has_tensor(SHORT):
        factors = {"long_factor": read(LONG).tolist(), "short_factor": read(SHORT).tolist()}
        return {"rope_type": "longrope", **factors}
    if s.has_tensor(FACTORS):
        return _llama3(s, read(FACTORS).astype(np.float64))
    kind = s.text("rope.scaling.type", "none")
    factor = s.number("rope.scaling.factor", s.number("rope.scale_linear", 1.0))
    if kind == "none" or (kind == "linear" and factor in (0.0, 1.0)):
        return None
    original = s.integer("rope.scaling.original_context_length", None)
    found: dict[str, object] = {"rope_type": kind, "factor": factor}
    return found if original is None else found | {"original_max_position_embeddings": original}


def _llama3(s: Settings, factors: _F64) -> dict[str, object] | None:
    """Find the settings of "llama3" that give these factors, one for each pair of a head."""
    if not np.isfinite(factors).all() or factors.min() < 1 - _TOLERANCE:
        raise s.fail(FACTORS, "got factors that are not finite or below 1")
    if factors.max() <= 1 + _TOLERANCE:
        return None
    theta = s.number("rope.freq_base", 10000.0) or 10000.0
    lengths = 2 * np.pi * theta ** (np.arange(len(factors)) / len(factors))
    most = float(factors.max())
    for low, original in _candidates(factors, lengths, most):
        given = _factors(lengths, most, low, original)
        if np.allclose(given, factors, rtol=_TOLERANCE):
            return {
                "rope_type": "llama3",
                "factor": most,
                "low_freq_factor": low,
                "high_freq_factor": low + _APART,
                "original_max_position_embeddings": original,
            }
    raise s.fail(FACTORS, "got factors that Llama 3's rule does not give")


def _candidates(factors: _F64, lengths: _F64, most: float) -> list[tuple[float, int]]:
    """Pairs of low_freq_factor and original length: the published one, then one through two blended pairs.

    A blended factor is 1 / ((1 - t) / most + t), where t is original / length / apart - low / apart: a line
    in 1 / length.
    """
    found = [(1.0, 8192)]
    blended = np.flatnonzero((factors > 1 + _TOLERANCE) & (factors < most * (1 - _TOLERANCE)))
    if len(blended) > 1:
        at = blended[[0, -1]]
        t = (1 / factors[at] - 1 / most) / (1 - 1 / most)
        slope = (t[0] - t[1]) / (1 / lengths[at[0]] - 1 / lengths[at[1]])
        low = _APART * (slope / lengths[at[0]] - t[0])
        found.append((round(float(low), 4), max(1, round(float(slope * _APART)))))
    return found


def _factors(lengths: _F64, most: float, low: float, original: int) -> _F64:
    """What Llama 3's rule divides frequencies by whose wave lengths are `lengths`."""
    t = np.clip((original / lengths - low) / _APART, 0.0, 1.0)
    return 1 / ((1 - t) / most + t)
