/** What the rest of the runtime uses of tokenizers, chat templates and prompts. */

/** One message of a conversation. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** What decoding does to a space at the start of a text, which encoding may have put there. */
export type LeadingSpace = "keep" | "drop one" | "drop all";

/** What one id stands for: no bytes if it is special. Only a droppable piece loses a leading space. */
export interface Piece {
  readonly data: Uint8Array;
  readonly droppable: boolean;
}

/** Turns ids into text as they come, holding back an incomplete character until its last byte is there. */
export interface StreamDecoder {
  /** The text that this id completes, which may be none. */
  push(id: number): string;
  /** What is left at the end: U+FFFD for a character that never became complete. */
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
   * The ids go on from text that is already shown, so a leading space belongs to the text: a prompt "Once upon"
   * goes on with " a", while an answer in a chat starts with "Hello".
   */
  readonly continued?: boolean;
}

/** Text to token ids and back, whichever file the model brings its tokenizer in. */
export interface Coder {
  readonly kind: "sentencepiece" | "tokenizers";
  /** One more than the largest id. */
  readonly vocabSize: number;
  /** The id that starts a text, if the model has one. */
  readonly bosId: number | null;
  /** The tokenizer's own end; the artifact's manifest may name more ids that end an answer. */
  readonly eosId: number | null;
  /** Whether a plain prompt is to start with BOS. */
  readonly addsBos: boolean;
  /** The model's markup, by its text. */
  readonly specialIds: ReadonlyMap<string, number>;
  readonly leadingSpace: LeadingSpace;
  /** The ids of a text; throws KernelcError("usage") where the vocabulary cannot keep markup apart from text. */
  encode(text: string, options?: EncodeOptions): number[];
  /** The text of ids: special ones and those beyond the vocabulary show as nothing, bytes that are no UTF-8 as U+FFFD. */
  decode(ids: Iterable<number>, options?: DecodeOptions): string;
  /** A token as the vocabulary writes it, "" beyond the vocabulary. */
  token(id: number): string;
  /** The bytes that an id stands for. */
  piece(id: number): Piece;
  /** A decoder for ids that come one at a time. */
  stream(options?: DecodeOptions): StreamDecoder;
}

export interface RenderOptions {
  /** End the prompt where the assistant is to speak; true unless told otherwise. */
  readonly addGenerationPrompt?: boolean;
  /** What the template takes for the time. */
  readonly now?: Date;
}

/** Writes messages as the text that the model was trained on. */
export interface Template {
  /** Whether it only joins the messages (a base model), so that an answer goes on from the user's own text. */
  readonly isPlain: boolean;
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
