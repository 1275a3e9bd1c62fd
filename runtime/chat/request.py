"""A request for a completion, checked: what to complete, and how."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kernelc.errors import UsageError
from runtime.chat.messages import GivenMessages, plain_messages
from runtime.chat.stop_strings import check_stops
from runtime.chat.tools.use import ToolUse
from runtime.engine.host_sampling import Adjustments
from runtime.engine.sampling import SamplingChanges, SamplingParams
from runtime.grammar.grammar import Grammar

_MOST_TOP_LOGPROBS = 20
_MOST_BIAS = 100.0
_MOST_PENALTY = 2.0


@dataclass(frozen=True)
class CompletionRequest:
    """What to complete, and how.

    Exactly one of three says what: `messages` ({"role", "content"} each, through the model's chat template),
    `prompt` (a text to continue, after BOS where the model wants it; what looks like markup in it is text) or
    `prompt_ids` (used as they are). Messages may be what OpenAI's API takes: see `runtime.chat.messages`.
    `sampling` None stands for the model's own defaults, and `SamplingChanges` for these with some changes.
    `stop` are texts that end the answer and are not part of it. `logit_bias` is added to the logits of
    tokens, by id. `top_logprobs` asks for the log probability of each generated token, and of so many of the
    likeliest ones; None asks for none.

    `grammar` is what the text of the answer must follow: see `runtime.grammar`. Such an answer is whole
    unless `max_new` tokens, the context or a stop string end it before. A grammar object that is used again
    is prepared once.

    `tools` are those that an answer to messages may call; where it must, its grammar is theirs.
    `splits_thoughts` takes the thoughts of models that write some apart from the text of an answer to
    messages.

    Biases, penalties by count, log probabilities and grammars are computed on the host, one step at a time;
    all other requests are sampled on the device. Raises: UsageError naming the field, got and wanted.
    """

    messages: GivenMessages | None = None
    prompt: str | None = None
    prompt_ids: Sequence[int] | None = None
    max_new: int = 512
    sampling: SamplingParams | SamplingChanges | None = None
    stop: Sequence[str] = ()
    logit_bias: Mapping[int, float] = field(default_factory=dict[int, float])
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    top_logprobs: int | None = None
    grammar: Grammar | None = None
    tools: ToolUse | None = None
    splits_thoughts: bool = False

    def __post_init__(self) -> None:
        given = [each for each in (self.messages, self.prompt, self.prompt_ids) if each is not None]
        if len(given) != 1:
            raise UsageError(f"got {len(given)} of messages, prompt and `prompt_ids`, wanted one of them")
        if self.messages is not None:
            plain_messages(self.messages)
        if self.tools is not None and (self.messages is None or self.grammar is not None):
            raise UsageError("tools are for messages, and not with a grammar")
        check_stops(self.stop)
        if self.max_new < 0:
            raise UsageError(f"`max_new` is {self.max_new}, wanted 0 or more")
        if self.top_logprobs is not None and not 0 <= self.top_logprobs <= _MOST_TOP_LOGPROBS:
            raise UsageError(f"top_logprobs is {self.top_logprobs}, wanted 0 to {_MOST_TOP_LOGPROBS}")
        _check_size("frequency_penalty", self.frequency_penalty, _MOST_PENALTY)
        _check_size("presence_penalty", self.presence_penalty, _MOST_PENALTY)
        for token, bias in self.logit_bias.items():
            _check_size(f"logit_bias[{token}]", bias, _MOST_BIAS)

    @property
    def adjustments(self) -> Adjustments:
        """What changes the logits before a token is drawn."""
        return Adjustments(self.logit_bias, self.frequency_penalty, self.presence_penalty)

    @property
    def chooses_on_host(self) -> bool:
        """Whether the host must choose each token: kernels know neither biases nor counts nor grammars."""
        constrained = self.grammar is not None or (self.tools is not None and self.tools.held)
        return constrained or self.adjustments.any or self.top_logprobs is not None


def _check_size(name: str, value: float, most: float) -> None:
    if not abs(value) <= most or math.isnan(value):
        raise UsageError(f"{name} is {value!r}, wanted a number from {-most:g} to {most:g}")
