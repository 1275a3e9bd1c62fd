/** Tools, their calls, and the answers that have some, in the shapes of OpenAI's API. */

/** A call of a tool. `arguments` is the text of a JSON object. */
export interface ToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/** A function that an answer may call. */
export interface Tool {
  readonly type: "function";
  readonly function: {
    readonly name: string;
    readonly description?: string | null;
    /** A JSON schema of an object; without it there are no arguments. */
    readonly parameters?: Readonly<Record<string, unknown>> | null;
    /** Whether each call follows the schema, and a schema that none can be held to is refused. */
    readonly strict?: boolean | null;
  };
}

export type NamedTool = Readonly<{ type: "function"; function: Readonly<{ name: string }> }>;

/**
 * Whether tools are called: "none", as the model likes ("auto", the default), or in any case; and which.
 */
export type ToolChoice =
  | "none"
  | "auto"
  | "required"
  | NamedTool
  | Readonly<{
      type: "allowed_tools";
      allowed_tools: Readonly<{ mode: "auto" | "required"; tools: readonly NamedTool[] }>;
    }>;

/** A call in a stream: the first has its id and name, the next have more of its arguments. */
export interface CallDelta {
  readonly index: number;
  readonly id?: string;
  readonly type?: "function";
  readonly function: { readonly name?: string; readonly arguments: string };
}

export interface ChunkDelta {
  readonly role?: "assistant";
  readonly content?: string;
  readonly reasoning_content?: string;
  readonly tool_calls?: [CallDelta];
}

/** An answer. One that is nothing but calls has no content. */
export interface AnswerMessage {
  readonly role: "assistant";
  readonly content: string | null;
  readonly refusal: null;
  readonly reasoning_content?: string;
  readonly tool_calls?: ToolCall[];
}
