"""The ticket of executors that do the work before they return."""

from __future__ import annotations

from kernelc.errors import InternalError


class FinishedTicket:
    """A step, which is done as soon as it is handed over, and its fetched bytes."""

    def __init__(self, fetched: list[bytes]) -> None:
        self._fetched: list[bytes] | None = fetched

    def result(self) -> list[bytes]:
        """See `runtime.device.executor.Ticket`."""
        if self._fetched is None:
            raise InternalError("a ticket's result was collected or discarded before")
        fetched, self._fetched = self._fetched, None
        return fetched

    def discard(self) -> None:
        """See `runtime.device.executor.Ticket`."""
        self._fetched = None
