"""Make the checkout ready to use: a virtual environment with everything in it, a driver for wgpu to run on.

`make setup` calls this. It may be run again at any time: what is there is kept. It needs Python 3.11 alone.
Where it runs as root on a system with apt-get, it installs the system packages that are missing;
KERNELC_SYSTEM_PACKAGES=no makes it say what is missing instead. Packages are those of requirements.lock, by
their hashes; with KERNELC_LOCKED=no they are whatever pip finds for pyproject.toml.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
VENV = REPO / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

PIP = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
EXTRAS = "dev,hub,opencl,vulkan,cpu"
# What tests run on or compare with, where it is there: a command or a file, and the Debian package with it.
ORACLES = {
    "spirv-val": "spirv-tools",
    "/etc/OpenCL/vendors/pocl.icd": "pocl-opencl-icd",
    "/usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json": "vulkan-validationlayers",
}

# Asked in a process of its own: a driver that crashes must not take the set-up with it. OpenGL does not
# count: its adapters lack what the kernels need.
FIND_ADAPTER = """
import wgpu
names = [a.info["device"] for a in wgpu.gpu.enumerate_adapters_sync() if a.info["backend_type"] != "OpenGL"]
print(names[0] if names else "")
"""


def main() -> int:
    """Set everything up; return the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036  (the interpreter that runs this may be older)
        found = sys.version.split()[0]
        return fail(f"wanted Python 3.11 or later, got {found}: try `make setup PYTHON=python3.11`")
    if not make_venv():
        return 1
    say("installing kernelc and what it needs into .venv (a minute or two) ...")
    for arguments in pip_arguments(locked=os.environ.get("KERNELC_LOCKED") != "no"):
        if subprocess.run([*PIP, *arguments], cwd=REPO).returncode:
            return fail(
                "pip could not install kernelc; its message is above. KERNELC_LOCKED=no takes what pip finds"
                " instead of the files whose hashes are in requirements.lock"
            )
    provide_adapter()
    provide_oracles()
    return 0


def pip_arguments(*, locked: bool) -> list[list[str]]:
    """Return what pip is told, a list for each call: packages by their hashes, then the checkout itself."""
    if not locked:
        return [["--editable", f".[{EXTRAS}]"]]
    # hatchling, which builds, is in the lock too: an isolated build would fetch whatever there is
    return [
        ["--require-hashes", "--requirement", "requirements.lock"],
        ["--no-deps", "--no-build-isolation", "--editable", "."],
    ]


def make_venv() -> bool:
    """Create .venv unless a working one is there."""
    works = [str(PYTHON), "-c", "import pip"]
    if PYTHON.exists() and subprocess.run(works, stderr=subprocess.DEVNULL).returncode == 0:
        return True
    if importlib.util.find_spec("ensurepip") is None:  # Debian keeps it in a package of its own
        package = f"python3.{sys.version_info.minor}-venv"
        if not install_packages(package):
            fail(f"Python's venv module is incomplete: install {package} (`apt-get install {package}`)")
            return False
    say("creating .venv ...")
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)]).returncode:
        fail("could not create .venv; Python's message is above")
        return False
    return True


def provide_adapter() -> None:
    """See to it that wgpu finds a device, and say which; its absence is no failure."""
    adapter = find_adapter()
    if not adapter and sys.platform == "linux" and install_packages("mesa-vulkan-drivers", "libvulkan1"):
        adapter = find_adapter()
    if adapter:
        say(f"device for wgpu: {adapter}")
        return
    say("no device for wgpu: a Vulkan driver is missing. Install your GPU's, or Mesa's software driver")
    say("  (Debian, Ubuntu: `apt-get install mesa-vulkan-drivers libvulkan1`).")
    say("  `--device cpu` works without any driver.")


def provide_oracles() -> None:
    """Install what some tests compare with; they are skipped without it."""
    missing = [
        package for what, package in ORACLES.items() if not (shutil.which(what) or Path(what).exists())
    ]
    if missing and not install_packages(*missing):
        say(f"some tests will be skipped for want of: {', '.join(missing)}")


def find_adapter() -> str:
    """Return the name of a device that wgpu can use, "" for none."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"XDG_RUNTIME_DIR": folder, **os.environ}  # drivers complain without one
        command = [str(PYTHON), "-c", FIND_ADAPTER]
        try:
            run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        except subprocess.TimeoutExpired:
            return ""
    return run.stdout.strip() if run.returncode == 0 else ""


def install_packages(*packages: str) -> bool:
    """Install Debian packages where we may; return whether they are installed now."""
    may = hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None
    if not may or os.environ.get("KERNELC_SYSTEM_PACKAGES") == "no":
        return False
    say(f"installing system packages: {' '.join(packages)} ...")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    install = [*apt, "install", "--yes", "--no-install-recommends", *packages]
    for command in ([*apt, "update"], install):  # a failed update may leave lists that are good enough
        run = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return run.returncode == 0


def say(line: str) -> None:
    """Tell the user, at once."""
    print(line, flush=True)


def fail(line: str) -> int:
    """Report what went wrong as every kernelc command does; return the exit code."""
    print(f"error: {line}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
