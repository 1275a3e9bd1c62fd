"""Steps as CUDA graphs: captured once for each set of programs and grids, then launched with one call.

PyCUDA has no graph API, so capture, instantiation and launch go through cuda-bindings, on PyCUDA's stream and
context. The numbers of a step are in device memory, so another graph is needed only where a grid depends on
the position.

Where the device can, a kernel that has something to do before its inputs are there starts while the one
before it still runs, gets its weights on their way, and then waits (programmatic dependent launch); that
saves the start of the kernel and the end of the one before. Others do not: waiting is all that they could do
there, and a 7B with activations of f32, whose kernels have nothing to do before, decodes an eighth slower on
an H200 where they start early.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from runtime.cuda.device import CallFailed, CudaDevice, Handle
from runtime.device.loaded import StepKey

_KEPT = 64  # graphs; a graph of a hundred kernels takes some hundred kilobytes


@dataclass(frozen=True)
class Graph:
    """An instantiated graph, and the template that must live as long as it does."""

    executable: Handle
    template: Handle


class GraphCache:
    """The graphs launched most recently, by programs and grids."""

    def __init__(self, device: CudaDevice) -> None:
        self._device = device
        self._graphs: OrderedDict[StepKey, Graph] = OrderedDict()

    def launch(self, key: StepKey, record: Callable[[], None], early: Sequence[bool] = ()) -> None:
        """Launch the graph of `key`; if there is none, capture one from the work that `record` hands over.

        `early`: see `capture`.
        """
        graph = self._graphs.get(key)
        if graph is None:
            graph = capture(self._device, record, early)
            self._graphs[key] = graph
            if len(self._graphs) > _KEPT:
                destroy(self._device, self._graphs.popitem(last=False)[1])
        else:
            self._graphs.move_to_end(key)
        start(self._device, graph)

    def release(self) -> None:
        """Destroy all graphs. A graph that is running finishes first."""
        while self._graphs:
            destroy(self._device, self._graphs.popitem()[1])


def capture(device: CudaDevice, record: Callable[[], None], early: Sequence[bool] = ()) -> Graph:
    """Return a graph of the work that `record` hands over. The work itself does not run.

    `early`: where kernels alone are handed over, whether each waits itself for the one before it and should
    start earlier, as far as the device does that. A driver that refuses such a graph is not asked again.
    """
    template = _template(device, record)
    overlap = any(early) and device.overlaps
    try:
        if overlap:
            _let_overlap(device, template, early)
        return Graph(device.call(device.graph_api.cuGraphInstantiate, template, 0), template)
    except CallFailed:
        device.graph_api.cuGraphDestroy(template)
        if not overlap:
            raise
        device.overlaps = False
        return capture(device, record)


def _template(device: CudaDevice, record: Callable[[], None]) -> Handle:
    api, call = device.graph_api, device.call
    call(
        api.cuStreamBeginCapture, device.graph_stream, api.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED
    )
    try:
        record()
    except BaseException:
        api.cuStreamEndCapture(
            device.graph_stream
        )  # report the first error, not what ending the capture says
        raise
    return call(api.cuStreamEndCapture, device.graph_stream)


def _let_overlap(device: CudaDevice, template: Handle, early: Sequence[bool]) -> None:
    """Make the edges to `early` kernels such that are passed when the kernel before lets dependents start.

    The first kernel of a graph still starts after all that was on the stream before, and what follows the
    graph after all of its kernels. Source: CUDA C++ Programming Guide, "Use in CUDA Graphs".
    """
    api = device.graph_api
    *_, count = device.results(api.cuGraphGetEdges, template)
    if not count:
        return
    before, after, plain, count = device.results(api.cuGraphGetEdges, template, count)
    places = _places_in_chain([int(node) for node in before], [int(node) for node in after])
    chosen = [at for at, node in enumerate(after) if early[places[int(node)]]]
    before, after, plain = ([each[at] for at in chosen] for each in (before, after, plain))
    edges = [api.CUgraphEdgeData() for _ in chosen]
    for edge in edges:
        edge.from_port = int(api.CU_GRAPH_KERNEL_NODE_PORT_PROGRAMMATIC)
        edge.type = int(api.CUgraphDependencyType.CU_GRAPH_DEPENDENCY_TYPE_PROGRAMMATIC)
    device.call(api.cuGraphRemoveDependencies, template, before, after, plain, len(chosen))
    device.call(api.cuGraphAddDependencies, template, before, after, edges, len(chosen))


def _places_in_chain(before: Sequence[int], after: Sequence[int]) -> dict[int, int]:
    """Which of the nodes that were captured, from 0 on, each node is, by the edges from one to the next."""
    following = dict(zip(before, after, strict=True))
    (node,) = set(before) - set(after)
    places = {node: 0}
    while node in following:
        node = following[node]
        places[node] = len(places)
    return places


def start(device: CudaDevice, graph: Graph) -> None:
    """Launch a graph."""
    device.call(device.graph_api.cuGraphLaunch, graph.executable, device.graph_stream)


def destroy(device: CudaDevice, graph: Graph) -> None:
    """Free a graph. Errors are ignored: whatever fails here has failed and been reported before."""
    device.graph_api.cuGraphExecDestroy(graph.executable)
    device.graph_api.cuGraphDestroy(graph.template)


def timed(device: CudaDevice, launches: Sequence[Callable[[], None]]) -> list[float]:
    """Run kernels in order, in one graph with an event between each two, and return the seconds each took.

    In a graph the device does not wait for the host between kernels. A kernel's time includes its start, a
    microsecond or two.
    """
    api, call = device.graph_api, device.call
    timing = int(api.CUevent_flags.CU_EVENT_DEFAULT)
    events = [call(api.cuEventCreate, timing) for _ in range(len(launches) + 1)]
    try:
        graph = capture(device, lambda: _record_timed(device, launches, events))
        try:
            start(device, graph)
            device.stream.synchronize()
        finally:
            destroy(device, graph)
        return [1e-3 * float(call(api.cuEventElapsedTime, begin, end)) for begin, end in pairwise(events)]
    finally:
        for event in events:
            api.cuEventDestroy(event)


def _record_timed(
    device: CudaDevice, launches: Sequence[Callable[[], None]], events: Sequence[Handle]
) -> None:
    api = device.graph_api
    external = int(api.CUevent_record_flags.CU_EVENT_RECORD_EXTERNAL)
    for launch, event in zip(launches, events[:-1], strict=True):
        device.call(api.cuEventRecordWithFlags, event, device.graph_stream, external)
        launch()
    device.call(api.cuEventRecordWithFlags, events[-1], device.graph_stream, external)
