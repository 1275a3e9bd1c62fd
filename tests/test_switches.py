"""Every optimisation can be left out: a model computes the same without, and names are in one place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from kernelc import switches
from kernelc.artifact import Artifact, Kernel
from kernelc.compiler import CompileOptions, compile_model
from kernelc.errors import UsageError
from kernelc.kernels.attention.decode.subgroup_schedule import SubgroupSchedule
from kernelc.kernels.registry import SPECS
from kernelc.native import Library
from kernelc.passes.fuse import PATTERNS
from kernelc.pipeline import build_random, rebuilt
from kernelc.session import open_engine
from kernelc.switches import SWITCHES, Without
from kernelc.target import TARGETS, Capabilities
from model.families.registry import AnyModel, model_of
from runtime.devices import target_for
from tests.commands import run
from tests.conftest import REPO
from tests.kernels.executors import require

# Drivers that run on the processor take long to compile all kernels of a model, twice.
DEVICES = (
    "cpu",
    pytest.param("wgpu", marks=pytest.mark.gpu),
    pytest.param("vulkan", marks=pytest.mark.nightly),
    pytest.param("opencl", marks=pytest.mark.nightly),
    "cuda",
)
PROMPT = [5, 9, 60, 17, 3]


def tiny() -> AnyModel:
    config = {
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "vocab_size": 96,
        "max_position_embeddings": 1024,
    }
    return model_of(config, "config.json")


def options(*without: str, target: str = "wgsl", activations: str = "int8") -> CompileOptions:
    return CompileOptions(target, activations=activations, without=without)


def logits(artifact: Artifact, device: str, without: Without) -> npt.NDArray[np.float32]:
    with open_engine(artifact, device=device, without=without) as engine:
        engine.feed(PROMPT)
        found = [token.logits for token in engine.generate(6, logits=True)]
    return np.stack([each for each in found if each is not None])


# Not those that make other weights or another problem of it: tests/passes compares the patterns.
SAME = [name for name, each in SWITCHES.items() if not each.patterns and "activations" not in each.settings]


@pytest.mark.parametrize("device", DEVICES)
def test_a_model_computes_the_same_without_them(device: str, tmp_path: Path) -> None:
    """All together, since drivers take seconds to compile; a processor has the others' kernels then."""
    require({"cpu": "c"}.get(device, device), Capabilities())
    target = target_for(device)
    whole = Artifact.open(build_random(tiny(), options(target=target), tmp_path / "whole"))
    wanted = logits(whole, device, ())
    less = rebuilt(compile_model(tiny(), options(*SAME, target=target)), whole, tmp_path / "less")
    assert less is not None and less.manifest.weights == whole.manifest.weights
    got = logits(less, device, switches.named(SAME))
    assert np.abs(got - wanted).max() < 0.02 * float(wanted.std())


def texts(target: str, *without: str, activations: str = "int8") -> str:
    """All kernels of a target, in order."""
    lowered = compile_model(tiny(), options(*without, target=target, activations=activations)).lowered
    files = [v.file for kernel in lowered.kernels.values() for v in kernel.variants if v.target == target]
    return "\n".join(lowered.files[file].decode(errors="replace") for file in files)


def test_what_is_left_out_is_not_there() -> None:
    for word, *names in (
        ("enable f16", "f16", "tiles"),
        ("subgroupAdd", "subgroups"),
        ("dot4I8Packed", "dot4"),
    ):
        assert word in texts("wgsl") and word not in texts("wgsl", *names), names
    assert "mma" in texts("cuda") and "mma.sync" not in texts("cuda", "tiles")
    assert "__shfl" in texts("cuda") and "__shfl" not in texts("cuda", "subgroups")
    assert texts("cuda") != texts("cuda", "early") != texts("cuda", "unroll")
    assert texts("wgsl", "int8") == texts("wgsl", activations="f32")


def test_attention_is_not_split() -> None:
    programs = compile_model(tiny(), options("splits", target="opencl")).lowered.programs
    assert [name for name, program in programs.items() if program.role == "decode"] == ["decode"]
    assert len(compile_model(tiny(), options(target="opencl")).lowered.programs) == len(programs) + 1


def test_patterns_are_not_applied() -> None:
    every = tuple(f"fuse.{name}" for name in sorted(PATTERNS))
    count = {
        without: len(
            compile_model(tiny(), options(*without, target="opencl")).lowered.programs["decode"].dispatches
        )
        for without in ((), ("fuse",), ("fuse.pair",), every)
    }
    assert count[()] < count[("fuse.pair",)] < count[("fuse",)] == count[every]


def test_kernels_printed_where_they_run_stay_the_rules_in_an_artifact() -> None:
    assert texts("c", "wide", "early", "unroll") == texts("c")


def kernels_of(library: Library, kernels: dict[str, Kernel]) -> dict[str, Any]:
    return {name: library.kernel(name, each.spec, each.problem) for name, each in kernels.items()}


def test_the_processor_follows_when_a_model_is_opened() -> None:
    kernels = compile_model(tiny(), options(target="c")).lowered.kernels
    rules, less = kernels_of(Library(), kernels), kernels_of(Library(without=("wide",)), kernels)
    wide = next(name for name in kernels if name.startswith("matvec"))
    assert (rules[wide].workgroup, less[wide].workgroup > 1) == (1, True)
    assert less[wide].plain is not None and less[wide].plain() == rules[wide].text()


def test_capabilities_that_ask_for_no_more_are_one_variant() -> None:
    for target in TARGETS.values():
        for name in SWITCHES:
            less = switches.target_with_less(target, [name])
            assert len(set(less.variants)) == len(less.variants) >= 1
            assert all(each.tiles or not each.tiles_only for each in less.variants)


def test_names_are_checked_wherever_they_are_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert switches.named(["f16", " early", "f16", ""]) == ("early", "f16")
    assert switches.asked("graphs,ahead") == ("ahead", "graphs") and switches.asked("") == ()
    monkeypatch.setenv(switches.VARIABLE, "early, dot4")
    assert switches.asked(None) == ("dot4", "early") and switches.asked("f16") == ("f16",)
    monkeypatch.setenv(switches.VARIABLE, "everything")
    with pytest.raises(UsageError, match=r"wanted one or more of: f16, subgroups.*ahead"):
        switches.asked(None)
    monkeypatch.delenv(switches.VARIABLE)
    for arguments in (("build", "--without", "speed"), ("bench", tmp_path, "--without", "speed")):
        code, _, err = run(*arguments)
        assert code == 2 and "got 'speed', wanted one or more of: f16, subgroups" in err


def test_what_a_runtime_leaves_out_it_looks_for() -> None:
    runtime = "\n".join(path.read_text() for path in (REPO / "runtime").rglob("*.py"))
    for name, switch in SWITCHES.items():
        assert switch.what and (not switch.at_run or f'"{name}" ' in runtime), name
        acts = (switch.patterns, switch.capabilities, switch.schedule, switch.settings, switch.at_run)
        assert any(acts), f"{name} leaves nothing out"


def test_the_document_lists_all_of_them() -> None:
    text = (REPO / "docs" / "performance.md").read_text()
    table = text[text.index("| name | what is left out |") :]
    names = [row.split("|")[1] for row in table[: table.index("\n\n")].splitlines()[2:]]
    listed = [name.strip() for cell in names for name in cell.split(",")]
    wanted = dict.fromkeys("fuse.NAME" if name.startswith("fuse.") else name for name in SWITCHES)
    assert listed == list(wanted)


def test_a_number_is_no_choice() -> None:
    """`ahead` of matmul says whether columns are loaded ahead; that of attention how many positions are."""
    schedule = SubgroupSchedule(1, 8, 16, 32, 4, ahead=8, early=True)
    assert switches.schedule_with_less(schedule, ("prefetch",)) == schedule
    assert switches.schedule_with_less(schedule, ("early", "prefetch")) == replace(schedule, early=False)


def test_every_field_that_is_left_out_exists() -> None:
    """A field that was renamed would otherwise be left out of nothing."""
    schedules: set[str] = set()
    for target in TARGETS.values():
        lowered = compile_model(tiny(), options(target=target.name)).lowered
        for kernel in lowered.kernels.values():
            spec = SPECS[kernel.spec]
            problem = spec.problem_from_json(kernel.problem)
            schedules |= vars(spec.default(target.variants[0], problem)).keys()
    for switch in SWITCHES.values():
        assert switch.schedule.keys() <= schedules
        assert switch.capabilities.keys() <= vars(Capabilities()).keys()
        assert switch.settings.keys() <= vars(CompileOptions()).keys()
        assert switch.patterns <= PATTERNS.keys()
