"""Timings of a turn: where the time went."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter


@dataclass
class Timings:
    """Times of the work since `Engine.start_timing`, in seconds.

    prefill_seconds is from the first `feed` until the device is done with it. decode_seconds is wall time
    from `generate` to the last token received, including whatever the caller does between tokens.
    host_seconds is processor time of this thread for handing over steps and collecting ids (with a software
    adapter that includes what its driver does in this thread). drafted_tokens counts what a draft model
    guessed, accepted_tokens those guesses that were right, and generated_tokens has these, too.
    """

    prompt_tokens: int = 0
    prefill_seconds: float = 0.0
    generated_tokens: int = 0
    decode_seconds: float = 0.0
    first_token_seconds: float | None = None
    host_seconds: float = 0.0
    steps: int = 0
    dispatches: int = 0
    drafted_tokens: int = 0
    accepted_tokens: int = 0
    began: float = field(default_factory=perf_counter, repr=False)

    def count_token(self, last_seen: float) -> float:
        """Count a generated token, with the time since the one before it; return the time of this one."""
        now = perf_counter()
        self.generated_tokens += 1
        self.decode_seconds += now - last_seen
        if self.first_token_seconds is None:
            self.first_token_seconds = now - self.began
        return now

    @property
    def prefill_rate(self) -> float:
        """Prompt tokens per second; 0 where none were fed."""
        return self.prompt_tokens / self.prefill_seconds if self.prefill_seconds > 0 else 0.0

    @property
    def decode_rate(self) -> float:
        """Generated tokens per second; 0 where none were generated."""
        return self.generated_tokens / self.decode_seconds if self.decode_seconds > 0 else 0.0

    @property
    def host_us_per_dispatch(self) -> float:
        """Microseconds of this thread's processor time per decode dispatch."""
        return 1e6 * self.host_seconds / self.dispatches if self.dispatches else 0.0

    def to_json(self) -> dict[str, float | int | None]:
        """Return the numbers under their names, rates included."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "prefill_seconds": self.prefill_seconds,
            "prefill_tokens_per_second": self.prefill_rate,
            "generated_tokens": self.generated_tokens,
            "decode_seconds": self.decode_seconds,
            "decode_tokens_per_second": self.decode_rate,
            "first_token_seconds": self.first_token_seconds,
            "host_us_per_dispatch": self.host_us_per_dispatch,
            "dispatches": self.dispatches,
            "drafted_tokens": self.drafted_tokens,
            "accepted_tokens": self.accepted_tokens,
        }
