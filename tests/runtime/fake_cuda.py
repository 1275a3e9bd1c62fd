"""A CUDA driver of Python: memory that holds bytes, a stream that runs at once, kernels that only are noted.

It stands in for `pycuda.driver` and `cuda.bindings.driver` where the executor's own work is tested: what it
allocates, captures, copies and frees. Kernels run in tests/gpu.
"""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any

import numpy as np


class Error(Exception):
    pass


class MemoryError(Error):
    pass


class Memory:
    """Device memory is host memory at an address of its own."""

    def __init__(self, driver: FakeDriver, size: int) -> None:
        self._driver, self._data = driver, np.full(size, 0xAA, np.uint8)
        self.size = size
        driver.allocated[int(self)] = self

    def __int__(self) -> int:
        return self._data.ctypes.data

    def free(self) -> None:
        del self._driver.allocated[int(self)]


class Event:
    def __init__(self, flags: int = 0) -> None:
        self.recorded = False

    def record(self, stream: Any) -> None:
        self.recorded = True

    def synchronize(self) -> None:
        assert self.recorded


class FakeDriver:
    """`pycuda.driver`."""

    Error, MemoryError, Event = Error, MemoryError, Event
    event_flags = SimpleNamespace(DISABLE_TIMING=2, BLOCKING_SYNC=1)
    function_attribute = SimpleNamespace(MAX_DYNAMIC_SHARED_SIZE_BYTES="MAX_DYNAMIC_SHARED_SIZE_BYTES")

    def __init__(self, memory_bytes: int = 1 << 30) -> None:
        self.memory_bytes = memory_bytes
        self.capability, self.version = (9, 0), 13000
        self.allocated: dict[int, Memory] = {}
        self.depth = 0  # of the context stack
        self.launched: list[tuple[str, tuple[int, ...]]] = []  # (entry, grid), in order
        self.captured: list[tuple[str, tuple[int, ...]]] | None = None
        self.shared_sizes: dict[str, int] = {}  # of the last launch of each entry
        self.fails: Exception | None = None  # what the next launch raises
        names = ["WARP_SIZE", "MAX_SHARED_MEMORY_PER_BLOCK_OPTIN", "MAX_THREADS_PER_BLOCK"]
        names += [f"MAX_{kind}_DIM_{axis}" for kind in ("BLOCK", "GRID") for axis in "XYZ"]
        self.device_attribute = SimpleNamespace(**{name: name for name in names})
        self.Context = SimpleNamespace(pop=self._pop)

    def init(self) -> None:
        pass

    def _pop(self) -> None:
        self.depth -= 1

    def _push(self) -> None:
        self.depth += 1

    def Device(self, ordinal: int) -> Any:
        sizes = {
            "WARP_SIZE": 32,
            "MAX_SHARED_MEMORY_PER_BLOCK_OPTIN": 227 << 10,
            "MAX_THREADS_PER_BLOCK": 1024,
        }
        return SimpleNamespace(
            name=lambda: "Fake GPU",
            compute_capability=lambda: self.capability,
            total_memory=lambda: self.memory_bytes,
            get_attribute=lambda name: sizes.get(name, 65535 if "GRID" in name else 1024),
            retain_primary_context=lambda: SimpleNamespace(push=self._push, detach=lambda: None),
        )

    def get_driver_version(self) -> int:
        return self.version

    def Stream(self) -> Any:
        return SimpleNamespace(handle=7, synchronize=lambda: None, wait_for_event=Event.synchronize)

    def mem_get_info(self) -> tuple[int, int]:
        return self.memory_bytes - sum(each.size for each in self.allocated.values()), self.memory_bytes

    def mem_alloc(self, size: int) -> Memory:
        assert self.depth == 1, "outside of the context"
        if size > self.mem_get_info()[0]:
            raise MemoryError("cuMemAlloc failed: out of memory")
        return Memory(self, size)

    def pagelocked_empty(self, size: int, dtype: Any) -> np.ndarray:
        return np.empty(size, dtype)

    def memset_d8_async(self, memory: Memory, value: int, size: int, stream: Any) -> None:
        ctypes.memset(int(memory), value, size)

    def memcpy_htod(self, address: int, data: Any) -> None:
        raw = bytes(data)
        ctypes.memmove(self._checked(address, len(raw)), raw, len(raw))

    def memcpy_dtoh(self, array: np.ndarray, address: int) -> None:
        ctypes.memmove(array.ctypes.data, self._checked(address, array.nbytes), array.nbytes)

    def memcpy_htod_async(self, address: int, data: np.ndarray, stream: Any) -> None:
        self.memcpy_htod(address, data.tobytes())

    def memcpy_dtoh_async(self, array: np.ndarray, address: int, stream: Any) -> None:
        self.memcpy_dtoh(array, address)

    def _checked(self, address: int, size: int) -> int:
        inside = (
            int(each) <= address and address + size <= int(each) + each.size
            for each in self.allocated.values()
        )
        assert any(inside), "outside of every allocation"
        return address

    def module_from_buffer(self, image: bytes) -> Any:
        def function(entry: str) -> Any:
            most = {"shared": 48 << 10}

            def set_attribute(name: str, size: int) -> None:
                assert name == "MAX_DYNAMIC_SHARED_SIZE_BYTES"
                most["shared"] = size

            def launch(grid: Any, block: Any, stream: Any, *addresses: int, shared_size: int = 0) -> None:
                if self.fails is not None:
                    raise self.fails
                assert shared_size <= most["shared"], "more shared memory than was asked for"
                self.shared_sizes[entry] = shared_size
                assert all(self._checked(address, 1) for address in addresses)
                (self.launched if self.captured is None else self.captured).append((entry, grid))

            return SimpleNamespace(
                prepare=lambda format: None, prepared_async_call=launch, set_attribute=set_attribute
            )

        return SimpleNamespace(get_function=function)


class Template(list[tuple[str, tuple[int, ...]]]):
    """A graph: what was captured, one kernel after the other, with an edge between each two."""

    def __init__(self, captured: list[tuple[str, tuple[int, ...]]]) -> None:
        super().__init__(captured)
        self.edges = {(at, at + 1): SimpleNamespace(from_port=0, type=0) for at in range(len(captured) - 1)}

    @property
    def early(self) -> list[str]:
        """The entries of the kernels that may start before the one before them has ended, in order."""
        early = [after for (_, after), edge in self.edges.items() if (edge.from_port, edge.type) == (1, 1)]
        return [self[at][0] for at in sorted(early)]


class FakeGraphs:
    """`cuda.bindings.driver`: a graph is the list of what was captured."""

    CUresult = SimpleNamespace(CUDA_SUCCESS=SimpleNamespace(name="CUDA_SUCCESS"))
    CU_GRAPH_KERNEL_NODE_PORT_PROGRAMMATIC = 1
    CUgraphDependencyType = SimpleNamespace(CU_GRAPH_DEPENDENCY_TYPE_PROGRAMMATIC=1)
    CUstreamCaptureMode = SimpleNamespace(CU_STREAM_CAPTURE_MODE_RELAXED=2)
    CUevent_flags = SimpleNamespace(CU_EVENT_DEFAULT=0)
    CUevent_record_flags = SimpleNamespace(CU_EVENT_RECORD_EXTERNAL=1)

    def __init__(self, driver: FakeDriver) -> None:
        self.driver = driver
        self.alive = 0
        self.instantiated = 0
        self.templates: list[Template] = []  # those captured and not destroyed
        self.refuses = ""  # the name of a call that fails

    def _done(self, *results: Any) -> tuple[Any, ...]:
        return (self.CUresult.CUDA_SUCCESS, *results)

    def CUstream(self, handle: int) -> int:
        return handle

    def cuStreamBeginCapture(self, stream: int, mode: int) -> Any:
        assert self.driver.captured is None
        self.driver.captured = []
        return self._done()

    def cuStreamEndCapture(self, stream: int) -> Any:
        captured, self.driver.captured = self.driver.captured, None
        assert captured is not None
        self.templates.append(Template(captured))
        return self._done(self.templates[-1])

    def CUgraphEdgeData(self) -> Any:
        return SimpleNamespace(from_port=0, type=0)

    def cuGraphGetEdges(self, graph: Template, count: int = 0) -> Any:
        """As the driver, with a count of 0 it gives the number of edges alone."""
        if not count:
            return self._done([], [], [], len(graph.edges))
        before, after = zip(*graph.edges, strict=True)
        return self._done(list(before), list(after), list(graph.edges.values()), count)

    def cuGraphRemoveDependencies(
        self, graph: Template, before: list[int], after: list[int], edges: list[Any], count: int
    ) -> Any:
        assert len(before) == len(after) == len(edges) == count
        for edge, data in zip(zip(before, after, strict=True), edges, strict=True):
            assert graph.edges.pop(edge) == data, "an edge is removed by its own data"
        return self._done()

    def cuGraphAddDependencies(
        self, graph: Template, before: list[int], after: list[int], edges: list[Any], count: int
    ) -> Any:
        if self.refuses == "cuGraphAddDependencies":
            return (SimpleNamespace(name="CUDA_ERROR_NOT_SUPPORTED"),)
        assert len(before) == len(after) == len(edges) == count
        assert not graph.edges.keys() & set(zip(before, after, strict=True))
        graph.edges |= dict(zip(zip(before, after, strict=True), edges, strict=True))
        return self._done()

    def cuGraphInstantiate(self, graph: Any, flags: int) -> Any:
        if self.refuses == "cuGraphInstantiate" and graph.early:
            return (SimpleNamespace(name="CUDA_ERROR_INVALID_VALUE"),)
        assert len(graph.edges) == max(0, len(graph) - 1)
        self.alive += 1
        self.instantiated += 1
        return self._done(graph)

    def cuGraphLaunch(self, graph: Any, stream: int) -> Any:
        self.driver.launched += graph
        return self._done()

    def cuGraphExecDestroy(self, graph: Any) -> Any:
        self.alive -= 1
        return self._done()

    def cuGraphDestroy(self, graph: Any) -> Any:
        self.templates = [each for each in self.templates if each is not graph]
        return self._done()

    def cuEventCreate(self, flags: int) -> Any:
        return self._done(object())

    def cuEventRecordWithFlags(self, event: Any, stream: int, flags: int) -> Any:
        return self._done()

    def cuEventElapsedTime(self, begin: Any, end: Any) -> Any:
        return self._done(0.25)

    def cuEventDestroy(self, event: Any) -> Any:
        return self._done()
