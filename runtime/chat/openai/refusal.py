"""Refusals of a request: for a person, who is told the field, what it holds and what was wanted."""

from __future__ import annotations

from typing import Literal, NoReturn, TypeAlias, cast

from kernelc.errors import UsageError

RefusalCode: TypeAlias = Literal["invalid_value", "unknown_parameter", "unsupported_parameter"]

_MOST_SHOWN = 80


class RequestError(UsageError):
    """A request that is refused. `param` is the field's path as OpenAI writes it ("messages[1].content").

    `param` is None where the body as a whole is wrong. `code` tells programs what kind of refusal it is. Both
    can be encoded, although names in a request may have halves of surrogate pairs.
    """

    def __init__(self, message: str, *, param: str | None, code: RefusalCode = "invalid_value") -> None:
        super().__init__(printable(message), where=None)
        self.param = None if param is None else printable(param)
        self.code: RefusalCode = code

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.message, self.param, self.code)


def _rebuild(message: str, param: str | None, code: RefusalCode) -> RequestError:
    return RequestError(message, param=param, code=code)


def refuse(param: str, value: object, wanted: str) -> NoReturn:
    """Raise the RequestError of a field that is not what is `wanted`."""
    raise RequestError(f"{param} is {shown(value)}, wanted {wanted}", param=param)


def shown(value: object) -> str:
    """Return a JSON value in few words; the page's engine uses the same."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = printable(value[: _MOST_SHOWN + 1])
        return f'"{text}"' if len(text) <= _MOST_SHOWN else f'"{text[:_MOST_SHOWN]}..."'
    if isinstance(value, list):
        return f"a list of {len(cast('list[object]', value))}"
    if isinstance(value, int | float):
        return _shown_number(value)
    return "an object"


def _shown_number(value: int | float) -> str:
    if isinstance(value, int) and abs(value) >= 1 << 64:
        return "a number beyond all limits"  # Python refuses to write out numbers of thousands of digits
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else repr(value)


def printable(text: str) -> str:
    """Return `text` with every lone surrogate, which no encoding has, as U+FFFD."""
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
