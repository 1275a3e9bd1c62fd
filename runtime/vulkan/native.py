"""The Vulkan loader through the cffi layer of the package `vulkan`: structures, calls, and errors as ours.

The package's own wrappers cost 3 to 10 microseconds per call and let nested structures dangle. Its `ffi` and
`lib` do neither, as long as whatever a structure points to is kept alive (see `Vulkan.make`).
"""

from __future__ import annotations

import importlib
import os
import re
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, TypeAlias
from weakref import WeakKeyDictionary

from kernelc.errors import DeviceError, KernelcError, WorkFailed
from runtime.device.failures import device_lost, out_of_memory

Handle: TypeAlias = Any
"""An object of Vulkan, or a cffi pointer to one of its structures."""

_NO_DRIVER = (
    "install a Vulkan driver (Debian, Ubuntu: mesa-vulkan-drivers libvulkan1), or use another `device`"
)


class VulkanError(Exception):
    """A call that failed. `result` is the name of its VkResult."""

    def __init__(self, function: str, result: str) -> None:
        super().__init__(f"{function} gave {result}")
        self.result = result


class Vulkan:
    """The loader. `ffi` and `lib` are cffi's; `constants` is the module with every VK_... by name."""

    def __init__(self) -> None:
        """Raises: DeviceError where the package or the loader is not installed."""
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())  # drivers complain without one
        try:
            self.constants: Any = importlib.import_module("vulkan._vulkan")
        except ImportError as error:
            raise DeviceError(
                f"device vulkan needs the Python package vulkan: {error}",
                help="pip install 'kernelc[vulkan]'",
            ) from error
        except OSError as error:  # the package loads the loader when it is imported
            raise DeviceError("the Vulkan loader is not installed", help=_NO_DRIVER) from error
        self.ffi: Any = self.constants.ffi
        self.lib: Any = self.constants.lib
        self.null: Handle = self.ffi.NULL
        self._kept: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()

    def __getattr__(self, name: str) -> Any:
        """Return a constant by its name without VK_."""
        return getattr(self.constants, f"VK_{name}")

    # ---- structures ----

    def make(self, type: str, /, **fields: Any) -> Handle:
        """Return a pointer to a new structure. Whatever its fields point to is kept alive with it."""
        types = dict(self.ffi.typeof(type).fields)
        inside = {name: self._inside(types[name].type, value) for name, value in fields.items()}
        if "sType" in types:
            inside["sType"] = getattr(self.constants, _structure_type(type))
        made = self.ffi.new(f"{type} *", inside)
        self._kept[made] = fields
        return made

    def _inside(self, type: Any, value: Any) -> Any:
        """Return the value to set a field of `type` to: for a nested structure, the structure instead of its
        pointer.
        """
        pointer = isinstance(value, self.ffi.CData) and self.ffi.typeof(value).kind == "pointer"
        return value[0] if pointer and type.kind == "struct" else value

    def array(self, type: str, items: Sequence[Any]) -> Handle:
        """Return an array. Items of a structure type are given as the pointers that `make` returns."""
        structures = bool(items) and self._is_pointer_to(items[0], type)
        made = self.ffi.new(f"{type}[]", [item[0] for item in items] if structures else list(items))
        self._kept[made] = tuple(items)
        return made

    def _is_pointer_to(self, item: Any, type: str) -> bool:
        if not isinstance(item, self.ffi.CData):
            return False
        found = self.ffi.typeof(item)
        return found.kind == "pointer" and found.item is self.ffi.typeof(type)

    def text(self, value: str) -> Handle:
        """Return a C string."""
        return self.ffi.new("char[]", value.encode())

    def string(self, field: Any) -> str:
        """Return the text of a field of a structure."""
        return self.ffi.string(field).decode(errors="replace")

    # ---- calls ----

    def call(self, name: str, *arguments: Any) -> None:
        """Call a function that returns a VkResult. Raises: VulkanError unless it is a success."""
        result = getattr(self.lib, name)(*arguments)
        if result < 0:
            self.fail(name, result)

    def fail(self, name: str, result: int) -> NoReturn:
        """Raise the VulkanError for the result of a function."""
        raise VulkanError(name, str(self.ffi.string(self.ffi.cast("VkResult", result))))

    def create(self, name: str, type: str, *arguments: Any) -> Handle:
        """Call a function that writes one handle of `type` through its last argument, and return that
        handle.
        """
        out = self.ffi.new(f"{type} *")
        self.call(name, *arguments, out)
        return out[0]

    def function(self, instance: Handle, name: str) -> Handle | None:
        """Return an extension function, None where the loader does not know it."""
        found = self.lib.vkGetInstanceProcAddr(instance, self.text(name))
        return None if found == self.null else self.ffi.cast(f"PFN_{name}", found)

    def all(self, name: str, type: str, *arguments: Any) -> list[Any]:
        """Call a function of the loader that fills an array: once for the length, once for the items."""
        return self.filled(getattr(self.lib, name), type, *arguments)

    def filled(self, function: Handle, type: str, *arguments: Any) -> list[Any]:
        """Do the same with a function that is not one of the loader's own."""
        count = self.ffi.new("uint32_t *")
        function(*arguments, count, self.null)
        items = self.ffi.new(f"{type}[]", max(1, count[0]))
        described = self.ffi.typeof(type)
        if described.kind == "struct" and "sType" in dict(described.fields):
            for at in range(count[0]):
                items[at].sType = getattr(self.constants, _structure_type(type))
        function(*arguments, count, items)
        self._kept[count] = items  # structures in the list are views of it
        found = [items[at] for at in range(count[0])]
        for item in found:
            if self.ffi.typeof(item).kind == "struct":
                self._kept[item] = items
        return found


def _structure_type(type: str) -> str:
    """`VkBufferCreateInfo` -> `VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO`."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Z])", "_", type[2:]).upper()
    words = re.sub(r"VULKAN_1(\d)", r"VULKAN_1_\1", words)
    return f"VK_STRUCTURE_TYPE_{words}"


@contextmanager
def translated(doing: str) -> Generator[None]:
    """Turn a VulkanError raised inside into a DeviceError or WorkFailed."""
    try:
        yield
    except VulkanError as error:
        raise as_kernelc_error(doing, error) from error


def as_kernelc_error(doing: str, error: VulkanError) -> KernelcError:
    """Return the error for a call that failed, by its result."""
    result = error.result
    if "DEVICE_LOST" in result:
        return device_lost(doing)
    if "MEMORY" in result or "TOO_MANY_OBJECTS" in result:
        return out_of_memory(doing, str(error))
    if "INCOMPATIBLE_DRIVER" in result or "INITIALIZATION_FAILED" in result:
        return DeviceError(f"{doing} failed, no driver works: {error}", help=_NO_DRIVER)
    return WorkFailed(f"{doing} failed: {error}")


def no_device(reason: str) -> DeviceError:
    """Return the error for a machine without a usable Vulkan device."""
    return DeviceError(f"no Vulkan device found: {reason}", help=_NO_DRIVER)
