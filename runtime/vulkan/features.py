"""The features that kernels may require of a Vulkan device: which are there, and how they are enabled."""

from __future__ import annotations

from typing import Any, TypeAlias

from runtime.device.executor import DeviceInfo
from runtime.vulkan.native import Handle, Vulkan

SUBGROUP_SIZES = "VK_EXT_subgroup_size_control"
_DOT_PRODUCTS = "VK_KHR_shader_integer_dot_product"
_MATRICES = "VK_KHR_cooperative_matrix"

Structure: TypeAlias = Any
"""A structure of properties or features that the driver has filled in."""


class DeviceFeatures:
    """The features of one physical device. `names` are the extensions that it supports, `properties` those of
    Vulkan 1.1.
    """

    def __init__(
        self, vulkan: Vulkan, instance: Handle, physical: Handle, names: set[str], properties: Structure
    ) -> None:
        self._vulkan, self._instance, self._physical = vulkan, instance, physical
        self._names, self._properties = names, properties
        self._features_1_2 = self._query("VkPhysicalDeviceVulkan12Features")
        self._features_1_1 = self._query("VkPhysicalDeviceVulkan11Features")

    def _query(self, type: str) -> Structure:
        made = self._vulkan.make(type)
        features = self._vulkan.make("VkPhysicalDeviceFeatures2", pNext=made)
        self._vulkan.lib.vkGetPhysicalDeviceFeatures2(self._physical, features)
        return made

    def of_kernels(self) -> frozenset[str]:
        """Return the features that variants may require, under the names that they use."""
        found = {
            "f16": self._features_1_1.storageBuffer16BitAccess and self._features_1_2.shaderFloat16,
            "subgroups": self._has_subgroups(),
            "dot4": self._has_dot_products(),
        }
        return self._tiles().union(name for name, there in found.items() if there)

    def _has_subgroups(self) -> bool:
        """Return whether there is what WebGPU's feature of that name has: reductions and shuffles."""
        vulkan = self._vulkan
        wanted = vulkan.SUBGROUP_FEATURE_BASIC_BIT | vulkan.SUBGROUP_FEATURE_ARITHMETIC_BIT
        wanted |= vulkan.SUBGROUP_FEATURE_SHUFFLE_BIT
        operations = self._properties.subgroupSupportedOperations
        stages = self._properties.subgroupSupportedStages
        return bool(stages & vulkan.SHADER_STAGE_COMPUTE_BIT) and operations & wanted == wanted

    def _has_dot_products(self) -> bool:
        known = _DOT_PRODUCTS in self._names
        type = "VkPhysicalDeviceShaderIntegerDotProductFeatures"
        return known and bool(self._query(type).shaderIntegerDotProduct)

    # ---- matrix units ----

    def _tiles(self) -> frozenset[str]:
        """Return the tile shapes of the matrix units, such as "tile_f16_16x16x16": 32-bit sums, held by a
        subgroup.
        """
        if _MATRICES not in self._names or not self._features_1_2.vulkanMemoryModel:
            return frozenset()
        asked = self._query("VkPhysicalDeviceCooperativeMatrixFeaturesKHR")
        operands = self._tile_operands()
        return frozenset(
            f"tile_{operands[types]}_{each.MSize}x{each.NSize}x{each.KSize}"
            for each in (self._products() if asked.cooperativeMatrix else [])
            if (types := (each.AType, each.BType, each.CType, each.ResultType)) in operands
            and each.scope == self._vulkan.SCOPE_SUBGROUP_KHR
        )

    def _tile_operands(self) -> dict[tuple[int, int, int, int], str]:
        """Return operand names by the types of a, b, c and the result, as far as kernels can compute with
        them.
        """
        vulkan, found = self._vulkan, dict[tuple[int, int, int, int], str]()
        half, single = vulkan.COMPONENT_TYPE_FLOAT16_KHR, vulkan.COMPONENT_TYPE_FLOAT32_KHR
        byte, word = vulkan.COMPONENT_TYPE_SINT8_KHR, vulkan.COMPONENT_TYPE_SINT32_KHR
        if self._features_1_2.shaderFloat16:
            found[half, half, single, single] = "f16"
        if self._features_1_2.shaderInt8:
            found[byte, byte, word, word] = "i8"
        return found

    def _products(self) -> list[Structure]:
        """Return every matrix product that the driver lists, if compute kernels may use them."""
        vulkan, name = self._vulkan, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR"
        stages = vulkan.make("VkPhysicalDeviceCooperativeMatrixPropertiesKHR")
        properties = vulkan.make("VkPhysicalDeviceProperties2", pNext=stages)
        vulkan.lib.vkGetPhysicalDeviceProperties2(self._physical, properties)
        if not stages.cooperativeMatrixSupportedStages & vulkan.SHADER_STAGE_COMPUTE_BIT:
            return []
        function = vulkan.function(self._instance, name)
        return vulkan.filled(function, "VkCooperativeMatrixPropertiesKHR", self._physical) if function else []

    # ---- sizes of subgroups ----

    def subgroup_sizes(self) -> tuple[int, ...]:
        """Return the subgroup sizes that a compute kernel may request; none where the device has a single
        size.
        """
        if SUBGROUP_SIZES not in self._names:
            return ()
        vulkan, sizes = self._vulkan, self.subgroup_bounds()
        control = self._query("VkPhysicalDeviceSubgroupSizeControlFeatures").subgroupSizeControl
        compute = sizes.requiredSubgroupSizeStages & vulkan.SHADER_STAGE_COMPUTE_BIT
        if not control or not compute or sizes.minSubgroupSize == sizes.maxSubgroupSize:
            return ()
        powers = (1 << bit for bit in range(sizes.maxSubgroupSize.bit_length()))
        return tuple(size for size in powers if size >= sizes.minSubgroupSize)

    def subgroup_bounds(self) -> Structure:
        """Return the smallest and the largest subgroup size; zeros where the driver does not say."""
        vulkan = self._vulkan
        sizes = vulkan.make("VkPhysicalDeviceSubgroupSizeControlProperties")
        properties = vulkan.make("VkPhysicalDeviceProperties2", pNext=sizes)
        if SUBGROUP_SIZES in self._names:
            vulkan.lib.vkGetPhysicalDeviceProperties2(self._physical, properties)
        return sizes


def switched_on(vulkan: Vulkan, info: DeviceInfo) -> tuple[Handle, list[str]]:
    """Return what enables all of `info` when a device is created: a chain of structures, and extension
    names.
    """
    features, extensions = info.features, list[str]()
    operands = {name.split("_")[1] for name in features if name.startswith("tile_")}
    chain = vulkan.make(
        "VkPhysicalDeviceVulkan12Features",
        timelineSemaphore=1,
        shaderFloat16="f16" in features or "f16" in operands,
        shaderInt8="i8" in operands,
        vulkanMemoryModel=bool(operands),
    )
    chain = vulkan.make(
        "VkPhysicalDeviceVulkan11Features", storageBuffer16BitAccess="f16" in features, pNext=chain
    )
    for wanted, extension, type, field in (
        ("dot4" in features, _DOT_PRODUCTS, "ShaderIntegerDotProductFeatures", "shaderIntegerDotProduct"),
        (bool(operands), _MATRICES, "CooperativeMatrixFeaturesKHR", "cooperativeMatrix"),
        (bool(info.subgroup_sizes), SUBGROUP_SIZES, "SubgroupSizeControlFeatures", "subgroupSizeControl"),
    ):
        if wanted:
            chain = vulkan.make(f"VkPhysicalDevice{type}", **{field: 1}, pNext=chain)
            extensions.append(extension)
    return chain, extensions
