/**
 * Asks a server with OpenAI's own client for JavaScript: `node openai.mjs http://localhost:8000/v1`. Prints
 * what it read as JSON; tests/serve/test_js_client.py runs it and knows the answers.
 */

import OpenAI from "openai";

const [, , baseURL] = process.argv;
const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
const messages = [{ role: "user", content: "hi" }];
const tools = [{ type: "function", function: { name: "get_time", parameters: { type: "object" } } }];
const found = {};

found.models = [];
for await (const model of client.models.list()) found.models.push(model.id);

const chat = await client.chat.completions.create({ model: "fake", messages });
found.chat = [chat.choices[0].message.content, chat.choices[0].finish_reason, chat.usage.completion_tokens];

found.stream = "";
const stream = await client.chat.completions.create({ model: "fake", messages, stream: true });
for await (const chunk of stream) found.stream += chunk.choices[0]?.delta.content ?? "";

const text = await client.completions.create({ model: "fake", prompt: "hi", max_tokens: 3 });
found.text = text.choices[0].text;

const calling = client.chat.completions.stream({ model: "caller", messages, tools });
const done = await calling.finalChatCompletion();
const [call] = done.choices[0].message.tool_calls;
found.call = [done.choices[0].finish_reason, call.function.name, call.function.arguments];

const whole = await client.chat.completions.create({ model: "caller", messages, tools });
found.same = whole.choices[0].message.tool_calls[0].function.arguments === call.function.arguments;

try {
  await client.chat.completions.create({ model: "fake", messages, temperature: 1000 });
} catch (error) {
  found.refused = [error.constructor.name, error.status, error.param];
}

console.log(JSON.stringify(found));
