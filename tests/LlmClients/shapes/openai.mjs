// What OpenAI's API answers, as its public reference has it.
import { cut } from '../double.mjs';

const created = 1_700_000_000;
const data = value => `data: ${JSON.stringify(value)}\n\n`;
const textOf = content => (typeof content === 'string' ? content : (content ?? []).map(p => p.text ?? '').join(''));

const types = { 401: 'authentication_error', 429: 'rate_limit_error', 500: 'server_error' };

export const error = (status, message) => ({ error: { message, type: types[status] ?? 'invalid_request_error', param: null, code: null } });

export const models = { object: 'list', data: [{ id: 'm-1', object: 'model', created, owned_by: 'the-provider' }] };

/** Four numbers a text, as little-endian floats in base64 where that is asked for, which the library asks for. */
export function embeddings({ model, input, encoding_format }) {
    const vector = text => [text.length, 0.25, -0.5, 1];
    const embedding = text => (encoding_format === 'base64' ? Buffer.from(new Float32Array(vector(text)).buffer).toString('base64') : vector(text));
    return { object: 'list', model, data: [input].flat().map((text, index) => ({ object: 'embedding', index, embedding: embedding(text) })), usage: { prompt_tokens: 5, total_tokens: 5 } };
}

const chatUsage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
const chatCall = ({ name, input }) => ({ id: 'call_1', type: 'function', function: { name, arguments: JSON.stringify(input) } });

export const chat = {
    read: ({ messages, tools }) => ({
        said: textOf(messages.findLast(m => m.role === 'user')?.content),
        tools: (tools ?? []).map(t => t.function.name),
        result: messages.at(-1).role === 'tool' ? textOf(messages.at(-1).content) : undefined,
    }),
    whole: ({ text, call }, { model }) => ({
        id: 'chatcmpl-1', object: 'chat.completion', created, model,
        choices: [{ index: 0, message: { role: 'assistant', content: text ?? null, refusal: null, ...(call && { tool_calls: [chatCall(call)] }) }, logprobs: null, finish_reason: call ? 'tool_calls' : 'stop' }],
        usage: chatUsage,
    }),
    events({ text, call }, { model, stream_options }) {
        const counts = stream_options?.include_usage;
        const chunk = more => data({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created, model, ...more });
        const choice = (delta, finish_reason = null) => chunk({ choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...(counts && { usage: null }) });
        const [first, ...rest] = call ? cut(JSON.stringify(call.input)) : [];
        const body = call
            ? [choice({ tool_calls: [{ index: 0, ...chatCall({ ...call, input: undefined }), function: { name: call.name, arguments: first } }] }), ...rest.map(part => choice({ tool_calls: [{ index: 0, function: { arguments: part } }] }))]
            : cut(text).map(part => choice({ content: part }));
        return [choice({ role: 'assistant', content: call ? null : '' }), ...body, choice({}, call ? 'tool_calls' : 'stop'), ...(counts ? [chunk({ choices: [], usage: chatUsage })] : []), 'data: [DONE]\n\n'];
    },
};

const responseUsage = { input_tokens: 9, input_tokens_details: { cached_tokens: 0 }, output_tokens: 3, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 12 };
const part = text => ({ type: 'output_text', text, annotations: [], logprobs: [] });
const item = ({ text, call }, status) => (call
    ? { id: 'fc_1', type: 'function_call', status, call_id: 'call_1', name: call.name, ...(call.namespace && { namespace: call.namespace }), arguments: status === 'completed' ? JSON.stringify(call.input) : '' }
    : { id: 'msg_1', type: 'message', status, role: 'assistant', content: status === 'completed' ? [part(text)] : [] });
const response = (model, status, output) => ({
    id: 'resp_1', object: 'response', created_at: created, status, error: null, incomplete_details: null, instructions: null, metadata: {}, model, output,
    parallel_tool_calls: true, temperature: 1, tool_choice: 'auto', tools: [], top_p: 1, usage: status === 'completed' ? responseUsage : null,
});

export const responses = {
    read({ input, tools }) {
        const items = typeof input === 'string' ? [{ role: 'user', content: input }] : input;
        return {
            said: textOf(items.findLast(i => i.role === 'user')?.content),
            tools: (tools ?? []).flatMap(t => (t.type === 'namespace' ? t.tools.map(inner => ({ name: inner.name, namespace: t.name })) : [t.name ?? t.type])),
            result: items.at(-1).type === 'function_call_output' ? textOf(items.at(-1).output) : undefined,
        };
    },
    whole: (does, { model }) => response(model, 'completed', [item(does, 'completed')]),
    events(does, { model }) {
        let sequence_number = 0;
        const event = (type, more) => `event: ${type}\n${data({ type, sequence_number: sequence_number++, ...more })}`;
        const at = { output_index: 0, item_id: does.call ? 'fc_1' : 'msg_1' };
        const inner = { ...at, content_index: 0 };
        const body = does.call
            ? [...cut(JSON.stringify(does.call.input)).map(delta => event('response.function_call_arguments.delta', { ...at, delta })), event('response.function_call_arguments.done', { ...at, name: does.call.name, arguments: JSON.stringify(does.call.input) })]
            : [
                event('response.content_part.added', { ...inner, part: part('') }),
                ...cut(does.text).map(delta => event('response.output_text.delta', { ...inner, delta, logprobs: [] })),
                event('response.output_text.done', { ...inner, text: does.text, logprobs: [] }),
                event('response.content_part.done', { ...inner, part: part(does.text) }),
            ];
        return [
            event('response.created', { response: response(model, 'in_progress', []) }),
            event('response.in_progress', { response: response(model, 'in_progress', []) }),
            event('response.output_item.added', { output_index: 0, item: item(does, 'in_progress') }),
            ...body,
            event('response.output_item.done', { output_index: 0, item: item(does, 'completed') }),
            event('response.completed', { response: response(model, 'completed', [item(does, 'completed')]) }),
        ];
    },
};
