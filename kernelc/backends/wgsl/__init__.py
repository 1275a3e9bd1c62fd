"""The WGSL backend, for WebGPU in browsers and wgpu natively."""
