"""How an answer is drawn and where it ends, as keyword arguments of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from kernelc.errors import UsageError
from runtime.chat.request import CompletionRequest
from runtime.engine.sampling import SamplingChanges, SamplingParams
from runtime.grammar.grammar import Grammar
from runtime.grammar.json.schema import json_schema_grammar


class Settings(TypedDict, total=False):
    """What may be said of an answer; all of it may be left out.

    `max_new`: the most tokens (512). `stop`: texts that end it and are not part of it. `temperature`,
    `top_k`, `top_p`, `min_p`, `repetition_penalty`: how tokens are drawn, else as the model's authors want;
    temperature 0 takes the likeliest. `seed`: the same one gives the same text. `schema`: a JSON Schema that
    the answer follows, or `grammar`: any grammar of `runtime.grammar`.
    """

    max_new: int
    stop: Sequence[str]
    temperature: float
    top_k: int
    top_p: float
    min_p: float
    repetition_penalty: float
    seed: int
    schema: Mapping[str, Any]
    grammar: Grammar


def request_of(settings: Settings, *, own: SamplingParams | None = None, **what: Any) -> CompletionRequest:
    """Return a request. `what` is its prompt or messages; `own` is how it is sampled where nothing is said of
    it, None for as the model's authors want it. Raises: UsageError naming the setting, got and wanted."""
    if unknown := sorted(set(settings) - set(Settings.__annotations__)):
        raise UsageError(
            f"there is no setting {', '.join(unknown)}", help=f"one of {', '.join(Settings.__annotations__)}"
        )
    grammar = settings.get("grammar")
    schema = settings.get("schema")
    if schema is not None and grammar is not None:
        raise UsageError("got a schema and a grammar, wanted one of them")
    changes = SamplingChanges(
        settings.get("temperature"),
        settings.get("top_k"),
        settings.get("top_p"),
        settings.get("min_p"),
        settings.get("repetition_penalty"),
        settings.get("seed"),
    )
    return CompletionRequest(
        **what,
        max_new=settings.get("max_new", 512),
        sampling=changes if own is None else changes.over(own),
        stop=settings.get("stop", ()),
        grammar=grammar if schema is None else json_schema_grammar(schema),
    )
