"""All that a build takes from a model's text files, checked before the long part begins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kernelc.artifact import GenerationInfo, ModelInfo
from model.text.bounded_tokenizer import BoundedTokenizer
from model.text.chat_template import ChatTemplate, load_chat_template
from model.text.generation_defaults import generation_defaults
from model.text.page_names import missing_in_page
from model.text.stops import stop_ids
from model.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class ModelTexts:
    """A model's tokenizer and template, with what they say together about answers.

    `stop_ids` end an answer. `generation` is how answers are sampled, None where nothing says it. `notes` are
    sentences for whoever builds the model.
    """

    tokenizer: Tokenizer
    template: ChatTemplate
    stop_ids: tuple[int, ...]
    generation: GenerationInfo | None
    notes: tuple[str, ...]


def read_texts(folder: Path, model: ModelInfo) -> ModelTexts:
    """Read the text files of a model in `folder`.

    Raises: TokenizerError, TemplateError, ConfigError where one is malformed or belongs to another model.
    """
    tokenizer = BoundedTokenizer(folder, vocab_size=model.vocab_size)
    bos, eos = (None if i is None else tokenizer.token(i) for i in (tokenizer.bos_id, tokenizer.eos_id))
    template = load_chat_template(folder, bos_token=bos, eos_token=eos)
    return ModelTexts(
        tokenizer,
        template,
        stop_ids(model.eos_token_ids, tokenizer, template, model.vocab_size),
        generation_defaults(folder, model, chats=not template.is_plain),
        (*_left_out(tokenizer, model.vocab_size), *_page_gaps(template)),
    )


def _left_out(tokenizer: Tokenizer, vocab_size: int) -> list[str]:
    left_out = tokenizer.left_out
    if not left_out:
        return []
    (token, token_id), *others = left_out.items()
    more = f" and {len(others)} more" if others else ""
    return [f"the token {token!r} (id {token_id}){more} is left out: the model has {vocab_size} rows"]


def _page_gaps(template: ChatTemplate) -> list[str]:
    missing = missing_in_page(template)
    if not missing:
        return []
    return [f"in the page the chat template may fail: its engine lacks {', '.join(missing)}"]
