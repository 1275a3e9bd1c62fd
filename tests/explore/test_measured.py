"""Times that were measured: read from wherever they are in a file, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import UsageError
from kernelc.explore.measured import read_measured

ROW = {
    "kernel": "rms_norm_256",
    "calls": 4,
    "microseconds": 20.0,
    "share": 0.1,
    "bytes": 1000,
    "operations": 5,
}
RESULT = {"device": "cpu: x", "bandwidth_bytes_per_second": 1e9, "profile": {"decode": [ROW]}}


def read(tmp_path: Path, data: object) -> dict[str, list[dict[str, object]]]:
    file = tmp_path / "times.json"
    file.write_text(json.dumps(data))
    return read_measured(file, {"rms_norm_256"})


@pytest.mark.parametrize("data", [RESULT, {"bench": {"a model on cpu": RESULT}}, [1, {"x": [RESULT]}]])
def test_a_profile_is_found_at_any_depth(tmp_path: Path, data: object):
    (row,) = read(tmp_path, data)["rms_norm_256"]
    assert row["device"] == "cpu: x" and row["step"] == "decode" and row["calls"] == 4
    assert row["bytes_per_second"] == pytest.approx(2e8)
    assert row["share_of_bandwidth"] == pytest.approx(0.2)


def test_more_than_the_bandwidth_is_no_share(tmp_path: Path):
    (row,) = read(tmp_path, {**RESULT, "bandwidth_bytes_per_second": 1e8})["rms_norm_256"]
    assert row["share_of_bandwidth"] is None


@pytest.mark.parametrize(("bytes_", "microseconds"), [(1e300, 1e-300), (1e308, 5e-324), (10**400, 1.0)])
def test_a_rate_that_no_number_holds_is_left_out(tmp_path: Path, bytes_: float, microseconds: float):
    row = {**ROW, "bytes": bytes_, "microseconds": microseconds}
    (found,) = read(tmp_path, {**RESULT, "profile": {"decode": [row]}})["rms_norm_256"]
    assert found["bytes_per_second"] is None and found["share_of_bandwidth"] is None


@pytest.mark.parametrize(
    "data",
    [{}, [], 7, {"profile": 1}, {"profile": {"decode": [{**ROW, "kernel": "another"}]}},
     {"profile": {"decode": [{**ROW, "calls": 0}]}}, {"profile": {"decode": [{**ROW, "calls": 0.5}]}},
     {"profile": {"decode": [{**ROW, "calls": 1e300}]}}, {"profile": {"decode": [{**ROW, "calls": 10**400}]}},
     {"profile": {"decode": [{**ROW, "microseconds": -1}]}}],
)  # fmt: skip
def test_a_file_without_such_times_is_refused(tmp_path: Path, data: object):
    with pytest.raises(UsageError, match="no times of this model's kernels"):
        read(tmp_path, data)


def test_what_is_no_file_and_no_json_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="cannot read it"):
        read_measured(tmp_path / "none.json", {"a"})
    (tmp_path / "text.json").write_text("{")
    with pytest.raises(UsageError, match="no JSON"):
        read_measured(tmp_path / "text.json", {"a"})
    (tmp_path / "deep.json").write_text("[" * 100_000 + "]" * 100_000)
    with pytest.raises(UsageError):
        read_measured(tmp_path / "deep.json", {"a"})


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.just("rms_norm_256"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["profile", "decode", "kernel", "calls", "microseconds", "x"]), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: object):
    try:
        found = read(tmp_path_factory.getbasetemp(), data)
    except UsageError:
        return
    assert all(rows for rows in found.values())
