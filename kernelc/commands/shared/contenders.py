"""What `kernelc bench` measures: artifacts as they are, or random weights built as asked."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernelc import switches
from kernelc.artifact import Artifact
from kernelc.commands.shared import opening
from kernelc.commands.shared.options import artifact_path, positive
from kernelc.commands.shared.progress import progress_bar
from kernelc.errors import UsageError
from kernelc.switches import Without

if TYPE_CHECKING:
    from runtime.engine.engine import Engine

RUN_SETTINGS = ("device", "context", "without")
"""What two measurements of one artifact may differ in."""
BUILD_SETTINGS = ("quant", "target", "activations", "kv")
"""What those of a config may differ in besides."""


@dataclass(frozen=True)
class Contender:
    """An artifact with how it is opened; `label` tells it from the other."""

    label: str
    artifact: Artifact
    device: str
    context: int | None
    without: Without

    def open(self) -> Engine:
        """Load it. Raises: as `kernelc.session.open_engine`."""
        return opening.open_engine(self.artifact, self.device, self.context, without=self.without)


class Contenders:
    """Makes contenders; what it builds is kept until the end."""

    def __init__(self, args: argparse.Namespace, scratch: Path) -> None:
        self._args, self._scratch = args, scratch
        self._built: dict[str, Artifact] = {}

    @property
    def builds(self) -> bool:
        """Whether contenders are built as asked, so that they may differ in what a build decides."""
        return self._args.config is not None

    def of_artifact(self, path: str, **changes: Any) -> Contender:
        """Return an artifact as the command line asks for it, but for `changes`."""
        return self._contender(path, Artifact.open(artifact_path(path)), changes)

    def of_config(self, **changes: Any) -> Contender:
        """Return random weights for --config, built as the command line asks for it, but for `changes`."""
        return self._contender(self._args.config, self._build(changes), changes)

    def plain(self, **changes: Any) -> Contender:
        """Return the first artifact or the config of the command line, but for `changes`."""
        args = self._args
        return self.of_config(**changes) if args.config else self.of_artifact(args.artifact, **changes)

    def _contender(self, name: str, artifact: Artifact, changes: Mapping[str, Any]) -> Contender:
        said = ", ".join(f"{key} {_said(value)}" for key, value in changes.items())
        asked = {**vars(self._args), **changes}
        label = said or Path(name).name or name
        return Contender(label, artifact, asked["device"], asked["context"], asked["without"])

    def _build(self, changes: Mapping[str, Any]) -> Artifact:
        """Build random weights, or take those that were built already where only kernels differ."""
        from kernelc.compiler import CompileOptions, compile_model
        from kernelc.link import linked
        from kernelc.pipeline import build_random, rebuilt
        from model.families.registry import find_model
        from runtime.devices import target_for

        asked = {**vars(self._args), **changes}
        target = asked["target"] or target_for(asked["device"])
        settings = (target, asked["quant"], asked["context"], asked["kv"], asked["activations"])
        options = CompileOptions(*settings, without=asked["without"], sequences=asked["sequences"])
        if (key := repr(options)) in self._built:
            return self._built[key]
        model, out = find_model(asked["config"]), self._scratch / f"artifact-{len(self._built)}"
        if self._built:
            compiled = linked(compile_model(model, options))
            for known in self._built.values():
                if (found := rebuilt(compiled, known, out)) is not None:
                    return self._built.setdefault(key, found)
        path = Path(asked["config"])
        name = path.resolve().parent.name if path.suffix == ".json" else path.name
        with progress_bar("building random weights") as report:
            build_random(model, options, out, name=f"{name}-random", progress=report)
        return self._built.setdefault(key, Artifact.open(out))


@contextmanager
def contenders(args: argparse.Namespace) -> Generator[Contenders]:
    """Yield what makes contenders, and remove what it built afterwards. Raises: UsageError where the command
    line names nothing to measure."""
    if (args.artifact is None) == (args.config is None):
        raise UsageError("wanted either an ARTIFACT or --config NAME_OR_JSON --random-weights")
    if args.artifact is not None and args.random_weights:
        raise UsageError("--random-weights goes with --config, not with an ARTIFACT")
    if args.config is not None and not args.random_weights:
        help_ = "add --random-weights, or build the model and bench the artifact"
        raise UsageError("--config alone has no weights", help=help_)
    args = argparse.Namespace(**vars(args))
    args.without = switches.asked(args.without)
    with tempfile.TemporaryDirectory(prefix="kernelc-bench-") as scratch:
        yield Contenders(args, Path(scratch))


def changes_of(versus: Sequence[str], args: argparse.Namespace) -> dict[str, Any]:
    """Read settings such as "device=vulkan" or "without=graphs,ahead".

    Raises: UsageError for what is no setting, or cannot differ between two measurements of an artifact.
    """
    names = RUN_SETTINGS if args.config is None else (*RUN_SETTINGS, *BUILD_SETTINGS)
    found: dict[str, Any] = {}
    for text in versus:
        name, equals, value = text.partition("=")
        if name not in names or not equals:
            more = "" if args.config else f"; with --config also {', '.join(BUILD_SETTINGS)}"
            raise UsageError(
                f"got {text!r}, wanted NAME=VALUE with one of: {', '.join(names)}{more}", where="--versus"
            )
        found[name] = _read(name, value)
    return found


def _read(name: str, value: str) -> Any:
    if name == "without":
        return switches.named(value.split(","), "--versus without")
    if name == "context":
        try:
            return positive(value)
        except argparse.ArgumentTypeError as error:
            raise UsageError(str(error), where="--versus context") from error
    return value


def _said(value: Any) -> str:
    return str(value) if isinstance(value, str | int) else ",".join(value)


def with_label(contender: Contender, label: str) -> Contender:
    """Return a contender under another name."""
    return replace(contender, label=label)
