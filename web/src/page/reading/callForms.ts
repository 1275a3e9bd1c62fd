/** Calls of tools as the page shows them, and the marks that begin them. */

export interface ShownCall {
  readonly name: string;
  /** The JSON of its arguments, as far as it is there. */
  readonly args: string;
  /** Whether that is all of it. */
  readonly whole: boolean;
}

/** An answer's text before its first call, the calls, and the text that is left. */
export interface Called {
  readonly before: string;
  readonly calls: readonly ShownCall[];
  readonly after: string;
}

export const MARKS = ["<tool_call>", "[TOOL_CALLS]", "<|tool_call|>", "<|python_tag|>"] as const;
export type Mark = (typeof MARKS)[number];
