"""The errors of kernelc: what went wrong, where, and what to do about it.

Two families. A `KernelcError` is for a person: it is shown as one line on stderr and decides the exit code.
An `InternalError` is a bug of ours: it keeps its traceback and carries the IR that broke the invariant.

Messages name the caller's settings, such as `context`, between backquotes and by their names in
Python. Each surface shows them as its users know them: `str(error)` and `render()` bare, a command line as
its flag (see `spell_settings`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_SETTING = re.compile(r"`([a-z][a-z0-9_]*)`")
_AS_THEY_ARE: Mapping[str, str] = MappingProxyType({})
_MAX_PART_CHARS = 2000  # names out of untrusted files end up in messages; no file may flood a terminal


class KernelcError(Exception):
    """The user's mistake or unusable input; the command ends with exit code 2.

    `message` says what was got and what was wanted, `where` names the file and field (for example
    "model/config.json: num_attention_heads"), `help` says what to do. All three may name settings between
    backquotes.
    """

    exit_code = 2

    def __init__(self, message: str, *, where: str | None = None, help: str | None = None) -> None:
        super().__init__(spell_settings(message))
        self.message = message
        self.where = where
        self.help = help

    def render(self, spelling: Mapping[str, str] = _AS_THEY_ARE) -> str:
        """Return the error as one printable line: "error: WHERE: MESSAGE (help: HELP)".

        `spelling` says how settings are shown, such as the flags of a command line by their names.
        """

        def shown(text: str) -> str:
            return _one_line(spell_settings(text, spelling))

        where = f"{shown(self.where)}: " if self.where else ""
        help_ = f" (help: {shown(self.help)})" if self.help else ""
        return f"error: {where}{shown(self.message)}{help_}"

    def __reduce__(self) -> tuple[object, ...]:
        # Exception's own pickling forgets keyword arguments; worker processes send these errors home.
        return _rebuild, (type(self), self.message, self.where, self.help)


class UsageError(KernelcError):
    """A request for the impossible: a setting out of range, a missing folder, two settings at odds."""


class ShapeError(KernelcError):
    """Shapes, element types or symbolic dims that do not fit each other."""


class CheckpointError(KernelcError):
    """Weights that are missing, truncated, malformed or not finite."""


class ConfigError(KernelcError):
    """A config.json that is malformed, contradictory or describes a model that kernelc does not know."""


class TokenizerError(KernelcError):
    """A tokenizer file that is malformed or disagrees with the model."""


class TemplateError(KernelcError):
    """A chat template that does not parse, reaches outside its sandbox or refuses the conversation."""


class QuantizeError(KernelcError):
    """Values that the chosen weight format cannot hold."""


class ArtifactError(KernelcError):
    """An artifact folder that is malformed, incomplete, corrupted or of another version."""


class DeviceError(KernelcError):
    """No usable device, or a device whose limits are too small for the artifact."""


class ContextError(KernelcError):
    """A prompt or conversation that does not fit the context."""


class WorkFailed(KernelcError):
    """The input was fine, the work itself failed: a mismatch in verify, a kernel that the driver refused."""

    exit_code = 1


class InternalError(Exception):
    """A broken invariant of kernelc itself, with the text of the IR that broke it."""

    def __init__(self, message: str, *, ir: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.ir = ir

    def __str__(self) -> str:
        return self.message if self.ir is None else f"{self.message}\n{self.ir}"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_internal, (self.message, self.ir)


def spell_settings(text: str, spelling: Mapping[str, str] = _AS_THEY_ARE) -> str:
    """Return `text` with each setting between backquotes as `spelling` has it, or else bare: "use a smaller
    `context`" becomes "use a smaller context".

    What stands between other backquotes, such as `kernelc build`, stays as it is.
    """
    return _SETTING.sub(lambda found: spelling.get(found[1], found[1]), text)


def _rebuild(kind: type[KernelcError], message: str, where: str | None, help: str | None) -> KernelcError:
    return kind(message, where=where, help=help)


def _rebuild_internal(message: str, ir: str | None) -> InternalError:
    return InternalError(message, ir=ir)


def _one_line(text: str) -> str:
    """Fold line breaks into spaces and escape what a terminal would act on."""
    folded = " ".join(text.split())
    if len(folded) > _MAX_PART_CHARS:
        folded = folded[: _MAX_PART_CHARS - 3] + "..."
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in folded)
