/** The interfaces of tokenizers, chat templates and prompts. */

/** A call of a tool that an answer made. Its arguments are an object. */
export interface SaidCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: unknown };
}

/** One message of a conversation. */
export interface Message {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string;
  /** Of the role "assistant". */
  readonly tool_calls?: readonly SaidCall[];
  readonly reasoning_content?: string;
  /** The same, under gpt-oss's name for it. */
  readonly thinking?: string;
  /** Of the role "tool": the call that it answers, and the name of the tool. */
  readonly tool_call_id?: string;
  readonly name?: string;
}

/** A tool as templates see it. */
export interface Definition {
  readonly type: "function";
  readonly function: {
    readonly name: string;
    readonly description?: string;
    readonly parameters: Readonly<Record<string, unknown>>;
  };
}

/** What decoding does with a space at the start of a text, which encoding may have added. */
export type LeadingSpace = "keep" | "drop one" | "drop all";

/** What an id stands for: no bytes if it is special. Only a droppable piece can lose a leading space. */
export interface Piece {
  readonly data: Uint8Array;
  readonly droppable: boolean;
}

/** Turns ids into text as they come, holding back an incomplete character until its last byte is there. */
export interface StreamDecoder {
  /** The text that this id completes, which may be none. */
  push(id: number): string;
  /** The rest of the text, at the end: U+FFFD for a character that never became complete. */
  flush(): string;
}

export interface EncodeOptions {
  /** Put BOS first, where the model has one. */
  readonly bos?: boolean;
  /**
   * Read markup ("<s>") as the special tokens, as is right for a rendered chat template. Without it markup is
   * text, as is right for what a user writes.
   */
  readonly parseSpecial?: boolean;
}

export interface DecodeOptions {
  /**
   * Whether the ids continue a text that is already shown, so that a leading space belongs to the text: a
   * prompt "Once upon" continues with " a", while an answer in a chat starts with "Hello".
   */
  readonly continued?: boolean;
}

/** Encodes and decodes text, whichever kind of file the tokenizer comes from. */
export interface Coder {
  readonly kind: "sentencepiece" | "tokenizers";
  /** One more than the largest id. */
  readonly vocabSize: number;
  /** The id that starts a text, if the model has one. */
  readonly bosId: number | null;
  /** The tokenizer's own end; the artifact's manifest may name more ids that end an answer. */
  readonly eosId: number | null;
  /** The ids that a plain prompt starts with: BOS for most models, none for some. */
  readonly promptPrefix: readonly number[];
  /** The model's special tokens, by their text. Decoding shows nothing for them. */
  readonly specialIds: ReadonlyMap<string, number>;
  /** The other added tokens, by their text. Decoding shows them. */
  readonly addedIds: ReadonlyMap<string, number>;
  /** What is never read out of a user's text: the special tokens, and those that were protected. */
  readonly markup: ReadonlyMap<string, number>;
  /** What templates see of the tokens besides bos_token and eos_token, by variable name. */
  readonly templateTokens: ReadonlyMap<string, unknown>;
  /**
   * Treat these added tokens as markup, too, because the model's template writes them as such: many
   * fine-tuned models declare "<|im_start|>" as an added token that is not special.
   */
  protect(contents: Iterable<string>): void;
  readonly leadingSpace: LeadingSpace;
  /** The ids of a text; throws KernelcError("usage") where the vocabulary cannot tell markup from text. */
  encode(text: string, options?: EncodeOptions): number[];
  /**
   * The text of ids. Special ids and those beyond the vocabulary give nothing, invalid UTF-8 gives U+FFFD.
   */
  decode(ids: Iterable<number>, options?: DecodeOptions): string;
  /** A token as the vocabulary writes it, "" beyond the vocabulary. */
  token(id: number): string;
  /** The bytes that an id stands for. */
  piece(id: number): Piece;
  /** A decoder for ids that come one at a time. */
  stream(options?: DecodeOptions): StreamDecoder;
}

export interface RenderOptions {
  /** Whether the prompt ends where the assistant's answer begins (default true). */
  readonly addGenerationPrompt?: boolean;
  /** The tools that the template is told of. */
  readonly tools?: readonly Definition[];
  /** The time that the template is given. */
  readonly now?: Date;
}

/** Writes messages in the form that the model was trained on. */
export interface Template {
  /**
   * Whether it only joins the messages, as for a base model: an answer then continues the user's own text.
   */
  readonly isPlain: boolean;
  /** Its own text, of which calls and thoughts have their form. */
  readonly source: string;
  /** Throws KernelcError("template") where the template refuses the messages, fails or was stopped. */
  render(messages: readonly Message[], options?: RenderOptions): string;
}

/** A prompt as text, for `remember`, and as token ids. */
export interface Prompt {
  readonly text: string;
  readonly ids: number[];
}

/** Reads one of the artifact's small files, by its name in the manifest. */
export type FetchFile = (name: string) => Promise<Uint8Array>;

/** What the manifest says of the tokenizer: `file` is the one to load, `files` all that belong to it. */
export interface TokenizerFiles {
  readonly kind: string;
  readonly file: string;
  readonly files: ReadonlyMap<string, unknown> | Readonly<Record<string, unknown>>;
}

/** What the manifest says of the chat template; null where the artifact has none. */
export interface TemplateFile {
  readonly file: string;
  readonly bos_token: string | null;
  readonly eos_token: string | null;
}
