"""A Vulkan device that is ready to work; most functions in this folder take one."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.vulkan.device import VulkanDevice
from runtime.vulkan.kernels import Kernels
from runtime.vulkan.queue import Queue


@dataclass(frozen=True)
class OpenedDevice:
    """A device with its queue and the kernels compiled on it."""

    device: VulkanDevice
    queue: Queue
    kernels: Kernels
