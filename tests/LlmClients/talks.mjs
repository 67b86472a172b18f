// What the official client libraries are asked to do, the same before the provider and before the gateway. Nothing is set but the base address, the key, and that a failure is not tried again.
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

export const openai = (url, apiKey) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });

export const claude = (url, apiKey) => new Anthropic({ baseURL: url, apiKey, authToken: null, maxRetries: 0 });

const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const [name, description] = ['weather', 'tells what it is like outside'];

const chat = (model, content) => ({ model, messages: [{ role: 'system', content: 'be brief' }, { role: 'user', content }] });
const message = (model, content) => ({ model, max_tokens: 50, system: 'be brief', messages: [{ role: 'user', content }] });

const chatTools = { tools: [{ type: 'function', function: { name, description, parameters } }] };
const responseTools = { tools: [{ type: 'function', name, description, parameters, strict: false }] };
const messageTools = { tools: [{ name, description, input_schema: parameters }] };

/** Everything that an iteration gives, and what it is told on the way. */
export async function all(stream, hear = () => {}) {
    const events = [];
    for await (const event of await stream) {
        events.push(event);
        hear(event);
    }
    return events;
}

/** The text of one event, whichever API's it is. */
export const textIn = event => event.choices?.[0]?.delta.content ?? (event.type === 'response.output_text.delta' ? event.delta : event.delta?.type === 'text_delta' ? event.delta.text : '') ?? '';

/** @returns by name, the three ways to ask each API for an answer in words. */
export const asking = {
    'chat completions': {
        model: 'm-1', Lib: OpenAI, client: openai,
        whole: (c, model, text) => c.chat.completions.create(chat(model, text)),
        textOf: answer => answer.choices[0].message.content,
        stream: (c, model, text) => c.chat.completions.create({ ...chat(model, text), stream: true, stream_options: { include_usage: true } }),
        helper: (c, model, text) => c.chat.completions.stream(chat(model, text)).finalChatCompletion(),
    },
    responses: {
        model: 'm-1', Lib: OpenAI, client: openai,
        whole: (c, model, text) => c.responses.create({ model, instructions: 'be brief', input: text }),
        textOf: answer => answer.output_text,
        stream: (c, model, text) => c.responses.create({ model, instructions: 'be brief', input: text, stream: true }),
        helper: (c, model, text) => c.responses.stream({ model, instructions: 'be brief', input: text }).finalResponse(),
    },
    messages: {
        model: 'claude-x', Lib: Anthropic, client: claude,
        whole: (c, model, text) => c.messages.create(message(model, text)),
        textOf: answer => answer.content[0].text,
        stream: (c, model, text) => c.messages.create({ ...message(model, text), stream: true }),
        helper: (c, model, text) => c.messages.stream(message(model, text)).finalMessage(),
    },
};

/** @returns what a whole turn with a tool comes to: the call as the library reads it, streamed and not, and the answer to its result. */
export const calling = {
    async 'chat completions'(c, model = 'm-1') {
        const ask = { ...chat(model, 'what is the weather in Bern?'), ...chatTools };
        const call = (await c.chat.completions.create(ask)).choices[0].message;
        const streamed = await c.chat.completions.stream(ask).finalChatCompletion();
        const said = call.tool_calls[0];
        const answer = await c.chat.completions.create({ ...ask, messages: [...ask.messages, call, { role: 'tool', tool_call_id: said.id, content: 'fog' }] });
        return { call: [said.function.name, JSON.parse(said.function.arguments)], streamed: streamed.choices[0].message.tool_calls[0].function.arguments, answer: answer.choices[0].message.content };
    },
    async responses(c, model = 'm-1') {
        const ask = { model, input: [{ role: 'user', content: 'what is the weather in Bern?' }], ...responseTools };
        const [call] = (await c.responses.create(ask)).output;
        const streamed = await c.responses.stream(ask).finalResponse();
        const answer = await c.responses.create({ ...ask, input: [...ask.input, call, { type: 'function_call_output', call_id: call.call_id, output: 'fog' }] });
        return { call: [call.name, JSON.parse(call.arguments)], streamed: streamed.output[0].arguments, answer: answer.output_text };
    },
    async messages(c, model = 'claude-x') {
        const ask = { ...message(model, 'what is the weather in Bern?'), ...messageTools };
        const { content } = await c.messages.create(ask);
        const streamed = await c.messages.stream(ask).finalMessage();
        const answer = await c.messages.create({ ...ask, messages: [...ask.messages, { role: 'assistant', content }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: content[0].id, content: 'fog' }] }] });
        return { call: [content[0].name, content[0].input], streamed: JSON.stringify(streamed.content[0].input), answer: answer.content[0].text };
    },
};
