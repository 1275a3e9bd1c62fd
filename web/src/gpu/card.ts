/** What WebGPU there is, of what limits and features. */
export interface AdapterCard {
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  /** Whether it computes on the processor: slow. */
  readonly fallback: boolean;
  /** Of "f16", "subgroups", "dot4", "immediates" and matrix units ("tile_..."), those that there are. */
  readonly features: readonly string[];
  /** WGSL language features, such as "packed_4x8_integer_dot_product". */
  readonly languageFeatures: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}
