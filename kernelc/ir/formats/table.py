"""Which format each matrix of a model gets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from kernelc.errors import UsageError
from kernelc.ir.formats.registry import FORMATS

_HELP = "for example: q4,head=q8,*.down_proj.weight=q4a"


@dataclass(frozen=True)
class Override:
    """Another format for the matrices whose checkpoint name matches `pattern` and whose role is `role`.

    `pattern` is a glob as the shell has it, case-sensitive, over the whole name. An empty `pattern` or `role`
    matches everything; at least one of them is given.
    """

    format: str
    pattern: str = ""
    role: str = ""

    def matches(self, name: str, roles: Sequence[str]) -> bool:
        """Whether it applies to the tensor `name` that is used in `roles`."""
        by_name = not self.pattern or fnmatchcase(name, self.pattern)
        return by_name and (not self.role or self.role in roles)

    def __str__(self) -> str:
        return f"{'&'.join(part for part in (self.role, self.pattern) if part)}={self.format}"


@dataclass(frozen=True)
class FormatTable:
    """A format for every matrix: of the `overrides` in order the first that matches, else `default`.

    Raises UsageError for a format that is unknown, and for an override that names nothing.
    """

    default: str
    overrides: tuple[Override, ...] = ()

    def __post_init__(self) -> None:
        for name in (self.default, *(override.format for override in self.overrides)):
            if name not in FORMATS:
                raise UsageError(f"unknown weight format {name!r}, wanted one of: {', '.join(FORMATS)}")
        for override in self.overrides:
            if not (override.pattern or override.role):
                raise UsageError(f"{override} says no name and no role", help=_HELP)

    @staticmethod
    def parse(text: str) -> FormatTable:
        """Read a table as `str` writes it: "q4,head=q8,*.down_proj.weight=q4a,head&model.*=q8".

        The default comes first. A word without a dot or a glob's characters is a role, anything else a
        pattern; `&` joins one of each. Raises UsageError for anything else.
        """
        default, *rest = (part.strip() for part in text.split(","))
        return FormatTable(default, tuple(_override(part) for part in rest))

    def format_of(self, names: Sequence[str], *roles: str) -> str:
        """The format of the matrix that is packed from the tensors `names`.

        A tensor has several roles where it is used in several ways, as a tied embedding is.
        Raises UsageError where the tensors would get different formats: one matrix has one format.
        """
        chosen = {name: self._format_of(name, roles) for name in names}
        if len(set(chosen.values())) > 1:
            listed = ", ".join(f"{name} {form}" for name, form in chosen.items())
            raise UsageError(
                f"one matrix is packed from these tensors, but the formats differ: {listed}",
                help="give them the same format, for example with a pattern that matches all of them",
            )
        return next(iter(chosen.values()), self.default)

    def unused(self, matrices: Iterable[tuple[Sequence[str], Sequence[str]]]) -> list[Override]:
        """The overrides that match none of a model's matrices, each given as (names, roles)."""
        listed = list(matrices)
        return [
            override
            for override in self.overrides
            if not any(override.matches(name, roles) for names, roles in listed for name in names)
        ]

    def _format_of(self, name: str, roles: Sequence[str]) -> str:
        matching = (override.format for override in self.overrides if override.matches(name, roles))
        return next(matching, self.default)

    def __str__(self) -> str:
        return ",".join([self.default, *(str(override) for override in self.overrides)])


def _override(text: str) -> Override:
    keys, equals, form = text.rpartition("=")
    found: dict[str, str] = {}
    for key in (part.strip() for part in keys.split("&")):
        kind = "role" if key.isidentifier() else "pattern"
        if not key or kind in found:
            equals = ""
        found[kind] = key
    if not equals:
        raise UsageError(f"got {text!r}, wanted NAME=FORMAT or ROLE=FORMAT", help=_HELP)
    return Override(form.strip(), **found)
