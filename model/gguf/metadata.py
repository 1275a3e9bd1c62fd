"""The metadata of a GGUF file with typed access, and the settings of its own architecture."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from kernelc.errors import CheckpointError
from model.checkpoints.mapped_file import DOWNLOAD_AGAIN
from model.gguf.values import Strings, Value
from model.json_fields import Fields


class Metadata:
    """What a file says of itself. `fields` has its scalars; arrays are asked for by what they hold."""

    def __init__(self, values: Mapping[str, Value], where: str) -> None:
        """Take the values of one file; `where` names it in errors."""
        self.where, self._values = where, values
        self.fields = Fields({key: _scalar(value) for key, value in values.items()}, where, CheckpointError)

    def has(self, key: str) -> bool:
        """Whether the file says anything of the kind."""
        return key in self._values

    def strings(self, key: str, most: int) -> list[str]:
        """Return an array of strings. Raises: CheckpointError if it is none, too long, or no UTF-8."""
        value = self._values.get(key)
        if not isinstance(value, Strings) or len(value) > most:
            raise self._no_array(key, f"at most {most} strings")
        try:
            return [raw.decode() for raw in value.encoded()]
        except UnicodeDecodeError as reason:
            raise self.fail(key, f"got a string that is not UTF-8: {reason.reason}") from reason

    def numbers(self, key: str, count: int) -> npt.NDArray[np.float64]:
        """Return an array of `count` finite numbers. Raises: CheckpointError."""
        value = self._values.get(key)
        if not isinstance(value, np.ndarray) or len(value) != count:
            raise self._no_array(key, f"{count} numbers")
        numbers = value.astype(np.float64)
        if not np.isfinite(numbers).all():
            raise self.fail(key, "got a number that is not finite")
        return numbers

    def fail(self, key: str, message: str) -> CheckpointError:
        """Return, for the caller to raise, the error about a value."""
        return CheckpointError(message, where=f"{self.where}: {key}", help=DOWNLOAD_AGAIN)

    def _no_array(self, key: str, wanted: str) -> CheckpointError:
        value = self._values.get(key)
        count = len(value) if isinstance(value, Strings | np.ndarray) else None
        got = "nothing" if value is None else "a single value" if count is None else f"an array of {count}"
        return self.fail(key, f"got {got}, wanted an array of {wanted}")


def _scalar(value: Value) -> object:
    """Return a scalar as it is, and an array as a list, which no scalar field takes.

    Converters write some settings once for each layer: where all are equal, they are one number.
    """
    if isinstance(value, Strings):
        return []
    if isinstance(value, np.ndarray):
        return value[0].item() if 0 < len(value) <= 1024 and (value == value[0]).all() else []
    return value
