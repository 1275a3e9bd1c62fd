"""/metrics, read by the rules of Prometheus' text format, and what is counted in it."""

from __future__ import annotations

import re

import pytest

from kernelc.serve.metrics import Metrics
from tests.serve.serving import fake, serving

LABEL = r'[a-z_]+="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"([a-z_]+)(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?[0-9.e+]+)")


def read(text: str) -> dict[str, float]:
    """The samples of a text, each of which belongs to the family declared above it."""
    assert text.endswith("\n")
    found: dict[str, float] = {}
    family = kind = ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            family = line.split()[2]
        elif line.startswith("# TYPE "):
            assert line.split()[2] == family
            kind = line.split()[3]
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            suffixes = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
            assert sample[1] in {family + suffix for suffix in suffixes}, line
            name = sample[1] + (f"{{{sample[2]}}}" if sample[2] else "")
            assert name not in found, "a sample comes twice"
            found[name] = float(sample[3])
    return found


def test_the_server_counts_what_it_does() -> None:
    with serving(fake(lambda ids: "hello")) as running:
        for _ in range(2):
            running.client().completions.create(model="fake", prompt="four", max_tokens=3)
        with running.http() as http:
            answer = http.get("/metrics")
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = read(answer.text)
    assert found['kernelc_http_requests_total{method="POST",path="/v1/completions",status="200"}'] == 2
    assert found['kernelc_prompt_tokens_total{model="fake"}'] == 8
    assert found['kernelc_reused_tokens_total{model="fake"}'] == 3  # one is fed at least
    assert found['kernelc_generated_tokens_total{model="fake"}'] == 6
    assert found['kernelc_call_seconds_count{path="/v1/completions"}'] == 2
    assert found['kernelc_call_seconds_bucket{path="/v1/completions",le="+Inf"}'] == 2
    assert found['kernelc_calls_waiting{model="fake"}'] == 0
    assert found['kernelc_model_healthy{model="fake"}'] == 1


def test_buckets_are_cumulative() -> None:
    metrics = Metrics()
    for seconds in (0.005, 0.03, 0.2, 1000.0):
        metrics.observe("kernelc_first_token_seconds", seconds, model="m")
    found = read(metrics.text())
    name = 'kernelc_first_token_seconds_bucket{{model="m",le="{}"}}'
    counts = [found[name.format(le)] for le in ("0.01", "0.03", "0.1", "0.3", "100", "+Inf")]
    assert counts == [1, 2, 2, 3, 3, 4]
    assert found['kernelc_first_token_seconds_sum{model="m"}'] == pytest.approx(1000.235)


def test_names_of_models_are_escaped() -> None:
    metrics = Metrics()
    metrics.count("kernelc_generated_tokens_total", 3, model='a "b"\\c\nd')
    assert read(metrics.text())[r'kernelc_generated_tokens_total{model="a \"b\"\\c\nd"}'] == 3


def test_what_nobody_declared_is_not_counted() -> None:
    with pytest.raises(KeyError):
        Metrics().count("kernelc_cats_total")
