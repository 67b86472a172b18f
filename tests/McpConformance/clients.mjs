// The official TypeScript client against the npm servers and the reference server, over every way through the gateway: what comes of it must be what comes of it directly.
import { isDeepStrictEqual } from 'node:util';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { gateway, key } from './gateway.mjs';
import { freePort, start, stop } from './processes.mjs';
import * as transcripts from './transcripts.mjs';

const capabilities = { sampling: {}, elicitation: { form: {} }, roots: {} };

/** Times, ids and places of one run, which no other has. */
const plain = (value, place) => JSON.parse(JSON.stringify(value)
    .replaceAll(place, 'PLACE')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/\d{1,2}:\d\d:\d\d(\s| )?[AP]M/g, 'TIME'));

async function converse(transport, { transcript, pin, directory }) {
    const client = new Client({ name: 'outsider', version: '1.0.0' }, { capabilities, ...(pin && { versionNegotiation: { mode: { pin } } }) });
    await client.connect(transport);
    try {
        return plain(await transcripts[transcript](client, { directory }), directory);
    } finally {
        await client.close();
    }
}

const overHttp = url => new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { 'x-api-key': key } } });

function cases({ installed }) {
    const script = name => join(installed, `node_modules/@modelcontextprotocol/server-${name}/dist/index.js`);
    const reference = join(installed, 'reference/server.mjs');
    return [
        { name: 'filesystem', transcript: 'filesystem', args: d => [script('filesystem'), d], writes: true },
        { name: 'memory', transcript: 'memory', args: () => [script('memory')], writes: true, env: d => ({ MEMORY_FILE_PATH: `${d}/memory.json` }) },
        { name: 'everything', transcript: 'everything', args: () => [script('everything')], http: { transport: 'http', args: [script('everything'), 'streamableHttp'], path: '/mcp', ready: /listening/i } },
        { name: 'everything-sse', transcript: 'everything', args: () => [script('everything')], http: { transport: 'sse', args: [script('everything'), 'sse'], path: '/sse', ready: /running|listening/i } },
        { name: 'reference', transcript: 'reference', pin: '2026-07-28', args: () => [reference, 'stdio'], http: { transport: 'http', args: port => [reference, 'http', port], path: '/mcp', ready: /listening/ } },
    ];
}

async function directly(which, directory) {
    const env = { ...process.env, ...which.env?.(directory) };
    return converse(new StdioClientTransport({ command: process.execPath, args: which.args(directory), env, cwd: directory, stderr: 'ignore' }), { ...which, directory });
}

async function through(which, way, { program, scratch, installed, directory }) {
    const name = `${which.name}-${way.replaceAll(' ', '-')}`;
    const node = dirname(dirname(process.execPath));
    let upstream, server;
    if (way.endsWith('HTTP')) {
        const port = String(await freePort());
        const args = typeof which.http.args === 'function' ? which.http.args(port) : which.http.args;
        upstream = await start(process.execPath, args, which.http.ready, { env: { ...process.env, PORT: port } });
        server = { url: `http://127.0.0.1:${port}${which.http.path}`, transport: which.http.transport, private: true };
    } else {
        const mounts = [{ path: installed, access: 'read' }, ...(node === '/usr' ? [] : [{ path: node, access: 'read' }]), ...(which.writes ? [{ path: directory, access: 'write' }] : [])];
        server = { command: [process.execPath, ...which.args(directory)], mounts, ...(which.env && { env: which.env(directory) }) };
    }
    const open = await gateway({ program, scratch, name, servers: { server }, roots: which.writes ? [directory] : undefined, listen: way.startsWith('HTTP') });
    try {
        const transport = open.url ? overHttp(open.url) : new StdioClientTransport({ command: open.command, args: open.args, cwd: open.cwd, stderr: 'ignore' });
        return await converse(transport, { ...which, directory });
    } finally {
        await open.stop();
        if (upstream) await stop(upstream);
    }
}

export async function runClients(at) {
    let failures = 0;
    for (const which of cases(at)) {
        const fresh = async () => {
            const directory = join(at.scratch, 'places', which.name);
            await rm(directory, { recursive: true, force: true });
            await mkdir(directory, { recursive: true });
            return directory;
        };
        const expected = await directly(which, await fresh());
        const ways = which.http?.transport === 'sse' ? ['stdio to HTTP', 'HTTP to HTTP'] : ['stdio to stdio', 'HTTP to stdio', ...(which.http ? ['stdio to HTTP', 'HTTP to HTTP'] : [])];
        for (const way of ways) {
            const found = await through(which, way, { ...at, directory: await fresh() });
            const others = expected.map((e, i) => [e, found[i]]).filter(([e, f]) => !isDeepStrictEqual(e, f));
            console.log(`${which.name}, ${way}: ${expected.length - others.length} of ${expected.length} steps as without the gateway`);
            for (const [e, f] of others) {
                failures++;
                console.log(`LOST ${which.name}, ${way}: ${e[0]}\n  without: ${JSON.stringify(e[1])?.slice(0, 600)}\n  through: ${JSON.stringify(f?.[1])?.slice(0, 600)}`);
            }
        }
    }
    return failures;
}
