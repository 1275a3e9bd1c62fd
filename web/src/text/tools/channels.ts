/**
 * Answers in OpenAI's harmony format: messages, each with a channel and perhaps somebody to go to. The
 * counterpart of `runtime/chat/tools/channels.py`, which has an example and the source.
 */

export const START = "<|start|>";
export const CHANNEL = "<|channel|>";
export const MESSAGE = "<|message|>";
export const CONSTRAIN = "<|constrain|>";
export const END_MESSAGE = "<|end|>";
export const CALL = "<|call|>";
export const RETURN = "<|return|>";
export const CHANNEL_MARKS = [START, CHANNEL, CONSTRAIN, MESSAGE, END_MESSAGE, CALL, RETURN];
/** What ends a message; behind the last two is the next one's header. */
export const ENDS = [END_MESSAGE, CALL, RETURN, START, CHANNEL];
/** Characters before <|message|>; no tool has a longer name. */
export const MOST_HEADER = 300;

const FUNCTIONS = "functions.";
const BEGINS = [CHANNEL, START, "to="];

/** What stands before a message. */
export interface Header {
  readonly channel: string;
  /** Whom it goes to, "" where that is the user. */
  readonly recipient: string;
  /** The function that it calls, "" where it calls none. */
  readonly called: string;
}

/** The text up to <|message|>, read. */
export function headerOf(text: string): Header {
  const channel = /<\|channel\|>[ \t\r\n]*(\w*)/.exec(text)?.[1] ?? "";
  const to = /to=([^ \t\r\n<]+)/.exec(text)?.[1] ?? "";
  const recipient = to === "user" || to === "all" ? "" : to;
  const called = recipient.startsWith(FUNCTIONS) ? recipient.slice(FUNCTIONS.length) : "";
  return { channel, recipient, called };
}

/** Whether a header may go on with this, which has no white space before it. */
export function mayBeHeader(text: string): boolean {
  if ([END_MESSAGE, CALL, RETURN].some((mark) => text.endsWith(mark))) return false;
  if ([START, CHANNEL].some((mark) => text.indexOf(mark) !== text.lastIndexOf(mark))) return false;
  const begins = BEGINS.some((begin) => begin.startsWith(text) || text.startsWith(begin));
  return begins && text.length < MOST_HEADER;
}
