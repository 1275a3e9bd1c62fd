"""Classes of devices: what tuned schedules are kept by, and what counts as an imitation of a graphics card.

A class is the kind of executor and what says how fast its kernels are: for a graphics card the name of the
product, which every interface gives, for what runs on the processor its instructions and threads. It names
no single machine.
"""

from __future__ import annotations

import re

from runtime.cpu.instructions import processor_class
from runtime.device.executor import DeviceInfo

# Drivers that run kernels on the processor: words of what they say of themselves, and the name in a class.
_SOFTWARE = {
    "llvmpipe": "llvmpipe",
    "lavapipe": "llvmpipe",
    "swiftshader": "swiftshader",
    "portable computing language": "pocl",
    "basic render": "warp",
}


def is_software(info: DeviceInfo) -> bool:
    """Whether a driver imitates a graphics card on the processor."""
    return _software(info) is not None


def _software(info: DeviceInfo) -> str | None:
    said = f"{info.name} {info.driver}".lower()
    return next((name for word, name in _SOFTWARE.items() if word in said), None)


def class_of(info: DeviceInfo) -> str:
    """Return the class of a device, such as "cpu-x86_64-avx2-2t" or "cuda-nvidia-h200".

    "" for the device numpy, which has no schedules.
    """
    if not info.target:
        return ""
    software = _software(info)
    if info.kind == "cpu":
        return f"cpu-{processor_class()}"
    if software is not None:
        return f"{info.kind}-{software}-{processor_class()}"
    product = re.sub(r"[^a-z0-9]+", "-", info.name.lower()).strip("-")
    return f"{info.kind}-{product[:80].rstrip('-') or 'unnamed'}"
