"""Kernels on a Vulkan device: pipelines, their cache, and the descriptor sets that bind buffers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from runtime.device.failures import kernel_refused
from runtime.vulkan.cache import read_cache, write_cache
from runtime.vulkan.device import Buffer, VulkanDevice
from runtime.vulkan.native import Handle, VulkanError, translated

_SPIRV_MAGIC = b"\x03\x02\x23\x07"

BoundRange: TypeAlias = tuple[Buffer, int, int]
"""Buffer, offset, bytes."""


@dataclass(frozen=True)
class KernelBinary:
    """A kernel's SPIR-V. It binds `buffers` storage buffers, followed by the step block if `params` is set.

    `subgroup_size` is the size that the kernel is made for, None where any will do.
    """

    name: str
    words: bytes
    entry: str
    buffers: int
    params: bool
    subgroup_size: int | None = None


@dataclass(frozen=True, eq=False)
class Layout:
    """The layout that kernels with the same bindings share. `kinds` are the descriptor types by binding."""

    kinds: tuple[int, ...]
    bindings: Handle
    pipeline: Handle


@dataclass(frozen=True, eq=False)
class Pipeline:
    """A compiled kernel."""

    handle: Handle
    layout: Layout


class Kernels:
    """Compiles kernels for a device. When the device closes, compiled kernels are saved to disk."""

    def __init__(self, device: VulkanDevice) -> None:
        self._device, self._vulkan = device, device.vulkan
        self._layouts: dict[tuple[int, bool], Layout] = {}
        self._pipelines: dict[Pipeline, None] = {}
        data = read_cache(device.chosen.cache_id)
        self._cached_bytes = len(data)
        create = self._vulkan.make(
            "VkPipelineCacheCreateInfo",
            initialDataSize=len(data),
            pInitialData=self._vulkan.ffi.from_buffer(data) if data else self._vulkan.null,
        )
        with translated("making the pipeline cache"):
            self._cache = device.create("vkCreatePipelineCache", "VkPipelineCache", create)
        device.before_closing(self._close)

    def compile(self, kernel: KernelBinary) -> Pipeline:
        """Return the pipeline of a kernel. Raises: WorkFailed where the driver refuses it."""
        vulkan, device = self._vulkan, self._device.device
        if kernel.words[:4] != _SPIRV_MAGIC or len(kernel.words) % 4:
            raise kernel_refused(kernel.name, "the file is no SPIR-V module")
        code = vulkan.ffi.from_buffer("uint32_t[]", kernel.words)
        create = vulkan.make("VkShaderModuleCreateInfo", codeSize=len(kernel.words), pCode=code)
        try:
            module = vulkan.create("vkCreateShaderModule", "VkShaderModule", device, create, vulkan.null)
            try:
                return self._pipeline(kernel, module, self.layout(kernel.buffers, kernel.params))
            finally:
                vulkan.lib.vkDestroyShaderModule(device, module, vulkan.null)
        except VulkanError as error:
            raise kernel_refused(kernel.name, str(error)) from error

    def _pipeline(self, kernel: KernelBinary, module: Handle, layout: Layout) -> Pipeline:
        vulkan = self._vulkan
        stage = vulkan.make(
            "VkPipelineShaderStageCreateInfo",
            stage=vulkan.SHADER_STAGE_COMPUTE_BIT,
            module=module,
            pName=vulkan.text(kernel.entry),
            pNext=self._subgroups(kernel.subgroup_size),
        )
        create = vulkan.make("VkComputePipelineCreateInfo", stage=stage, layout=layout.pipeline)
        device, cache = self._device.device, self._cache
        handle = vulkan.create(
            "vkCreateComputePipelines", "VkPipeline", device, cache, 1, create, vulkan.null
        )
        pipeline = Pipeline(handle, layout)
        self._pipelines[pipeline] = None
        return pipeline

    def _subgroups(self, size: int | None) -> Handle:
        """Return the structure that requests a subgroup size, for a device that would otherwise choose
        one.
        """
        if size not in self._device.info.subgroup_sizes:
            return self._vulkan.null
        type = "VkPipelineShaderStageRequiredSubgroupSizeCreateInfo"
        return self._vulkan.make(type, requiredSubgroupSize=size)

    def release(self, pipeline: Pipeline) -> None:
        """Destroy a pipeline that no work in flight uses. May be called twice."""
        if pipeline in self._pipelines:
            del self._pipelines[pipeline]
            self._vulkan.lib.vkDestroyPipeline(self._device.device, pipeline.handle, self._vulkan.null)

    def layout(self, buffers: int, params: bool) -> Layout:
        """Return the layout of kernels with `buffers` storage buffers, followed by the step block if `params`
        is set.
        """
        if (buffers, params) not in self._layouts:
            storage = self._vulkan.DESCRIPTOR_TYPE_STORAGE_BUFFER
            uniform = self._vulkan.DESCRIPTOR_TYPE_UNIFORM_BUFFER
            with translated("making a layout"):
                made = self._create_layout((storage,) * buffers + (uniform,) * params)
            self._layouts[buffers, params] = made
        return self._layouts[buffers, params]

    def _create_layout(self, kinds: tuple[int, ...]) -> Layout:
        vulkan, create = self._vulkan, self._device.create
        bindings = [
            vulkan.make(
                "VkDescriptorSetLayoutBinding",
                binding=at,
                descriptorType=kind,
                descriptorCount=1,
                stageFlags=vulkan.SHADER_STAGE_COMPUTE_BIT,
            )
            for at, kind in enumerate(kinds)
        ]
        info = vulkan.make(
            "VkDescriptorSetLayoutCreateInfo",
            bindingCount=len(kinds),
            pBindings=vulkan.array("VkDescriptorSetLayoutBinding", bindings),
        )
        layout = create("vkCreateDescriptorSetLayout", "VkDescriptorSetLayout", info)
        layouts = vulkan.array("VkDescriptorSetLayout", [layout])
        info = vulkan.make("VkPipelineLayoutCreateInfo", setLayoutCount=1, pSetLayouts=layouts)
        return Layout(kinds, layout, create("vkCreatePipelineLayout", "VkPipelineLayout", info))

    def _close(self) -> None:
        self._save_cache()
        for pipeline in list(self._pipelines):
            self.release(pipeline)

    def _save_cache(self) -> None:
        """Save what was compiled, if it differs from what was read."""
        vulkan, arguments = self._vulkan, (self._device.device, self._cache)
        size = vulkan.ffi.new("size_t *")
        if vulkan.lib.vkGetPipelineCacheData(*arguments, size, vulkan.null) != 0:
            return
        data = vulkan.ffi.new("char[]", max(1, size[0]))
        complete = vulkan.lib.vkGetPipelineCacheData(*arguments, size, data) == 0
        if complete and size[0] != self._cached_bytes:
            write_cache(self._device.chosen.cache_id, bytes(vulkan.ffi.buffer(data, size[0])))


class BindingSets:
    """The buffers that each dispatch binds: descriptor sets, made and released together."""

    def __init__(self, device: VulkanDevice, wanted: Sequence[tuple[Pipeline, Sequence[BoundRange]]]) -> None:
        """Make one descriptor set for each of `wanted`, in that order, as `sets`. Raises: DeviceError."""
        self._device, self._vulkan = device, device.vulkan
        with translated("making descriptor sets"):
            self._pool = self._create_pool(
                [layout_kind for each, _ in wanted for layout_kind in each.layout.kinds], len(wanted)
            )
            try:
                self.sets = [self._create(pipeline.layout, ranges) for pipeline, ranges in wanted]
            except BaseException:
                self.release()
                raise

    def _create_pool(self, kinds: Sequence[int], sets: int) -> Handle:
        vulkan = self._vulkan
        sizes = [
            vulkan.make("VkDescriptorPoolSize", type=kind, descriptorCount=kinds.count(kind))
            for kind in sorted(set(kinds))
        ]
        create = vulkan.make(
            "VkDescriptorPoolCreateInfo",
            maxSets=max(1, sets),
            poolSizeCount=len(sizes),
            pPoolSizes=vulkan.array("VkDescriptorPoolSize", sizes),
        )
        device = self._device.device
        return vulkan.create("vkCreateDescriptorPool", "VkDescriptorPool", device, create, vulkan.null)

    def _create(self, layout: Layout, ranges: Sequence[BoundRange]) -> Handle:
        vulkan, device = self._vulkan, self._device.device
        allocate = vulkan.make(
            "VkDescriptorSetAllocateInfo",
            descriptorPool=self._pool,
            descriptorSetCount=1,
            pSetLayouts=vulkan.array("VkDescriptorSetLayout", [layout.bindings]),
        )
        made: Any = vulkan.create("vkAllocateDescriptorSets", "VkDescriptorSet", device, allocate)
        writes: list[Handle] = []
        for at, (kind, (buffer, offset, size)) in enumerate(zip(layout.kinds, ranges, strict=True)):
            bound = vulkan.make("VkDescriptorBufferInfo", buffer=buffer.handle, offset=offset, range=size)
            writes.append(
                vulkan.make(
                    "VkWriteDescriptorSet",
                    dstSet=made,
                    dstBinding=at,
                    descriptorCount=1,
                    descriptorType=kind,
                    pBufferInfo=bound,
                )
            )
        array = vulkan.array("VkWriteDescriptorSet", writes)
        vulkan.lib.vkUpdateDescriptorSets(device, len(writes), array, 0, vulkan.null)
        return made

    def release(self) -> None:
        """Destroy the sets, which no work in flight may use. May be called twice."""
        pool, self._pool = self._pool, None
        if pool is not None:
            self._vulkan.lib.vkDestroyDescriptorPool(self._device.device, pool, self._vulkan.null)
