/** An adapter as it is shown to people and programs: its name, limits and features. */
export interface AdapterCard {
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  /** Whether it computes on the CPU, which is slow. */
  readonly fallback: boolean;
  /** Those of "f16", "subgroups", "dot4", "immediates" and matrix units ("tile_...") that it has. */
  readonly features: readonly string[];
  /** WGSL language features, such as "packed_4x8_integer_dot_product". */
  readonly languageFeatures: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}
