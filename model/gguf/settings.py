"""The settings of a GGUF file's architecture: the values under "llama.", "gemma3." and so on."""

from __future__ import annotations

from collections.abc import Mapping

from kernelc.errors import CheckpointError
from model.gguf.container import TensorInfo
from model.gguf.metadata import Metadata


class Settings:
    """Typed access to `ARCHITECTURE.key`, and to what the tensors alone say."""

    def __init__(self, metadata: Metadata, tensors: Mapping[str, TensorInfo], architecture: str) -> None:
        """Read the sizes that every architecture has. Raises: CheckpointError where one is missing or odd."""
        self.metadata, self.tensors, self.architecture = metadata, tensors, architecture
        self.layers = self._size("block_count", 1024)
        self.heads = self._size("attention.head_count", 1024)
        self.hidden = self._size("embedding_length", 1 << 16)
        self.longest = self._size("context_length", 1 << 24)
        self.hidden_per_head = max(self.hidden // self.heads, 1)
        self.head_dim = self.integer("attention.key_length", None) or self.hidden_per_head

    def integer(self, key: str, default: int | None) -> int | None:
        """Return a whole number, `default` where there is none. Raises: CheckpointError."""
        if not self.metadata.has(self._key(key)):
            return default
        return self.metadata.fields.integer(self._key(key), 0, 1 << 31)

    def number(self, key: str, default: float | None) -> float | None:
        """Return a number, `default` where there is none. Raises: CheckpointError."""
        if not self.metadata.has(self._key(key)):
            return default
        return self.metadata.fields.number(self._key(key), -1e30, 1e30)

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false. Raises: CheckpointError."""
        return self.metadata.fields.flag(self._key(key), default)

    def text(self, key: str, default: str) -> str:
        """Return a string. Raises: CheckpointError."""
        return self.metadata.fields.text(self._key(key), default)

    def has_bias(self, layer: str) -> bool:
        """Whether the linear layers of this name have a bias: the first one's tensor says so."""
        return self.has_tensor(f"blk.0.{layer}.bias")

    def has_tensor(self, name: str) -> bool:
        """Whether the file has this tensor."""
        return name in self.tensors

    def fail(self, key: str, message: str) -> CheckpointError:
        """Return, for the caller to raise, the error about a setting that no family computes."""
        where = f"{self.metadata.where}: {self._key(key)}"
        return CheckpointError(message, where=where, help="take a model of another kind")

    def _size(self, key: str, most: int) -> int:
        return self.metadata.fields.integer(self._key(key), 1, most)

    def _key(self, key: str) -> str:
        return f"{self.architecture}.{key}"
