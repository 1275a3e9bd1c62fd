"""The prompts of an untrusted request for text completions."""

from __future__ import annotations

from typing import TypeAlias

from runtime.chat.openai.fields import Fields, a_text, an_integer, as_list
from runtime.chat.openai.messages import MOST_TEXT
from runtime.chat.openai.refusal import RequestError, refuse

Prompt: TypeAlias = str | tuple[int, ...]

MOST_PROMPTS = 128
MOST_IDS = 1 << 20
"""Ids of all prompts together: above any context."""
_WANTED = f"a text, a list of token ids, or a list of 1 to {MOST_PROMPTS} of either"


def read_prompts(fields: Fields, vocab_size: int, name: str = "prompt") -> list[Prompt]:
    """Return the prompts of the field `name`, at least one: texts to continue, or their token ids, each below
    `vocab_size`.

    Without a prompt the model starts a new text, as in OpenAI's API. Raises: RequestError.
    """
    given = fields.get(name)
    if given is None:
        return [""]
    if isinstance(given, str):
        return [a_text(name, given, 0, MOST_TEXT)]
    prompts = as_list(given)
    if not prompts:
        refuse(name, given, _WANTED)
    if not isinstance(prompts[0], str | list):
        return [_ids(name, prompts, vocab_size, MOST_IDS)]
    if len(prompts) > MOST_PROMPTS:
        refuse(name, prompts, _WANTED)
    return _several(name, prompts, vocab_size)


def _several(name: str, prompts: list[object], vocab_size: int) -> list[Prompt]:
    found: list[Prompt] = []
    room = {str: MOST_TEXT, tuple: MOST_IDS}
    for at, each in enumerate(prompts):
        path = f"{name}[{at}]"
        if isinstance(each, str):
            found.append(a_text(path, each, 0, room[str]))
        elif (ids := as_list(each)) is not None:
            found.append(_ids(path, ids, vocab_size, room[tuple]))
        else:
            refuse(path, each, "a text or a list of token ids")
        room[type(found[-1])] -= len(found[-1])
    return found


def _ids(path: str, ids: list[object], vocab_size: int, most: int) -> tuple[int, ...]:
    if not 0 < len(ids) <= most:
        raise RequestError(f"{path} has {len(ids)} token ids, wanted 1 to {most}", param=path)
    return tuple(an_integer(f"{path}[{at}]", each, 0, vocab_size - 1) for at, each in enumerate(ids))
