"""The commands as scripts see them: options, exit codes, stdout and stderr. The model is a toy."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kernelc import __version__, cli
from kernelc.artifact import Artifact
from kernelc.commands import kept
from kernelc.commands.shared import options, paths
from kernelc.errors import InternalError, KernelcError, WorkFailed
from kernelc.kept import KEPT
from model.hub.locate import Located
from tests.commands import run
from tests.conftest import REPO
from tests.runtime.tiny_artifact import write_tiny
from tests.runtime.tiny_kernels import REFERENCES, VOCAB


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return write_tiny(tmp_path_factory.mktemp("cli") / "toy")


@pytest.fixture
def toy_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    from kernelc import session

    monkeypatch.setattr(session, "references", lambda: REFERENCES)


def next_id(ids: list[int]) -> int:
    """What the toy says: see tiny_kernels."""
    return (sum(token * (at + 1) for at, token in enumerate(ids)) + 7 * ids[-1] + 3) % VOCAB


def said_by_toy(prompt: list[int], count: int) -> list[int]:
    ids = list(prompt)
    for _ in range(count):
        ids.append(next_id(ids))
    return ids[len(prompt) :]


# ---- the command line itself ----


def test_help_names_every_command_and_exits_0(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert all(f"    {name} " in out for name in cli.COMMANDS)


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    assert f"usage: kernelc {command}" in capsys.readouterr().out


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from kernelc import cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'numpy', 'rich', 'wgpu', 'jinja2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


@pytest.mark.parametrize(
    ("module", "usage"), [("kernelc.build", "usage: kernelc build"), ("runtime.chat", "usage: kernelc chat")]
)
def test_modules_that_are_commands(module: str, usage: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, "-h"], cwd=REPO, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(usage)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"kernelc {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], "no command given (help: say one of build, chat,"),
        (["cook"], "argument COMMAND: invalid choice: 'cook'"),
        (["build", "--modle", "x"], "unrecognized arguments: --modle x"),
        (["build", "--context", "0"], "argument --context: got '0', wanted an integer of at least 1"),
        (["build", "--context", "1e3"], "argument --context: got '1e3'"),
        (["chat", "x", "--max-gen-len", "-1"], "argument --max-gen-len: got '-1'"),
        (["chat", "x", "--max-gen-len", "x"], "argument --max-gen-len: got 'x', wanted an integer"),
        (["chat", "x", "--temperature", "-1"], "--temperature is -1.0, wanted a number from 0"),
        (["chat", "x", "--temperature", "nan"], "--temperature is nan"),
        (["chat", "x", "--temperature", "hot"], "argument --temperature: invalid float value: 'hot'"),
        (["chat", "x", "--top-p", "0"], "--top-p is 0.0, wanted a number above 0, at most 1"),
        (["chat", "x", "--top-k", "-3"], "--top-k is -3, wanted an integer from 0"),
        (["chat", "x", "--min-p", "2"], "--min-p is 2.0"),
        (["chat", "x", "--repetition-penalty", "0"], "--repetition-penalty is 0.0"),
        (["chat", "x", "--seed", "-1"], "--seed is -1"),
        (["chat", "x", "--context-policy", "cut"], "argument --context-policy: invalid choice: 'cut'"),
        (["chat", "x", "--model", "y"], "got two models, x and y"),
        (["chat", "nowhere"], "nowhere: there is no such model"),
        (["chat", str(REPO)], f"{REPO}: this is no model"),
        (["generate", "nowhere", "--prompt", "a"], "nowhere: there is no such folder (help: name the folder"),
        (["generate", "x"], "one of the arguments --prompt --prompt-ids is required"),
        (["generate", "x", "--prompt", "a", "--prompt-ids", "1"], "not allowed with argument"),
        (["generate", "x", "--prompt-ids", "1,,2"], "argument --prompt-ids: got '1,,2', wanted token ids"),
        (["generate", "x", "--prompt-ids", "1,-2"], "argument --prompt-ids: got '1,-2'"),
        (
            ["generate", "x", "--prompt", "a", "--logits", "no/a.npz"],
            "--logits no/a.npz: there is no folder no",
        ),
        (["evaluate", "x"], "the following arguments are required: --text"),
        (["evaluate", "x", "--text", "y", "--max-tokens", "0"], "argument --max-tokens: got '0'"),
        (["bench"], "wanted either an ARTIFACT or --config"),
        (["bench", "--config", "llama-2-7b"], "--config alone has no weights (help: add --random-weights"),
        (["bench", "x", "--random-weights"], "--random-weights goes with --config"),
        (["inspect", "nowhere"], "nowhere: neither a known model's name nor a path"),
        (["verify", "nowhere"], "nowhere: there is no such folder"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(arguments: list[str], wanted: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and err.count("\n") == 1
    assert wanted in err


def test_an_artifact_is_wanted_but_a_model_given(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    code, _, err = run("generate", tmp_path, "--prompt", "a")
    assert code == 2
    assert (
        f"this is a model folder, wanted an artifact (help: build it first: kernelc build --model {tmp_path})"
        in err
    )


@pytest.mark.parametrize("command", ["build", "chat"])
def test_no_model_and_no_demo(command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import model

    monkeypatch.setattr(model, "__file__", str(tmp_path / "__init__.py"))
    code, _, err = run(command)
    assert code == 2
    assert err.startswith(
        "error: no model given, and there is no demo model in model/demo (help: name a Hugging"
    )


# ---- how things end ----


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make `kernelc inspect x` raise something after it has printed."""

    def make(error: BaseException) -> None:
        def fail(args: argparse.Namespace) -> int:
            print("half a result")
            raise error

        def add_arguments(parser: argparse.ArgumentParser) -> None:
            parser.add_argument("artifact")

        command = SimpleNamespace(add_arguments=add_arguments, run=fail)
        monkeypatch.setattr(cli, "load_command", lambda name: command)

    return make


@pytest.mark.parametrize(
    ("error", "code", "wanted"),
    [
        (KernelcError("bad", where="file", help="mend"), 2, "error: file: bad (help: mend)\n"),
        (WorkFailed("differs"), 1, "error: differs\n"),
        (KeyboardInterrupt(), 130, ""),
        (OSError(36, "Too long", "aa"), 2, "error: aa: Too long (help: give a shorter name)\n"),
        (IsADirectoryError(21, "A folder", "aa"), 2, "error: aa: A folder (help: name a file)\n"),
        (OSError(28, "Disk is full", "aa"), 1, "error: aa: Disk is full (help: free some space)\n"),
        (OSError(5, "Input/output error"), 1, "error: Input/output error\n"),
        (MemoryError(), 1, "error: out of memory (help: try a smaller --context or --quant q4)\n"),
    ],
)
def test_exit_codes(
    broken: Callable[[BaseException], None], error: BaseException, code: int, wanted: str
) -> None:
    broken(error)
    assert run("inspect", "x") == (code, "half a result\n", wanted)


@pytest.mark.parametrize(
    "error", [InternalError("slot 3 is read before", ir="%1 = add"), ZeroDivisionError("x")]
)
def test_a_bug_shows_its_traceback_behind_the_error_line(
    broken: Callable[[BaseException], None], error: Exception
) -> None:
    broken(error)
    code, _, err = run("inspect", "x")
    first, *rest = err.splitlines()
    assert code == 1
    assert first.startswith("error: ") and "a bug of kernelc" in first
    assert rest[0].startswith("Traceback")
    assert isinstance(error, ZeroDivisionError) or rest[-1] == "%1 = add"


def test_the_report_of_a_bug_is_bounded(broken: Callable[[BaseException], None]) -> None:
    broken(InternalError("a large kernel", ir="%1 = add\n" * 10_000))
    lines = run("inspect", "x")[2].splitlines()
    assert len(lines) < 210 and "KERNELC_DUMP" in lines[-1]


def test_a_reader_that_goes_away_is_no_error(toy: Artifact) -> None:
    command = f"{sys.executable} -m kernelc.cli inspect {toy.folder}; echo code $? >&2"
    environment = {**os.environ, "PYTHONPATH": str(REPO)}
    done = subprocess.run(
        ["bash", "-c", f"({command}) | true"], capture_output=True, text=True, env=environment
    )
    assert done.stderr == "code 141\n"


def test_text_that_is_no_utf8_is_read_and_shown_all_the_same(toy: Artifact) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "kernelc.cli", "chat", "caf\u00e9"]
    done = subprocess.run(command, cwd=REPO, capture_output=True, env=environment, input=b"\xff\n")
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: caf") and b"there is no such model" in done.stderr


# ---- generate ----


@pytest.mark.usefixtures("toy_kernels")
def test_generate_gives_the_new_ids_alone(toy: Artifact) -> None:
    code, out, err = run(
        "generate", toy.folder, "--device", "numpy", "--prompt-ids", "5, 6,7", "--max-gen-len", 6, "--json"
    )
    result = json.loads(out)
    assert (code, err) == (0, "")
    assert list(result) == ["prompt_ids", "ids", "text", "finish_reason", "timings"]
    assert result["prompt_ids"] == [5, 6, 7]
    assert result["ids"] == said_by_toy([5, 6, 7], 6)
    assert (result["text"], result["finish_reason"]) == (None, "length")
    assert result["timings"]["generated_tokens"] == 6


@pytest.mark.usefixtures("toy_kernels")
def test_generate_ends_at_a_stop_token_and_at_the_context(toy: Artifact) -> None:
    def generate(prompt: list[int], *more: object) -> dict[str, Any]:
        ids = ",".join(map(str, prompt))
        _, out, _ = run("generate", toy.folder, "--device", "numpy", "--prompt-ids", ids, "--json", *more)
        return json.loads(out)

    stops = next([a, b] for a in range(3, VOCAB) for b in range(3, VOCAB) if next_id([a, b]) == 2)
    assert (generate(stops)["finish_reason"], generate(stops)["ids"]) == ("stop", [])
    starts = next([a, b] for a in range(3, VOCAB) for b in range(3, VOCAB) if next_id([a, b]) == 1)
    assert generate(starts)["finish_reason"] == "stop"  # BOS starts another text
    lasting = next(
        [a, b] for a in range(3, VOCAB) for b in range(3, VOCAB) if min(said_by_toy([a, b], 3)) > 2
    )
    full = generate(lasting, "--context", 4)
    assert (full["finish_reason"], full["ids"]) == ("context", said_by_toy(lasting, 3))


@pytest.mark.usefixtures("toy_kernels")
@pytest.mark.parametrize("context", [64, 7])
def test_generate_writes_the_logits_of_every_position(toy: Artifact, tmp_path: Path, context: int) -> None:
    file, prompt = tmp_path / "out.npz", [5, 6, 7, 4]  # no stop token follows for a while
    code, out, _ = run(
        *("generate", toy.folder, "--device", "numpy", "--prompt-ids", "5,6,7,4", "--context", context),
        *("--max-gen-len", 5, "--logits", file, "--json"),
    )
    ids = [*prompt, *json.loads(out)["ids"]]
    with np.load(file) as arrays:
        logits = arrays["logits"]
    assert code == 0
    assert ids[4:] == said_by_toy(prompt, min(5, context - 3))
    assert logits.dtype == np.float32
    assert logits.shape == (min(len(ids), context), VOCAB)
    assert list(logits.argmax(1)) == [next_id(ids[: at + 1]) for at in range(len(logits))]


@pytest.mark.usefixtures("toy_kernels")
@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        (["--prompt", "text"], "the artifact has no tokenizer"),
        (["--prompt-ids", "5,99"], "token 99 at 1 is outside the vocabulary of 32"),
        (["--prompt-ids", ",".join("5" * 65)], "65 tokens do not fit the context of 64"),
        (["--prompt-ids", "5", "--context", "65"], "--context is 65, this artifact was built for 1 to 64"),
        (["--prompt-ids", "5", "--device", "abacus"], "--device is 'abacus', wanted one of auto, cuda,"),
        (
            ["--prompt-ids", "5", "--device", "opencl"],
            "device opencl runs opencl kernels, the artifact has wgsl",
        ),
    ],
)
def test_generate_refuses(toy: Artifact, more: list[str], wanted: str) -> None:
    code, out, err = run("generate", toy.folder, "--device", "numpy", *more)
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and err.count("\n") == 1 and wanted in err


# ---- inspect, bench, evaluate, verify ----


@pytest.mark.usefixtures("toy_kernels")
def test_inspect_plans_what_the_runtime_allocates(toy: Artifact) -> None:
    from kernelc.commands.shared import opening
    from runtime.engine.engine import ALL_ROLES

    code, out, _ = run("inspect", toy.folder, "--context", 20, "--json")
    memory = json.loads(out)["memory"]
    assert (code, memory["context"]) == (0, 20)
    with opening.open_engine(toy, "numpy", 20) as engine:
        assert memory["totals"]["chat, generate"] == engine.executor.allocated_bytes
    with opening.open_engine(toy, "numpy", 20, roles=ALL_ROLES) as engine:
        assert memory["buffers"] == dict(engine.executor.buffers)
        assert memory["totals"]["all programs"] == engine.executor.allocated_bytes


def test_inspect_prints_every_part(toy: Artifact) -> None:
    code, out, _ = run("inspect", toy.folder)
    assert code == 0
    for title in ("graph", "kernels", "programs", "memory"):
        assert f"\n== {title}\n" in out
    assert "context 64\n" in out and "all_logits" in out and "kernels/store.subgroups-" in out
    assert run("inspect", toy.folder, "--only", "memory")[1] in out
    assert run("inspect", toy.folder, "--context", 65)[0] == 2


@pytest.mark.usefixtures("toy_kernels")
def test_bench(toy: Artifact) -> None:
    code, out, err = run(
        *("bench", toy.folder, "--device", "numpy", "--prompt", 20, "--generate", 10, "--repeat", 1),
        *("--profile", "--json"),
    )
    result = json.loads(out)
    assert (code, err) == (0, "")
    assert result["decode_tokens_per_second"] > 0 and result["prefill_tokens_per_second"] > 0
    assert result["dispatches_per_token"] == 4
    assert (result["bandwidth_bytes_per_second"], result["share_of_bandwidth"]) == (None, None)
    assert result["weight_bytes_per_token"] == 4 * VOCAB + 2 * VOCAB
    assert {row["kernel"] for row in result["profile"]["decode"]} == {"store", "partial", "logits"}
    assert sum(row["share"] for row in result["profile"]["prefill"]) == pytest.approx(1)


@pytest.mark.usefixtures("toy_kernels")
def test_bench_takes_what_fits_unless_told(toy: Artifact) -> None:
    _, out, _ = run("bench", toy.folder, "--device", "numpy", "--repeat", 1, "--json")
    result = json.loads(out)
    assert (result["prompt"], result["generate"]) == (32, 32)
    code, _, err = run("bench", toy.folder, "--device", "numpy", "--prompt", 60, "--generate", 5)
    assert code == 2 and "--prompt 60 and --generate 5 do not fit the context of 64" in err


def test_total_nll_is_that_of_the_targets() -> None:
    from kernelc.commands.evaluate import total_nll

    logits = np.array([[0, 0], [1000, 0], [3, 3], [9, 9]], np.float32)
    assert total_nll(logits, [1, 1, 0]) == pytest.approx(np.log(2) + 1000 + np.log(2))
    assert total_nll(logits, []) == 0


def test_texts_that_cannot_be_read(toy: Artifact, tmp_path: Path) -> None:
    assert "no such file" in run("evaluate", toy.folder, "--text", tmp_path / "no")[2]
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    said = run("evaluate", toy.folder, "--text", tmp_path / "latin")[2]
    assert "not UTF-8 at byte 3 (help: convert it" in said


def test_verify_does_not_know_foreign_kernels(toy: Artifact) -> None:
    code, _, err = run("verify", toy.folder, "--device", "numpy")
    assert code == 2 and "no kernel toy_logits of this kernelc" in err


# ---- the cache of built artifacts ----


def test_the_cache_builds_once_and_again_after_a_change(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    built: list[Path] = []

    def build(model: Located, args: argparse.Namespace, out: Path) -> Path:
        built.append(out)
        out.mkdir(parents=True)
        (out / "manifest.json").write_text("{}")
        return out

    monkeypatch.setattr(kept.build, "build", build)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    args = argparse.Namespace(target="wgsl", quant="q4", activations="f32", context=None, kv=None)
    first = kept.built(Located(folder), args)
    assert kept.built(Located(folder), args) == first and built == [first]
    assert first.parent == tmp_path / "cache" / "kernelc" / "artifacts"
    assert first.name.startswith("model-q4-wgsl-")
    for content in ("{ }", "{  }", "{   }"):
        (folder / "config.json").write_text(content)
        assert kept.built(Located(folder), args) == built[-1]
    assert len(built) == 4 and not first.exists()
    assert len(list(first.parent.iterdir())) == KEPT


def test_a_relative_cache_home_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert paths.cache_folder() == tmp_path / ".cache" / "kernelc" / "artifacts"


def test_integers_of_options() -> None:
    assert (options.natural("0"), options.positive("7")) == (0, 7)
    for text in ("", "-1", "1.5", "٣", "1" * 10):
        with pytest.raises(argparse.ArgumentTypeError):
            options.natural(text)
