"""`kernelc web`: what a site is made of, what is refused, and that nothing half-written is ever there."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from kernelc.artifact import Artifact
from kernelc.cli import main
from kernelc.commands import web as web_command
from kernelc.commands.static_site import page, site
from kernelc.commands.static_site.connections import Server
from kernelc.commands.static_site.file_server import Handler
from kernelc.compiler import CompileOptions
from kernelc.errors import ArtifactError, UsageError, WorkFailed
from kernelc.ir.dim import evaluate
from kernelc.pipeline import build_artifact, build_random
from kernelc.session import Coder, Session
from model.families.registry import model_of
from runtime.chat.prompt import PromptEncoder
from runtime.prefixes.file_format import decoded
from runtime.prefixes.names import names_of
from tests.web.test_golden import ODD

REPO = Path(__file__).resolve().parents[2]
DEMO = REPO / "model" / "demo"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_artifact(DEMO, CompileOptions("wgsl", "q4"), out=tmp_path_factory.mktemp("site") / "demo")


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page that was built, as far as the command can tell."""
    folder = tmp_path / "page"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>page</title>")
    (folder / "assets" / "main-1.js").write_text("export {};")
    monkeypatch.setattr(page, "built_page", lambda: folder)
    return folder


def test_an_explorer_stands_beside_the_chat_where_it_is_asked_for(
    demo: Path, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[str | None] = []

    def few(
        subject: object, measured: object, report: object, chat: str | None
    ) -> Iterator[tuple[str, bytes]]:
        asked.append(chat)
        yield "explore.json", b"{}"

    monkeypatch.setattr("kernelc.explore.site.explore_files", few)
    monkeypatch.setattr(site, "built_page", lambda page: built)
    assert main(["web", str(demo), "--explore", "--out", str(tmp_path / "site")]) == 0
    (listed,) = json.loads((tmp_path / "site" / "models.json").read_text())["models"]
    assert listed["explore"] == "explore/demo/"
    assert {"index.html", "explore.json"} <= files(tmp_path / "site" / "explore" / "demo")
    assert asked == ["../../"]
    assert main(["web", str(demo), "--out", str(tmp_path / "site")]) == 0
    assert not (tmp_path / "site" / "explore").exists()


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def web(*arguments: str | Path) -> int:
    return main(["web", *(str(each) for each in arguments)])


def test_a_site_is_the_page_the_artifacts_and_a_list_of_them(demo: Path, built: Path, tmp_path: Path, capsys):
    out = tmp_path / "site"
    assert web(demo, "--out", out, "--title", "The demo") == 0
    assert capsys.readouterr().out.strip() == str(out)
    listed = json.loads((out / "models.json").read_text())
    [model] = listed.pop("models")
    assert listed == {"version": 1}
    sized = {name for name in files(demo) if name.startswith(("weights/", "tokenizer", "checks.bin"))}
    fetched = sum((demo / name).stat().st_size for name in sized)
    assert model == {
        "name": "demo", "title": "The demo", "path": "models/demo/", "quant": "q4", "bytes": fetched,
        "context": Artifact.open(demo).manifest.model.max_context, "parameters": model["parameters"],
    }  # fmt: skip
    assert files(out / "models" / "demo") == files(demo)
    assert {"index.html", "assets/main-1.js", "models.json", ".kernelc-site"} <= files(out)
    assert Artifact.open(out / "models" / "demo").manifest == Artifact.open(demo).manifest


def test_models_of_one_name_are_told_apart(demo: Path, built: Path, tmp_path: Path):
    other = tmp_path / "copy"
    shutil.copytree(demo, other)
    assert web(demo, other, demo, "--out", tmp_path / "site") == 0
    models = json.loads((tmp_path / "site" / "models.json").read_text())["models"]
    assert [model["name"] for model in models] == ["demo", "demo-q4", "demo-q4-2"]
    assert [model["title"] for model in models] == ["demo", "demo (q4)", "demo (q4-2)"]


def test_models_are_told_apart_where_case_does_not_count(demo: Path):
    assert site.entry_of(demo, None, {"DEMO", "Demo-Q4"}, None).name == "demo-q4-2"


def test_a_long_title_is_counted_as_the_page_counts(demo: Path):
    assert site.entry_of(demo, "\N{LLAMA}" * 100, (), None).title == "\N{LLAMA}" * 100
    with pytest.raises(UsageError, match="at most 200 printable"):
        site.entry_of(demo, "\N{LLAMA}" * 101, (), None)
    assert site.entry_of(demo, "Sprachmodell für Übung, 小さな模型", (), None).title.startswith("Sprach")


def test_a_site_is_not_written_into_an_artifact(demo: Path, built: Path, tmp_path: Path, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(demo, copy)
    assert web(copy, "--out", copy / "kernels" / "site") == 2
    assert "this is inside the artifact copy" in capsys.readouterr().err
    assert files(copy) == files(demo)


def test_ctrl_c_between_two_sites_leaves_the_old_one(demo: Path, built: Path, tmp_path: Path, monkeypatch):
    out = tmp_path / "site"
    assert web(demo, "--out", out) == 0
    before = files(out)
    rename = Path.rename

    def interrupted(path: Path, target: Path) -> Path:
        renamed = rename(path, target)
        if path == out:
            raise KeyboardInterrupt
        return renamed

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        site.write_site(built, [site.entry_of(demo, None, (), None)], out)
    assert files(out) == before
    assert {path.name for path in tmp_path.iterdir()} == {"page", "site"}


def test_files_are_linked_or_copied_where_links_cannot_be(demo: Path, built: Path, tmp_path, monkeypatch):
    assert web(demo, "--out", tmp_path / "linked") == 0
    shard = "models/demo/weights/0000.bin"
    assert (tmp_path / "linked" / shard).stat().st_ino == (demo / "weights" / "0000.bin").stat().st_ino

    def refuse(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    assert web(demo, "--out", tmp_path / "copied") == 0
    assert (tmp_path / "copied" / shard).read_bytes() == (demo / "weights" / "0000.bin").read_bytes()
    assert (tmp_path / "copied" / shard).stat().st_ino != (demo / "weights" / "0000.bin").stat().st_ino


def test_a_site_replaces_a_site_and_nothing_else(demo: Path, built: Path, tmp_path: Path, capsys):
    out = tmp_path / "site"
    assert web(demo, "--out", out) == 0
    (built / "assets" / "main-1.js").rename(built / "assets" / "main-2.js")
    assert web(demo, "--out", out) == 0
    assert "assets/main-2.js" in files(out) and "assets/main-1.js" not in files(out)
    (out / "CNAME").write_text("example.org")
    assert web(demo, "--out", out) == 2
    assert "the folder holds more than a site: CNAME" in capsys.readouterr().err
    assert (out / "CNAME").is_file() and (out / "index.html").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"page", "site"}


@pytest.mark.parametrize("name", ["notes.txt", "index.html", ".kernelc-site"])
def test_a_folder_of_somebody_elses_is_left_alone(name: str, demo: Path, built: Path, tmp_path: Path, capsys):
    out = tmp_path / "mine"
    out.mkdir()
    (out / name).write_text("{}")
    assert web(demo, "--out", out) == 2
    assert "holds no site that kernelc wrote" in capsys.readouterr().err
    assert files(out) == {name}


def test_a_file_in_the_way_is_left_alone(demo: Path, built: Path, tmp_path: Path, capsys):
    (tmp_path / "file").write_text("x")
    assert web(demo, "--out", tmp_path / "file") == 2
    assert "there is a file of this name" in capsys.readouterr().err


def test_an_artifact_for_other_devices_is_refused_with_what_to_do(built: Path, tmp_path: Path, capsys):
    spirv = build_artifact(DEMO, CompileOptions("spirv", "q4"), out=tmp_path / "spirv")
    assert web(spirv, "--out", tmp_path / "site") == 2
    said = capsys.readouterr().err
    assert "built for spirv, wanted wgsl or wasm" in said and "--target wgsl" in said
    assert not (tmp_path / "site").exists()


def test_an_artifact_for_several_sequences_is_refused_with_what_to_do(built: Path, tmp_path: Path, capsys):
    several = build_artifact(DEMO, CompileOptions("wgsl", "q4", sequences=2), out=tmp_path / "several")
    assert web(several, "--out", tmp_path / "site") == 2
    said = capsys.readouterr().err
    assert "built for 2 sequences, and a page has one" in said and "--sequences 1" in said
    of_rows = build_artifact(DEMO, CompileOptions("wgsl", "q4", rows=2), out=tmp_path / "rows")
    assert web(of_rows, "--out", tmp_path / "site") == 2
    said = capsys.readouterr().err
    assert "built for steps of 2 rows, and those of a page have one" in said and "--rows 1" in said


def test_an_artifact_for_all_targets_is_taken(built: Path, tmp_path: Path):
    artifact = build_artifact(DEMO, CompileOptions("all", "q4"), out=tmp_path / "all")
    assert web(artifact, "--out", tmp_path / "site") == 0


def test_random_weights_without_a_tokenizer_are_refused(built: Path, tmp_path: Path, capsys):
    model, options = model_of(ODD, "odd"), CompileOptions("wgsl", "q4")
    random = build_random(model, options, tmp_path / "random")
    assert web(random, "--out", tmp_path / "site") == 2
    assert "no tokenizer" in capsys.readouterr().err


@pytest.mark.parametrize("file", ["weights/0000.bin", "checks.bin", "tokenizer.model", "kernels"])
def test_a_damaged_artifact_is_refused_by_file(file: str, demo: Path, built: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    shutil.copytree(demo, copy)
    victim = next((copy / file).iterdir()) if (copy / file).is_dir() else copy / file
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    with pytest.raises(ArtifactError, match="corrupted") as caught:
        site.entry_of(copy, None, (), None)
    assert victim.name in str(caught.value.where)


@pytest.mark.parametrize("title", ["x" * 201, "two\nlines", "\x1b[2J"])
def test_a_title_that_a_page_cannot_show_is_refused(title: str, demo: Path):
    with pytest.raises(UsageError, match="printable"):
        site.entry_of(demo, title, (), None)


def test_more_titles_than_artifacts_are_refused(demo: Path, built: Path, tmp_path: Path, capsys):
    assert web(demo, "--title", "a", "--title", "b", "--out", tmp_path / "s") == 2
    assert "got 2 of these for 1 artifacts" in capsys.readouterr().err


def test_a_failure_half_way_leaves_the_old_site(demo: Path, built: Path, tmp_path: Path, monkeypatch):
    out = tmp_path / "site"
    assert web(demo, "--out", out) == 0
    before = {name: (out / name).read_bytes() for name in files(out)}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(WorkFailed, match="No space left"):
        site.write_site(built, [site.entry_of(demo, None, (), None)], out)
    assert {name: (out / name).read_bytes() for name in files(out)} == before
    assert {path.name for path in tmp_path.iterdir()} == {"page", "site"}


def test_a_models_own_name_cannot_leave_the_folder(demo: Path, built: Path, tmp_path: Path):
    manifest = json.loads((demo / "manifest.json").read_text())
    manifest["name"] = "a:b+c"
    copy = tmp_path / "copy"
    shutil.copytree(demo, copy)
    (copy / "manifest.json").write_text(json.dumps(manifest))
    entry = site.entry_of(copy, None, (), None)
    assert entry.name == "a-b-c" and entry.to_json()["path"] == "models/a-b-c/"


# The page


def test_the_demo_is_built_where_no_artifact_is_named(built: Path, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("KERNELC_WASM_CC", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert web("--out", tmp_path / "site") == 0
    assert Artifact.open(tmp_path / "site" / "models" / "demo").manifest.target == "wgsl"
    told = capsys.readouterr().err
    assert "note: the page will need WebGPU: WebAssembly needs a compiler" in told and "ziglang" in told


def test_where_there_is_a_compiler_the_demo_is_built_for_the_processor_too(monkeypatch):
    monkeypatch.setenv("KERNELC_WASM_CC", sys.executable)  # any program: nothing is compiled here
    assert web_command._target() == "wgsl+wasm"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A web/ folder with sources and no built page, and no node anywhere."""
    folder = tmp_path / "web"
    (folder / "src").mkdir(parents=True)
    for name in ("index.html", "package.json", "package-lock.json", "vite.config.ts", "src/main.ts"):
        (folder / name).write_text("{}")
    monkeypatch.setattr(page, "WEB", folder)
    monkeypatch.setattr(page, "CHAT", page.Page(tmp_path / "web_site", folder / "dist" / "site"))
    monkeypatch.setattr(page, "_environment", lambda: {"PATH": str(tmp_path / "bin")})
    return folder


def script(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_without_npm_the_page_cannot_be_built_and_the_error_says_what_to_do(checkout: Path):
    with pytest.raises(UsageError, match="there is no npm") as caught:
        page.built_page()
    assert "20.19" in str(caught.value.help)


def test_an_old_node_is_refused_by_its_version(checkout: Path, tmp_path: Path):
    script(tmp_path / "bin", "npm", "exit 1")
    script(tmp_path / "bin", "node", "echo v18.20.4")
    with pytest.raises(UsageError, match=r"v18\.20\.4 is too old"):
        page.built_page()


def test_the_page_is_built_once_and_again_after_a_change(checkout: Path, tmp_path: Path):
    log = tmp_path / "log"
    script(tmp_path / "bin", "node", "echo v20.19.0")
    build = 'mkdir -p dist/site; echo "<html>" > dist/site/index.html'
    npm = f'PATH=/usr/bin:/bin; echo "$1 $2" >> {log}; if [ "$1" = run ]; then {build}; fi'
    script(tmp_path / "bin", "npm", npm)
    assert page.built_page() == checkout / "dist" / "site"
    assert log.read_text().splitlines() == ["ci --no-audit", "run build:site"]
    page.built_page()
    assert len(log.read_text().splitlines()) == 2
    later = (checkout / "dist" / "site" / "index.html").stat().st_mtime + 5
    os.utime(checkout / "src" / "main.ts", (later, later))
    page.built_page()
    assert len(log.read_text().splitlines()) == 4


def test_a_build_that_fails_shows_what_npm_said(checkout: Path, tmp_path: Path, capsys):
    script(tmp_path / "bin", "node", "echo v22.1.0")
    script(tmp_path / "bin", "npm", "echo the reason; exit 3")
    with pytest.raises(WorkFailed, match="npm ci"):
        page.built_page()
    assert "the reason" in capsys.readouterr().err


def test_a_package_brings_its_page_or_says_that_it_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page, "WEB", tmp_path / "none")
    monkeypatch.setattr(page, "CHAT", page.Page(tmp_path / "web_site", tmp_path / "none" / "dist"))
    with pytest.raises(UsageError, match="packaged without its page"):
        page.built_page()
    (tmp_path / "web_site").mkdir()
    (tmp_path / "web_site" / "index.html").write_text("<html>")
    assert page.built_page() == tmp_path / "web_site"


# The file server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "served" / "folder").mkdir(parents=True)
    (tmp_path / "served" / "index.html").write_text("<html>")
    (tmp_path / "served" / "data.bin").write_bytes(bytes(range(100)))
    (tmp_path / "served" / ".kernelc-site").write_text("[]")
    (tmp_path / "secret").write_text("no")
    running = Server(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path / "served")))
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()
    thread.join()


def fetch(url: str, header: str | None = None) -> tuple[int, bytes, dict[str, str]]:
    request = urllib.request.Request(url, headers={"Range": header} if header else {})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read(), dict(error.headers)


@pytest.mark.parametrize(
    ("header", "status", "first", "last"),
    [
        (None, 200, 0, 100),
        ("bytes=0-", 206, 0, 100),
        ("bytes=10-19", 206, 10, 20),
        ("bytes=99-", 206, 99, 100),
        ("bytes=50-5000", 206, 50, 100),
        ("bytes=0-3, 7-9", 200, 0, 100),
        ("lines=1-2", 200, 0, 100),
        (f"bytes={'9' * 5000}-", 200, 0, 100),
    ],
)
def test_files_come_whole_or_in_parts(server: str, header: str | None, status: int, first: int, last: int):
    got, body, headers = fetch(f"{server}/data.bin", header)
    assert (got, body) == (status, bytes(range(first, last)))
    assert headers["Content-Length"] == str(last - first) and headers["Accept-Ranges"] == "bytes"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    if status == 206:
        assert headers["Content-Range"] == f"bytes {first}-{last - 1}/100"


def test_a_part_beyond_the_end_is_refused(server: str):
    status, _, headers = fetch(f"{server}/data.bin", "bytes=100-")
    assert status == 416 and headers["Content-Range"] == "bytes */100"


@pytest.mark.parametrize(
    "path", ["/.kernelc-site", "/folder/", "/none", "/%00", "/a%00b", "/%2e%2e/secret", "/../secret"]
)
def test_nothing_but_the_sites_files_is_served(server: str, path: str):
    assert fetch(server + path)[0] == 404


def test_a_browser_that_hangs_up_leaves_no_trace(server: str, capfd: pytest.CaptureFixture[str]):
    port = int(server.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /data.bin HTTP/1.1\r\n")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
    assert fetch(f"{server}/data.bin")[0] == 200
    assert capfd.readouterr().err == ""


def test_serving_goes_on_until_ctrl_c(demo: Path, tmp_path: Path):
    """In a process of its own, with a page that a package brought."""
    page_folder = tmp_path / "page"
    page_folder.mkdir()
    (page_folder / "index.html").write_text("<!doctype html>")
    script = (
        "import sys; from pathlib import Path\n"
        "from kernelc.cli import main; from kernelc.commands.static_site import page\n"
        "page.built_page = lambda: Path(sys.argv[1])\n"
        "sys.exit(main(['web', sys.argv[2], '--out', sys.argv[3], '--serve', '0']))"
    )
    command = [sys.executable, "-c", script, str(page_folder), str(demo), str(tmp_path / "site")]
    with subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == str(tmp_path / "site")
        url = process.stdout.readline().split()[0]
        assert fetch(f"{url}models.json")[0] == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


def test_a_port_that_is_taken_is_named(server: str, tmp_path: Path):
    from kernelc.commands.static_site.file_server import serve

    with pytest.raises(WorkFailed, match="cannot listen on port"):
        serve(tmp_path, int(server.rpartition(":")[2]))


SYSTEM = "Answer in one short sentence, and name the source of what you say. " * 8


def test_a_system_prompts_rows_are_shipped_and_are_what_the_page_would_compute(
    demo: Path, built: Path, tmp_path: Path
):
    out = tmp_path / "site"
    assert web(demo, "--out", out, "--warm", SYSTEM) == 0
    [model] = json.loads((out / "models.json").read_text())["models"]
    folder = out / "models" / "demo"
    data = (folder / model["warm"]["file"]).read_bytes()
    assert model["system"] == SYSTEM
    assert (len(data), hashlib.sha256(data).hexdigest()) == (model["warm"]["bytes"], model["warm"]["sha256"])
    listed = json.loads(data)
    artifact = Artifact.open(folder)
    assert (listed["version"], listed["build"], listed["block"]) == (1, artifact.build, 64)
    manifest = artifact.manifest
    full = 64 * sum(
        evaluate(buffer.bytes, {"context": 64}) // 64
        for name, buffer in manifest.buffers.items()
        if name.endswith("_cache")
    )
    with Session.open(artifact, device="cpu") as session:
        prompt = PromptEncoder(Coder(session.tokenizer), session.template)
        ids = prompt.encode([{"role": "system", "content": SYSTEM}, {"role": "user", "content": "Why?"}])[1]
        names = names_of(artifact.build or "", ids)
        assert [block["name"] for block in listed["blocks"]] == names[: len(listed["blocks"])]
        assert len(names) - 1 <= len(listed["blocks"]) and listed["blocks"]
        session.engine.feed(ids[: 64 * len(listed["blocks"])])
        first = evaluate(manifest.buffers["layers.0.k_cache"].bytes, {"context": 64})
        wanted = session.engine.executor.read_buffer("layers.0.k_cache", 0, first)
    for number, block in enumerate(listed["blocks"]):
        data = (folder / block["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == block["sha256"]
        rows = decoded(block["name"], data, full, 0)
        assert rows is not None
        if number == 0:
            assert rows.full[:first] == wanted
    assert web(demo, "--out", out) == 0  # the site is replaced, with all of that
    assert not (folder / "warm").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (" ", "--warm: got a blank text, wanted a system prompt"),
        ("x" * 20_001, "--warm: got 20001 characters, the page takes 20000"),
        ("Be kind.", "tokens of it, fewer than a block of 64 (help: leave it out"),
        ("word " * 3000, "(help: shorten it)"),
    ],
)
def test_a_system_prompt_that_cannot_be_shipped(
    text: str, words: str, demo: Path, built: Path, tmp_path: Path, capsys
):
    assert web(demo, "--out", tmp_path / "site", "--warm", text) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "site").exists()
