// A server that passes the official conformance suite, on the official TypeScript SDK: what the suite finds through the gateway is compared with what it finds here.
// Usage: node server.mjs http PORT | stdio
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { classifyInboundRequest, createMcpHandler, isInitializeRequest, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { addOffers } from './offers.mjs';
import { addRounds, sealed } from './rounds.mjs';
import { addTools } from './tools.mjs';

const [mode, port] = process.argv.slice(2);
const sessions = new Map();

function makeServer(hooks) {
    const mcp = new McpServer({ name: 'reference', version: '1.0.0' }, {
        capabilities: { tools: { listChanged: true }, resources: { subscribe: true, listChanged: true }, prompts: { listChanged: true }, logging: {}, completions: {} },
        requestState: { verify: sealed.verify },
    });
    addTools(mcp, hooks);
    addRounds(mcp);
    addOffers(mcp);
    return mcp;
}

/** Keeps the events of streams, so that a client can come back for them. */
function eventStore() {
    const kept = [];
    return {
        async storeEvent(stream, message) {
            kept.push({ stream, message });
            return `${stream}/${kept.length}`;
        },
        async replayEventsAfter(last, { send }) {
            const [stream, number] = last.split('/');
            for (let i = Number(number); i < kept.length; i++)
                if (kept[i].stream === stream && kept[i].message && Object.keys(kept[i].message).length) await send(`${stream}/${i + 1}`, kept[i].message);
            return stream;
        },
    };
}

async function inSession(request, response, body) {
    const id = request.headers['mcp-session-id'];
    if (id && sessions.has(id)) return sessions.get(id).handleRequest(request, response, body);
    if (id || !isInitializeRequest(body)) return response.writeHead(id ? 404 : 400).end();
    const transport = new NodeStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        eventStore: eventStore(),
        retryInterval: 1500,
        onsessioninitialized: made => sessions.set(made, transport),
        onsessionclosed: gone => sessions.delete(gone),
    });
    await makeServer(hooks).connect(transport);
    return transport.handleRequest(request, response, body);
}

async function bodyOf(request) {
    const parts = [];
    for await (const part of request) parts.push(part);
    return parts.length ? JSON.parse(Buffer.concat(parts)) : undefined;
}

function serveHttp() {
    const here = [`localhost:${port}`, `127.0.0.1:${port}`];
    createServer(async (request, response) => {
        try {
            const { host, origin } = request.headers;
            if (!here.includes(host) || (origin && !here.includes(origin.replace('http://', '')))) return response.writeHead(403).end();
            const body = await bodyOf(request);
            const inbound = classifyInboundRequest({ httpMethod: request.method, protocolVersionHeader: request.headers['mcp-protocol-version'], mcpMethodHeader: request.headers['mcp-method'], body });
            await (request.method !== 'POST' || inbound.kind === 'legacy' ? inSession(request, response, body) : modern(request, response, body));
        } catch (error) {
            console.error(error);
            if (!response.headersSent) response.writeHead(500).end();
        }
    }).listen(Number(port), '127.0.0.1', () => console.log(`listening on ${port}`));
}

const stateless = createMcpHandler(() => makeServer(hooks), { legacy: 'reject' });
const modern = toNodeHandler(stateless);
const hooks = {
    hangUp: async (session, request) => sessions.get(session)?.closeSSEStream(request),
    changed: what => stateless.notify[what](),
};

if (mode === 'stdio') {
    let mcp;
    const told = { toolsChanged: 'sendToolListChanged', promptsChanged: 'sendPromptListChanged' };
    // Over standard output there is no stream to close: the call only takes its time.
    serveStdio(() => (mcp = makeServer({ hangUp: () => pause(1500), changed: what => mcp[told[what]]() })));
} else serveHttp();
