// What Anthropic's API answers, as its public reference has it.
import { cut } from '../double.mjs';

const textOf = content => (typeof content === 'string' ? content : (content ?? []).map(b => b.text ?? '').join(''));

const types = { 401: 'authentication_error', 404: 'not_found_error', 429: 'rate_limit_error', 500: 'api_error' };

export const error = (status, message) => ({ type: 'error', error: { type: types[status] ?? 'invalid_request_error', message }, request_id: 'req_1' });

export const count = ({ messages }) => ({ input_tokens: messages.map(m => textOf(m.content).length).reduce((a, b) => a + b, 0) });

const message = (model, content, stop_reason, output_tokens) => ({ id: 'msg_1', type: 'message', role: 'assistant', model, content, stop_reason, stop_sequence: null, usage: { input_tokens: 9, output_tokens } });
const stopFor = call => (call ? 'tool_use' : 'end_turn');

export const messages = {
    read({ messages: turns, tools }) {
        const last = turns.at(-1).content;
        const result = Array.isArray(last) ? last.find(b => b.type === 'tool_result') : undefined;
        return { said: textOf(turns.findLast(m => m.role === 'user' && textOf(m.content))?.content), tools: (tools ?? []).map(t => t.name), result: result && textOf(result.content) };
    },
    whole: ({ text, call }, { model }) => message(model, [call ? { type: 'tool_use', id: 'toolu_1', ...call } : { type: 'text', text, citations: null }], stopFor(call), 3),
    events({ text, call }, { model }) {
        const event = (type, more) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
        const delta = call ? partial_json => ({ type: 'input_json_delta', partial_json }) : piece => ({ type: 'text_delta', text: piece });
        return [
            event('message_start', { message: message(model, [], null, 1) }),
            event('content_block_start', { index: 0, content_block: call ? { type: 'tool_use', id: 'toolu_1', name: call.name, input: {} } : { type: 'text', text: '' } }),
            event('ping', {}),
            ...cut(call ? JSON.stringify(call.input) : text).map(piece => event('content_block_delta', { index: 0, delta: delta(piece) })),
            event('content_block_stop', { index: 0 }),
            event('message_delta', { delta: { stop_reason: stopFor(call), stop_sequence: null }, usage: { output_tokens: 3 } }),
            event('message_stop', {}),
        ];
    },
};
