"""The graphs of the model that an artifact was built from, as they are before they are fused."""

from __future__ import annotations

from pathlib import Path

from kernelc.artifact import Artifact
from kernelc.commands.shared.options import demo_model
from kernelc.errors import UsageError

DEMO = "demo"


def traced_of(named: str | None, artifact: Artifact) -> dict[str, str]:
    """Return the text of each role's graph before fusing, of the model that `named` names; {} for None.

    Raises: UsageError where the artifact was built from another one, ConfigError where there is none.
    """
    if named is None:
        return {}
    from kernelc.explore.graphs import graphs_by_role, traced_graphs
    from model.families.registry import find_model
    from model.opening import layout_of, open_model

    path = demo_model() if named == DEMO and not Path(named).exists() else Path(named)
    graph = artifact.manifest.graph
    fused = graphs_by_role(artifact.text(graph.file)) if graph else {}
    if layout_of(path) is None:
        traced = traced_graphs(find_model(str(path)), artifact.manifest, fused)
    else:
        with open_model(path) as files:
            traced = traced_graphs(files.model, artifact.manifest, fused)
    if fused and not traced:
        raise UsageError(
            f"its graph, fused, is not that of the artifact {artifact.manifest.name}",
            where=f"--model {named}",
            help="name the model that the artifact was built from, or leave it out",
        )
    return traced
