"""Embeddings over HTTP, with the official client, of a model whose vectors are known."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import openai
import pytest

from kernelc.serve.scheduler import Served
from runtime.chat.embedding import Embedder
from tests.runtime.fake_engine import BOS, encode_bytes
from tests.serve.serving import ask, fake, serving


def vector(ids: Sequence[int]) -> np.ndarray:
    return np.array([len(ids), ids[-1], 0.1], np.float32)


def model(context: int = 100) -> Served:
    embedder = Embedder(vector, encode_bytes, prefix=[BOS], context=context)
    return replace(fake(lambda ids: "yes"), embedder=embedder)


def test_the_client_gets_its_vectors() -> None:
    with serving(model()) as running:
        client = running.client()
        for encoding in ({}, {"encoding_format": "float"}):  # base64 unless it is told otherwise
            found = client.embeddings.create(model="fake", input=["ab", "c"], **encoding)  # type: ignore[arg-type]
            wanted = [vector([BOS, *encode_bytes(text)]) for text in ("ab", "c")]
            assert [each.index for each in found.data] == [0, 1]
            for each, want in zip(found.data, wanted, strict=True):
                assert np.array_equal(np.array(each.embedding, np.float32), want)
            assert (found.usage.prompt_tokens, found.usage.total_tokens) == (5, 5)
        of_ids = client.embeddings.create(model="fake", input=[5, 6, 7], encoding_format="float")
        assert of_ids.data[0].embedding == [3.0, 7.0, pytest.approx(0.1)]
        of_many = client.embeddings.create(model="fake", input=[[5], [6, 7]], encoding_format="float")
        assert [each.embedding[:2] for each in of_many.data] == [[1.0, 5.0], [2.0, 7.0]]
        chat = client.chat.completions.create(model="fake", messages=ask("hi"))
        assert chat.choices[0].message.content == "yes"  # after and between embeddings
        assert (
            running.metric('kernelc_http_requests_total{method="POST",path="/v1/embeddings",status="200"}')
            == 4
        )


def test_base64_is_the_bytes_of_the_numbers() -> None:
    with serving(model()) as running, running.http() as http:
        body = {"input": "c", "encoding_format": "base64"}
        answer = http.post("/v1/embeddings", json=body).json()
    data = base64.b64decode(answer["data"][0]["embedding"])
    assert np.array_equal(np.frombuffer(data, "<f4"), vector([BOS, *encode_bytes("c")]))
    assert (answer["object"], answer["data"][0]["object"], answer["model"]) == ("list", "embedding", "fake")


@pytest.mark.parametrize(
    ("fields", "param", "message"),
    [
        ({}, "input", "input is null, wanted a text"),
        ({"input": ""}, "input", "input is empty"),
        ({"input": ["a", ""]}, "input[1]", "input[1] is empty"),
        ({"input": []}, "input", "input is a list of 0"),
        ({"input": [1 << 40]}, "input[0]", "wanted an integer from 0 to"),
        ({"input": [["a"]]}, "input[0][0]", "wanted an integer"),
        ({"input": "a", "encoding_format": "hex"}, "encoding_format", 'wanted "float" or "base64"'),
        ({"input": "a", "dimensions": 8}, "dimensions", "not supported"),
        ({"input": "a", "inputs": 8}, "inputs", "wanted perhaps input"),
        ({"input": "a" * 200}, None, "the text is 201 tokens, the context holds 100"),
    ],
)
def test_what_is_wrong_is_refused(fields: dict[str, Any], param: str | None, message: str) -> None:
    with serving(model()) as running, running.http() as http:
        answer = http.post("/v1/embeddings", json={"model": "fake", **fields})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["param"] == param and message in error["message"]


def test_without_the_option_there_are_none() -> None:
    with serving(fake(lambda ids: "x")) as running, pytest.raises(openai.NotFoundError, match="embeddings"):
        running.client().embeddings.create(model="fake", input="x")
