"""Errors as OpenAI's error object."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from kernelc.errors import ContextError, DeviceError, UsageError
from runtime.chat.openai.requests import RequestError, parse_chat
from runtime.chat.openai.responses import error_of
from tests.runtime.tiny_kernels import VOCAB


def test_a_refusal_is_openais_error_object():
    with pytest.raises(RequestError) as caught:
        parse_chat({"messages": [{"role": "user", "content": "hi"}], "tempreature": 1}, vocab_size=VOCAB)
    assert json.loads(json.dumps(error_of(caught.value))) == {
        "error": {
            "message": "tempreature is not a known field, wanted perhaps temperature",
            "type": "invalid_request_error",
            "param": "tempreature",
            "code": "unknown_parameter",
        }
    }
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.param, again.code) == (str(caught.value), "tempreature", "unknown_parameter")


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (UsageError("no"), "invalid_request_error", None),
        (ContextError("too long", help="shorten it"), "invalid_request_error", "context_length_exceeded"),
        (DeviceError("gone"), "server_error", None),
    ],
)
def test_other_errors_say_whose_mistake_it_is(error: Any, kind: str, code: str | None):
    found = error_of(error)["error"]
    assert (found["type"], found["code"], found["param"]) == (kind, code, None)
    assert (error.help or "") in found["message"]
