from __future__ import annotations

import pytest

from kernelc.errors import UsageError
from kernelc.ir.formats import FormatTable, Override

TABLE = FormatTable(
    "q4",
    (
        Override("q8", role="head"),
        Override("f16", "*.layers.0.*", "linear"),
        Override("q4a", "*.down_proj.weight"),
        Override("f32", "*.layers.0.*"),
    ),
)


@pytest.mark.parametrize(
    ("name", "roles", "wanted"),
    [
        ("lm_head.weight", ("head",), "q8"),
        ("model.embed_tokens.weight", ("embedding",), "q4"),
        ("model.embed_tokens.weight", ("embedding", "head"), "q8"),  # tied: any of its roles will do
        ("model.layers.0.mlp.down_proj.weight", ("linear",), "f16"),  # the first that matches
        ("model.layers.0.mlp.down_proj.weight", (), "q4a"),
        ("model.layers.0.mlp.up_proj.weight", (), "f32"),
        ("model.layers.10.mlp.down_proj.weight", ("linear",), "q4a"),
        ("model.layers.10.mlp.DOWN_PROJ.weight", ("linear",), "q4"),
    ],
)
def test_the_first_override_that_matches_decides(name, roles, wanted):
    assert TABLE.format_of((name,), *roles) == wanted


def test_without_overrides_everything_has_the_default():
    assert FormatTable("f16").format_of(("a", "b"), "head") == "f16"


def test_tensors_that_are_packed_together_need_one_format():
    names = [f"model.layers.3.self_attn.{part}_proj.weight" for part in "qkv"]
    table = FormatTable("q4", (Override("q8", "*.v_proj.weight"),))
    with pytest.raises(UsageError, match="formats differ") as caught:
        table.format_of(names)
    message = str(caught.value)
    assert all(f"{name} {form}" in message for name, form in zip(names, ("q4", "q4", "q8"), strict=True))
    assert FormatTable("q4", (Override("q8", "*.self_attn.*"),)).format_of(names) == "q8"


def test_a_table_is_read_as_it_is_written():
    text = "q4,head=q8,linear&*.layers.0.*=f16,*.down_proj.weight=q4a,*.layers.0.*=f32"
    assert str(TABLE) == text and FormatTable.parse(text) == TABLE
    assert FormatTable.parse("q8") == FormatTable("q8")
    assert FormatTable.parse("q8, head = q4").overrides == (Override("q4", role="head"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "unknown weight format ''"),
        ("q5", "unknown weight format 'q5', wanted one of: q4, q4a, q8, f16, f32"),
        ("q4,head=q5", "unknown weight format 'q5'"),
        ("q4,head", "wanted NAME=FORMAT or ROLE=FORMAT"),
        ("q4,=q8", "wanted NAME=FORMAT or ROLE=FORMAT"),
        ("q4,a&b=q8", "wanted NAME=FORMAT or ROLE=FORMAT"),
        ("q4,a.*&b.*=q8", "wanted NAME=FORMAT or ROLE=FORMAT"),
        ("q4,&head=q8", "wanted NAME=FORMAT or ROLE=FORMAT"),
    ],
)
def test_a_table_that_says_nothing_sensible_is_refused(text, message):
    with pytest.raises(UsageError, match=message):
        FormatTable.parse(text)


def test_an_override_names_something():
    with pytest.raises(UsageError, match="says no name and no role"):
        FormatTable("q4", (Override("q8"),))


def test_overrides_that_match_nothing_are_found():
    matrices = [(("lm_head.weight",), ("head",)), (("model.layers.1.mlp.down_proj.weight",), ("linear",))]
    assert TABLE.unused(matrices) == [TABLE.overrides[1], TABLE.overrides[3]]
