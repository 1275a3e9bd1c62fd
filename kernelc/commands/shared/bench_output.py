"""What `kernelc bench` prints and draws of one model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kernelc.commands.shared.options import file_to_write
from kernelc.commands.shared.progress import progress_bar
from kernelc.commands.shared.table import print_table, size
from kernelc.errors import UsageError
from kernelc.measure.bandwidth import Bandwidth
from kernelc.measure.compute import compute_of
from kernelc.measure.roofline import Roof, points_of, roofline_svg


def show(result: Mapping[str, Any]) -> None:
    """Print what was measured of one model."""
    bandwidth, share = result["bandwidth_bytes_per_second"], result["share_of_bandwidth"]
    used = f", {100 * share:.1f} % used" if share is not None else ""
    lines = [
        ["model", f"{result['model']} ({result['quant']}), {size(result['allocated_bytes'])} on the device"],
        ["device", result["device"]],
        ["driver", result["driver"]],
        ["measured", f"{result['date']}, kernelc {result['commit'] or 'of a package'}"],
        ["checked", result["checked"]],
        ["prefill", f"{result['prefill_tokens_per_second']:.1f} tokens/s over {result['prompt']} tokens"],
        ["decode", f"{result['decode_tokens_per_second']:.1f} tokens/s over {result['generate']} tokens"],
        [
            "read per token",
            f"{size(result['bytes_per_token'])}: weights {size(result['weight_bytes_per_token'])}, cache"
            f" {size(result['cache_bytes_per_token'])} at position {result['position']}",
        ],
        ["bandwidth", f"{size(bandwidth)}/s{used}" if bandwidth else "-"],
        ["dispatches", f"{result['dispatches_per_token']:.1f} per token"],
        ["host", f"{result['host_us_per_dispatch']:.2f} us per dispatch"],
    ]
    if result["without"]:
        lines.insert(4, ["without", ", ".join(result["without"])])
    print_table(lines[0], lines[1:])
    if result["bandwidth_note"]:
        print(f"\n{result['bandwidth_note']}")
    for step, rows in result.get("profile", {}).items():
        print(f"\none {step} step")
        cells = [
            [row["kernel"], str(row["calls"]), f"{row['microseconds']:.1f}", f"{100 * row['share']:.1f} %"]
            for row in rows
        ]
        print_table(["kernel", "calls", "us", "share"], cells, right=(1, 2, 3))


def writable(name: str) -> Path:
    """Return the path of a picture to be written. Raises: UsageError where that cannot be."""
    path = Path(name)
    if path.suffix != ".svg":
        raise UsageError(f"got {name!r}, wanted a file that ends with .svg", where="--plot")
    return file_to_write(name, "--plot")


def write_plot(
    path: Path,
    result: Mapping[str, Any],
    profile: Mapping[str, Sequence[Mapping[str, Any]]],
    bandwidth: Bandwidth | None,
    kind: str,
) -> None:
    """Measure how fast the device computes, and draw the roofline.

    Raises: UsageError for a device that has no kernels to measure it with.
    """
    if bandwidth is None:
        raise UsageError(
            "there is no roof to draw without a bandwidth", where="--plot", help=result["bandwidth_note"]
        )
    with progress_bar("measuring how fast the device computes"):
        levels = compute_of(kind)
    slopes = {"memory": max(bandwidth.read, bandwidth.copy)}
    if bandwidth.from_cache and bandwidth.read_again is not None:
        slopes["cache"] = bandwidth.read_again
    title = (
        f"{result['model']} ({result['quant']}, activations {result['activations']}) on {result['device']}"
    )
    measured = (
        f"{result['date']}, {result['driver']}, kernelc {result['commit'] or 'of a package'}:"
        f" a decode step after {result['prompt']} tokens, and a prefill step of as many"
    )
    path.write_text(roofline_svg(title, measured, Roof(slopes, levels), points_of(profile)), encoding="utf-8")
