/**
 * Messages and tools through a model's own template, as transformers' apply_chat_template does it.
 *
 * Arguments of calls are objects there. Templates that join them to a text fail with those, and get the text
 * of their JSON. Models whose templates know no tools are told of them in the system prompt, in words of our
 * own and with the marks of Hermes 2 Pro. The counterpart of
 * `runtime/chat/tools/rendering.py`.
 */

import { KernelcError } from "../../artifact/errors.js";
import type { Definition, Message, Template } from "../types.js";
import type { CallForm } from "./forms.js";

const BEFORE_TOOLS = `# Tools

You may call functions of the program that you talk to. Each of them is described by a JSON object:
<tools>
`;
const AFTER_TOOLS = `
</tools>

Write each call as a JSON object between these marks:
<tool_call>
{"name": "NAME", "arguments": {"PARAMETER": "VALUE"}}
</tool_call>`;

/** The prompt. @throws KernelcError "template"; "usage" for tools where there is no template. */
export function rendered(
  template: Template,
  form: CallForm,
  messages: readonly Message[],
  tools: readonly Definition[],
  addGenerationPrompt = true,
): string {
  if (template.isPlain) {
    if (tools.length) {
      const help = "take a model that was trained for chats, or leave out tools";
      throw new KernelcError("usage", "the model has no chat template, so it knows no tools", { help });
    }
    return template.render(messages, { addGenerationPrompt });
  }
  if (form.told) return told(template, messages, tools, addGenerationPrompt);
  if (form.channels) messages = messages.map(withThinking);
  const options = { addGenerationPrompt, ...(tools.length ? { tools } : {}) };
  try {
    return template.render(messages, options);
  } catch (error) {
    if (!isOfTemplate(error) || !messages.some(({ tool_calls }) => tool_calls)) throw error;
    try {
      return template.render(messages.map(withTexts), options);
    } catch {
      throw error;
    }
  }
}

function isOfTemplate(error: unknown): boolean {
  return error instanceof KernelcError && error.code === "template";
}

/** A message with its thoughts under the name that gpt-oss's template has for them. */
function withThinking(message: Message): Message {
  const { reasoning_content: thinking } = message;
  return thinking === undefined ? message : { ...message, thinking };
}

/** A message whose calls have the text of their arguments' JSON. */
function withTexts(message: Message): Message {
  if (!message.tool_calls) return message;
  const calls = message.tool_calls.map((call) => {
    const { name, arguments: given } = call.function;
    return { ...call, function: { name, arguments: jsonText(given) } };
  });
  return { ...message, tool_calls: calls };
}

function told(
  template: Template,
  messages: readonly Message[],
  tools: readonly Definition[],
  addGenerationPrompt: boolean,
): string {
  const plain = asTexts(messages);
  if (!tools.length) return template.render(plain, { addGenerationPrompt });
  const text = BEFORE_TOOLS + tools.map(jsonText).join("\n") + AFTER_TOOLS;
  const [first] = plain;
  const [system, rest] = first?.role === "system" ? [`${first.content}\n\n`, plain.slice(1)] : ["", plain];
  try {
    return template.render([{ role: "system", content: system + text }, ...rest], { addGenerationPrompt });
  } catch (error) {
    // It may take no system prompt.
    const asked = rest.findIndex(({ role }) => role === "user");
    if (!isOfTemplate(error) || asked < 0) throw error;
    const said = rest.map((message, at) =>
      at === asked ? { ...message, content: `${system}${text}\n\n${message.content}` } : message,
    );
    return template.render(said, { addGenerationPrompt });
  }
}

/**
 * Messages of a role and a text each, and of thoughts: calls as the model writes them, results as the user's.
 */
function asTexts(messages: readonly Message[]): Message[] {
  const found: { role: Message["role"]; content: string; reasoning_content?: string }[] = [];
  let afterResult = false;
  for (const { role, content, tool_calls: calls = [], reasoning_content } of messages) {
    const isResult = role === "tool";
    let text = isResult ? `<tool_response>\n${content}\n</tool_response>` : content;
    for (const { function: called } of calls) {
      const said = jsonText({ name: called.name, arguments: called.arguments });
      text += `${text ? "\n" : ""}<tool_call>\n${said}\n</tool_call>`;
    }
    const last = found.at(-1);
    if (isResult && afterResult && last) last.content += `\n${text}`;
    else {
      const thoughts = reasoning_content === undefined ? {} : { reasoning_content };
      found.push({ role: isResult ? "user" : role, content: text, ...thoughts });
    }
    afterResult = isResult;
  }
  return found;
}

/** JSON as Python's json.dumps writes it, with spaces after commas and colons. */
export function jsonText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${jsonText(each)}`);
  return `{${fields.join(", ")}}`;
}
