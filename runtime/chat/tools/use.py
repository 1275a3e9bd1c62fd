"""Which tools an answer may call, and whether it must."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from kernelc.errors import UsageError
from runtime.grammar.grammar import Grammar


@dataclass(frozen=True)
class Tool:
    """A tool. `definition` is what templates see: {"type": "function", "function": {"name", "description",
    "parameters"}}. `grammar` is what the text of its arguments follows, where a call is required or the tool
    is strict."""

    name: str
    definition: Mapping[str, Any]
    grammar: Grammar | None = None


@dataclass(frozen=True)
class ToolUse:
    """The `tools` that the model is told of, and the names of those that it may call, `callable`.

    With `required` the answer is a call, which follows the grammar of its tool; each of `callable` has one
    then. Without `parallel` an answer ends after its first call. With `several` it may have more than one
    call where one is required, if the model's form has any way of writing them. Raises: UsageError.
    """

    tools: tuple[Tool, ...]
    callable: tuple[str, ...]
    required: bool = False
    parallel: bool = True
    several: bool = False

    def __post_init__(self) -> None:
        if not self.tools or not self.callable:
            raise UsageError("tools is empty, wanted at least one tool that may be called")
        if self.required and any(each.grammar is None for each in self.called):
            raise UsageError("a tool has no grammar, wanted one for each where a call is required")

    @property
    def held(self) -> bool:
        """Whether calls follow grammars: one that is required, or of a tool that has one."""
        return self.required or any(each.grammar is not None for each in self.called)

    @property
    def strings(self) -> dict[str, list[str]]:
        """The parameters of each tool that are texts."""
        return {each.name: _strings(each.definition) for each in self.tools}

    @property
    def called(self) -> tuple[Tool, ...]:
        """The tools that may be called."""
        return tuple(each for each in self.tools if each.name in self.callable)


def _strings(definition: Mapping[str, Any]) -> list[str]:
    properties: object = definition["function"].get("parameters", {}).get("properties")
    if not isinstance(properties, dict):
        return []
    schemas = cast("dict[str, Any]", properties)
    return [name for name, each in schemas.items() if isinstance(each, dict) and _is_string(each)]


def _is_string(schema: Any) -> bool:
    return schema.get("type") == "string"
