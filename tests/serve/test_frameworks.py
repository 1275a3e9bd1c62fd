"""LangChain and LiteLLM against a running server: nightly, in an environment of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.runtime.fake_engine import show
from tests.serve.serving import PATIENCE, fake, serving

PACKAGES = ("langchain-openai", "litellm")

LANGCHAIN = """
import json, sys
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

@tool
def get_time(zone: str) -> str:
    "The time in a zone."
    return "12:00"

model = ChatOpenAI(model="fake", base_url=sys.argv[1], api_key="none", max_retries=0).bind_tools([get_time])
asked = [HumanMessage("hi")]
said = model.invoke(asked)
(call,) = said.tool_calls
streamed = None
for chunk in model.stream(asked):
    streamed = chunk if streamed is None else streamed + chunk
asked += [said, ToolMessage(get_time.invoke(call["args"]), tool_call_id=call["id"])]
print(json.dumps({
    "call": [call["name"], call["args"]],
    "stream": [streamed.tool_calls[0]["name"], streamed.tool_calls[0]["args"]],
    "answer": model.invoke(asked).content,
}))
"""

LITELLM = """
import json, sys
import litellm

tools = [{"type": "function", "function": {"name": "get_time", "parameters": {
    "type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"]}}}]
how = {"model": "openai/fake", "api_base": sys.argv[1], "api_key": "none", "tools": tools, "num_retries": 0}
asked = [{"role": "user", "content": "hi"}]
said = litellm.completion(messages=asked, **how).choices[0]
(call,) = said.message.tool_calls
chunks = list(litellm.completion(messages=asked, stream=True, **how))
whole = litellm.stream_chunk_builder(chunks, messages=asked).choices[0].message.tool_calls[0].function
asked += [said.message.model_dump(), {"role": "tool", "tool_call_id": call.id, "content": "12:00"}]
print(json.dumps({
    "call": [call.function.name, json.loads(call.function.arguments)],
    "stream": [whole.name, json.loads(whole.arguments)],
    "answer": litellm.completion(messages=asked, **how).choices[0].message.content,
}))
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages, which are no dependency of ours."""
    folder = tmp_path_factory.mktemp("packages")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), *PACKAGES]
    done = subprocess.run(install, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"pip could not install {' and '.join(PACKAGES)}: {done.stderr.strip()[-200:]}")
    return folder


@pytest.mark.nightly
@pytest.mark.parametrize("script", [LANGCHAIN, LITELLM], ids=PACKAGES)
def test_a_framework_calls_tools(packages: Path, script: str) -> None:
    def reply(ids: Sequence[int]) -> str:
        called = '<tool_call>{"name": "get_time", "arguments": {"zone": "CET"}}</tool_call>'
        return "Noon." if "12:00" in show(ids) else called

    with serving(fake(reply, context=4000)) as running:
        done = subprocess.run(
            [sys.executable, "-c", script, f"{running.url}/v1"],
            env={**os.environ, "PYTHONPATH": str(packages), "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
            capture_output=True,
            text=True,
            timeout=10 * PATIENCE,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    call = ["get_time", {"zone": "CET"}]
    assert json.loads(done.stdout.splitlines()[-1]) == {"call": call, "stream": call, "answer": "Noon."}
