"""OpenAI's client for JavaScript against a running server (web/tests/node/openai.mjs)."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from tests.conftest import REPO
from tests.serve.serving import PATIENCE, fake, serving

WEB = REPO / "web"


@pytest.fixture
def node() -> str:
    """The program that runs the client."""
    found = shutil.which("node")
    if found is None or not (WEB / "node_modules" / "openai").is_dir():
        pytest.skip("node or openai in web/node_modules is missing: `make setup` installs both")
    return found


def test_the_client_for_javascript(node: str) -> None:
    call = '<tool_call>{"name": "get_time", "arguments": {"zone": "CET"}}</tool_call>'
    models = fake(lambda ids: "Hello, you."), fake(lambda ids: call, "caller", context=4000)
    with serving(*models) as running:
        done = subprocess.run(
            [node, "tests/node/openai.mjs", f"{running.url}/v1"],
            cwd=WEB,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "models": ["fake", "caller"],
        "chat": ["Hello, you.", "stop", 11],
        "stream": "Hello, you.",
        "text": "Hel",
        "call": ["tool_calls", "get_time", '{"zone": "CET"}'],
        "same": True,
        "refused": ["BadRequestError", 400, "temperature"],
    }
