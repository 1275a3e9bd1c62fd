"""What the pickles of `torch.save` mean: tensors as views of storages, which lie elsewhere in the file.

Source: `_rebuild_tensor_v2` and `_rebuild_parameter` in torch/_utils.py; `persistent_id` in
torch/serialization.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import cast

from model.checkpoints.torch.pickle_machine import PickleMachine
from model.checkpoints.torch.pickle_values import Global, Instance, Value, as_dict, as_tuple, kind_of

_STORAGES = {
    "torch.DoubleStorage": "F64", "torch.FloatStorage": "F32", "torch.HalfStorage": "F16",
    "torch.BFloat16Storage": "BF16", "torch.LongStorage": "I64", "torch.IntStorage": "I32",
    "torch.ShortStorage": "I16", "torch.CharStorage": "I8", "torch.ByteStorage": "U8",
    "torch.BoolStorage": "BOOL", "torch.storage.UntypedStorage": "U8",
}  # fmt: skip
"""The element types of torch's storages, as safetensors calls them."""

_TENSOR_PARTS = {"torch._utils._rebuild_tensor_v2": range(6, 8), "torch._utils._rebuild_tensor": range(4, 5)}
_MAX_RANK = 8
_MAX_NAME_CHARS = 512
_MAX_ELEMENTS = 1 << 48
_WRAPPERS = ("state_dict", "model_state_dict", "model", "module")
"""Keys under which training programs keep a model's tensors beside other things."""


@dataclass(frozen=True)
class Storage:
    """`length` numbers that lie in the file under `key`, or a part of them that begins at number `begin`."""

    key: str
    dtype: str
    length: int
    begin: int = 0


@dataclass(frozen=True)
class TensorView:
    """A tensor: numbers `offset + sum(index * stride)` of its storage, all proved to lie inside."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class TensorPickle(PickleMachine):
    """Reads one pickle of a file by torch."""

    def tensors(self) -> tuple[dict[str, TensorView], int]:
        """Return the tensors of the dictionary that the pickle holds by name, and where it ends.

        What else stands in the dictionary, such as a count of steps, is left out.
        Raises: CheckpointError.
        """
        value, end = self.run()
        found = _tensors_in(value)
        for key in _WRAPPERS:
            found = found or _tensors_in(as_dict(value).get(key))
        if not found:
            raise self.refuse(f"got {kind_of(value)}, wanted a dictionary of tensors by name")
        for name in found:
            if not name or len(name) > _MAX_NAME_CHARS or not name.isprintable():
                raise self.refuse(f"got the tensor name {kind_of(name)}, wanted printable letters")
        return found, end

    def called(self, function: Global, arguments: Value) -> Value:
        """See `PickleMachine.called`: tensors, and the dictionaries that hold them."""
        items = as_tuple(arguments)
        if function.name == "collections.OrderedDict" and arguments == ():
            return Instance()
        if function.name in _TENSOR_PARTS and len(items) in _TENSOR_PARTS[function.name]:
            return self._view(*items[:4])
        if function.name == "torch._utils._rebuild_tensor_v3" and len(items) > 6:
            raise self.refuse(f"got a tensor of type {kind_of(items[6])}, wanted f32, f16 or bf16")
        if function.name == "torch._utils._rebuild_parameter" and items and isinstance(items[0], TensorView):
            return items[0]
        raise self.refuse(f"the file wants to call {function.name}, which holds no tensor")

    def _view(self, storage: Value, offset: Value, shape: Value, strides: Value) -> TensorView:
        """Return a tensor, proved to lie inside its storage."""
        sizes, steps = self._counts(shape), self._counts(strides)
        if not isinstance(storage, Storage) or not _is_count(offset) or len(sizes) != len(steps):
            raise self.refuse(f"got a tensor of {kind_of(storage)} and offset {kind_of(offset)}")
        first, elements = cast("int", offset), math.prod(sizes)
        last = first + sum((size - 1) * step for size, step in zip(sizes, steps, strict=True))
        if elements and (last >= storage.length or elements > storage.length):
            raise self.refuse(
                f"got a tensor of shape {list(sizes)}, strides {list(steps)} and offset {first}, which"
                f" reaches beyond the {storage.length} numbers of its storage or repeats them"
            )
        return TensorView(storage, first if elements else 0, sizes, steps)

    def loaded(self, name: Value) -> Storage:
        """Return the storage that a persistent id names: ("storage", type, key, device, length[, view])."""
        parts = as_tuple(name)
        if not 5 <= len(parts) <= 6 or parts[0] != "storage":
            raise self.refuse(f"got a reference to {kind_of(parts[0] if parts else name)}")
        kind, key, length = parts[1], parts[2], parts[4]
        dtype = _STORAGES.get(kind.name) if isinstance(kind, Global) else None
        if dtype is None:
            raise self.refuse(f"got a storage of type {kind_of(kind)}, wanted one of plain numbers")
        if not isinstance(key, str) or not _is_count(length):
            raise self.refuse(f"got a storage {kind_of(key)} of {kind_of(length)} numbers")
        whole = Storage(key, dtype, cast("int", length))
        return whole if len(parts) == 5 or parts[5] is None else self._part(whole, parts[5])

    def _part(self, whole: Storage, view: Value) -> Storage:
        """Return part of a storage, as files before PyTorch 1.6 have them: (key, first number, length)."""
        parts = as_tuple(view)
        if len(parts) != 3 or not _is_count(parts[1]) or not _is_count(parts[2]):
            raise self.refuse(f"got {kind_of(view)} for a part of a storage")
        begin, length = cast("tuple[int, int]", parts[1:])
        if begin + length > whole.length:
            raise self.refuse(f"got a part {begin}..{begin + length} of {whole.length} numbers")
        return replace(whole, begin=begin, length=length)

    def _counts(self, value: Value) -> tuple[int, ...]:
        items, kind = as_tuple(value), kind_of(value)
        if not isinstance(value, tuple) or len(items) > _MAX_RANK or not all(map(_is_count, items)):
            wanted = f"at most {_MAX_RANK} sizes"
            raise self.refuse(f"got {kind} for a shape or strides, wanted {wanted}")
        return cast("tuple[int, ...]", items)


def _tensors_in(value: Value) -> dict[str, TensorView]:
    items = as_dict(value).items()
    return {key: item for key, item in items if isinstance(key, str) and isinstance(item, TensorView)}


def _is_count(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_ELEMENTS
