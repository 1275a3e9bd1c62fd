/** The visitor's device, opened when a kernel is first run, and again after it was lost. */

import { Device, openAdapter, type Adapter } from "../../gpu/device.js";
import { GUARANTEED_LIMITS, LIMIT_NAMES, missing, type LimitName } from "../../gpu/limits.js";
import { variantOf } from "./variant.js";
import type { KernelText } from "../data/types.js";

const TIMESTAMPS: GPUFeatureName = "timestamp-query";

export interface OpenDevice {
  readonly device: Device;
  /** Whether the device itself says how long a kernel took. */
  readonly timestamps: boolean;
}

export class DeviceHolder {
  private adapter: Promise<Adapter> | null = null;
  private open: Promise<OpenDevice> | null = null;

  /** What a text asks for that the device lacks; null where nothing is known of a device. */
  async lacking(text: KernelText): Promise<string[] | null> {
    try {
      return missing(variantOf(text), (await this.ask()).capabilities);
    } catch {
      this.adapter = null;
      return null;
    }
  }

  /** @throws KernelcError where there is no WebGPU, no adapter or no device. */
  async get(): Promise<OpenDevice> {
    const held = await this.open?.catch(() => null);
    if (!held || held.device.lost) this.open = this.start();
    return this.open as Promise<OpenDevice>;
  }

  private ask(): Promise<Adapter> {
    this.adapter ??= openAdapter();
    return this.adapter;
  }

  private async start(): Promise<OpenDevice> {
    this.adapter = null; // an adapter gives one device
    const adapter = await this.ask();
    const timestamps = adapter.gpu.features.has(TIMESTAMPS);
    const limits: Partial<Record<LimitName, number>> = {};
    for (const name of LIMIT_NAMES) {
      const most = adapter.capabilities.limits[name];
      if (name !== "minStorageBufferOffsetAlignment" && most > GUARANTEED_LIMITS[name]) limits[name] = most;
    }
    return { device: await Device.open(adapter, limits, timestamps ? [TIMESTAMPS] : []), timestamps };
  }
}
