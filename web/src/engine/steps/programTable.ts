/** The programs of the loaded roles, picked by role and position. */

import type { Bounds } from "../../artifact/dim.js";
import { KernelcError } from "../../artifact/errors.js";
import type { Manifest, Role } from "../../artifact/schema.js";

interface Entry {
  readonly name: string;
  readonly seq: Bounds;
  readonly past: Bounds;
}

export class ProgramTable {
  private readonly byRole = new Map<Role, Entry[]>();

  constructor(manifest: Manifest, roles: readonly Role[]) {
    const everything: Bounds = [0, Infinity];
    for (const [name, { role, symbols }] of manifest.programs) {
      if (!roles.includes(role)) continue;
      const bounds = new Map([...manifest.symbols, ...symbols]);
      const entry = { name, seq: bounds.get("seq") ?? everything, past: bounds.get("past") ?? everything };
      this.byRole.set(role, [...(this.byRole.get(role) ?? []), entry]);
    }
  }

  /** Whether there is any program of `role`. */
  has(role: Role): boolean {
    return this.byRole.has(role);
  }

  /** The first program of `role` for these symbols. @throws KernelcError "usage" where there is none. */
  select(role: Role, seq: number, past: number): string {
    for (const entry of this.of(role)) {
      if (within(seq, entry.seq) && within(past, entry.past)) return entry.name;
    }
    const asked = `no ${role} program takes ${seq} tokens after ${past}`;
    throw new KernelcError("usage", `${asked}; there is ${this.shown(role)}`);
  }

  /** The most tokens that one step of `role` takes at this position. @throws KernelcError "usage". */
  mostRows(role: Role, past: number): number {
    const fitting = this.of(role).filter((entry) => within(past, entry.past));
    if (fitting.length) return Math.max(...fitting.map((entry) => entry.seq[1]));
    throw new KernelcError("usage", `no ${role} program starts after ${past}; there is ${this.shown(role)}`);
  }

  private of(role: Role): readonly Entry[] {
    const entries = this.byRole.get(role);
    if (entries) return entries;
    throw new KernelcError("usage", `no ${role} program is loaded`, { help: "build the artifact again" });
  }

  private shown(role: Role): string {
    const shown = ({ name, seq, past }: Entry): string =>
      `${name} (seq ${seq.join("..")}, past ${past.join("..")})`;
    return this.of(role).map(shown).join("; ");
  }
}

function within(value: number, [low, high]: Bounds): boolean {
  return low <= value && value <= high;
}
