// Stands in for both providers: chat completions, responses, embeddings and models of OpenAI, messages and count_tokens of Anthropic, streamed and not. Shapes as the public API documents have them.
import { createServer } from 'node:http';
import * as anthropic from './shapes/anthropic.mjs';
import * as openai from './shapes/openai.mjs';

export const providerKey = 'sk-provider-key-that-nobody-sees-000';

const apis = {
    '/v1/chat/completions': openai.chat,
    '/v1/responses': openai.responses,
    '/v1/messages': anthropic.messages,
};

const whole = {
    '/v1/embeddings': openai.embeddings,
    '/v1/messages/count_tokens': anthropic.count,
};

/** In so many pieces that words and credentials are cut: a reader must put them together. */
export const cut = text => text.match(/[^]{1,7}/g) ?? [];

/**
 * @param decide what the model does: from `{ said, tools, result }` (the last text of the user, the names of the tools, the last result of a tool if it is the newest) to `{ text }`, `{ call: { name, input } }` or `{ status, message }`.
 * The double keeps in `asked` what it was asked; `hold`, a promise, is awaited in the middle of a stream.
 */
export async function standIn(decide) {
    const double = { asked: [], hold: null };
    const server = createServer(async (request, response) => {
        let body = '';
        for await (const part of request.setEncoding('utf8')) body += part;
        const path = request.url.split('?')[0];
        const family = path.startsWith('/v1/messages') ? anthropic : openai;
        const json = (value, status = 200) => response.writeHead(status, { 'content-type': 'application/json', ...(status >= 400 && { 'retry-after': '7' }) }).end(JSON.stringify(value));
        const key = request.headers['x-api-key'] ?? request.headers.authorization?.replace('Bearer ', '');
        if (key !== providerKey) return json(family.error(401, 'that is not a key of ours'), 401);
        if (request.method === 'GET' && path === '/v1/models') return json(openai.models);
        const asked = body ? JSON.parse(body) : {};
        double.asked.push({ path, headers: request.headers, body: asked, text: body });
        if (whole[path]) return json(whole[path](asked));
        if (!apis[path]) return json(family.error(404, `there is nothing at ${path}`), 404);
        const api = apis[path];
        const does = decide(api.read(asked));
        if (does.status) return json(family.error(does.status, does.message), does.status);
        if (!asked.stream) return json(api.whole(does, asked));
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const events = api.events(does, asked);
        for (const [i, event] of events.entries()) {
            if (double.hold && i === Math.floor(events.length / 2)) await double.hold;
            response.write(event);
        }
        response.end();
    });
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    double.url = `http://127.0.0.1:${server.address().port}`;
    double.close = () => new Promise(resolve => (server.close(resolve), server.closeAllConnections()));
    return double;
}
