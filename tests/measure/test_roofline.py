"""The roofline: what a kernel has to do, where that puts it, and a picture that can be read."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.kernels.attention.decode.kernel import ATTENTION_DECODE
from kernelc.kernels.attention.decode.schedule import AttentionDecodeProblem
from kernelc.kernels.attention.prefill import ATTENTION_PREFILL, AttentionPrefillProblem
from kernelc.kernels.linear.epilogues import RowEpilogue
from kernelc.kernels.linear.matvec import MATVEC
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.rms_norm import RMS_NORM, RmsNormProblem
from kernelc.measure.roofline import Point, Roof, number_of, points_of, roofline_svg
from kernelc.measure.work import work_of

SVG = "{http://www.w3.org/2000/svg}"
ROOF = Roof({"memory": 1e12}, {"f32": 50e12, "tiles": 500e12})


def test_the_work_of_a_matrix() -> None:
    problem = MATVEC.problem_json(LinearProblem("q4", 64, 128, RowEpilogue(64)))
    one, many = (work_of(name, problem, {"seq": 5, "past": 9}) for name in ("matvec", "matmul"))
    assert one is not None and many is not None
    weights = 64 * 128 * 9 // 16  # four and a half bits each
    assert (one.operations, one.bytes) == (2 * 64 * 128, weights + 4 * (64 + 128))
    assert (many.operations, many.bytes) == (5 * one.operations, weights + 5 * 4 * (64 + 128))
    assert one.intensity < many.intensity


def test_the_work_of_attention() -> None:
    decode = ATTENTION_DECODE.problem_json(AttentionDecodeProblem(4, 2, 8, "f16", 1.0, 0))
    found = work_of("attention_decode", decode, {"seq": 1, "past": 9})
    assert found is not None
    assert found.operations == 2 * 2 * 4 * 8 * 10  # q . k and p * v, for ten positions
    assert found.bytes == 2 * 10 * 2 * 8 * 2 + 2 * 4 * 4 * 8  # keys and values; q and the result
    seen = work_of("attention_decode", decode | {"window": 3}, {"seq": 1, "past": 9})
    assert seen is not None and seen.operations * 10 == found.operations * 3
    prefill = ATTENTION_PREFILL.problem_json(AttentionPrefillProblem(4, 2, 8, "f32", 1.0))
    chunk = work_of("attention_prefill", prefill, {"seq": 3, "past": 2})
    assert chunk is not None and chunk.operations == 4 * 4 * 8 * (3 + 4 + 5)


def test_what_computes_next_to_nothing_has_no_place() -> None:
    norm = RMS_NORM.problem_json(RmsNormProblem(64, 1e-5, False))
    assert work_of("rms_norm", norm, {"seq": 1, "past": 0}) is None
    assert work_of("of_another_kernelc", {}, {"seq": 1, "past": 0}) is None


def test_points_are_rates_of_all_calls_together() -> None:
    row = {"kernel": "a", "calls": 4, "microseconds": 2.0, "share": 0.5, "operations": 100, "bytes": 50}
    small, none = row | {"kernel": "b", "share": 0.001}, row | {"kernel": "c", "operations": None}
    (point,) = points_of({"decode": [row, small, none], "prefill": []})
    assert (point.step, point.kernel, point.intensity, point.share) == ("decode", "a", 2.0, 0.5)
    assert point.rate == pytest.approx(4 * 100 / 2e-6)


def test_what_is_allowed() -> None:
    assert ROOF.allowed(1.0) == 1e12 and ROOF.allowed(1e6) == 500e12
    assert Roof({"memory": 2.0, "cache": 9.0}, {}).allowed(3.0) == 27.0


points = st.lists(
    st.builds(
        Point,
        st.sampled_from(["decode", "prefill"]),
        st.sampled_from(["matvec", "<&>\"'", "attention"]),
        st.floats(0.01, 1e5),
        st.floats(1e3, 1e17),
        st.floats(0.005, 1.0),
    ),
    max_size=12,
)


@given(points)
def test_a_picture_has_every_point_inside(points: list[Point]) -> None:
    picture = ET.fromstring(roofline_svg("a <title>", "a day & a driver", ROOF, points))
    height = float(picture.attrib["height"])
    circles = [each for each in picture.iter(f"{SVG}circle") if "mark" in each.attrib["class"]]
    squares = [each for each in picture.iter(f"{SVG}rect") if "mark" in each.attrib["class"]]
    assert len(circles) == sum(point.step == "decode" for point in points)
    assert len(circles) + len(squares) == len(points)
    for circle in circles:
        assert 84 <= float(circle.attrib["cx"]) <= 876 and 84 <= float(circle.attrib["cy"]) <= 464
    for text in picture.iter(f"{SVG}text"):
        if "y" in text.attrib:
            assert 0 < float(text.attrib["y"]) < height
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert texts[:2] == ["a <title>", "a day & a driver"]
    assert all(point.kernel in texts for point in points)


def test_numbers_of_points_that_are_close_make_room() -> None:
    crowd = [Point("decode", f"kernel {at}", 3.5, (9 - 0.01 * at) * 1e11, 0.1) for at in range(6)]
    picture = ET.fromstring(roofline_svg("", "", ROOF, crowd))
    beside = [text for text in picture.iter(f"{SVG}text") if text.attrib.get("class") == "number halo"]
    places = sorted(float(text.attrib["y"]) for text in beside)
    assert len(places) == 6 and all(b - a >= 14 for a, b in pairwise(places))


def test_a_picture_is_for_light_and_dark_and_loads_nothing() -> None:
    svg = roofline_svg("", "", ROOF, [])
    assert "prefers-color-scheme: dark" in svg
    assert not re.search(r"<script|<image|href|url\(|@import", svg)


def test_a_kernel_above_its_roof_is_no_share() -> None:
    svg = roofline_svg("", "", ROOF, [Point("decode", "wonder", 1.0, 2e12, 0.5)])
    assert "above it" in svg and "200 %" not in svg


def test_numbers_for_people() -> None:
    wanted = {
        0.05: "0.05",
        1: "1",
        9.96: "10.0",
        12.34: "12.3",
        1000: "1 k",
        4.4e12: "4.4 T",
        5.6e14: "560 T",
    }
    assert {value: number_of(value) for value in wanted} == wanted
