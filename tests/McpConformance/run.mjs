// Proof by outsiders (MCP-01): the official conformance suite, the official TypeScript client and the servers that everybody has, each without the gateway and through it. Whatever is lost on the way is named.
// Usage: node run.mjs PROGRAM SCRATCH [suite|clients]    (eng/mcp-conformance installs what it needs and calls it). Exit 0: nothing is lost.
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runClients } from './clients.mjs';
import { gateway } from './gateway.mjs';
import { freePort, start, stop } from './processes.mjs';
import { eras, lost, runSuite, table } from './suite.mjs';

const installed = dirname(fileURLToPath(import.meta.url));
const [program, scratch, only] = process.argv.slice(2);

async function suite() {
    const port = await freePort();
    const script = join(installed, 'reference/server.mjs');
    const node = dirname(dirname(process.execPath));
    const ways = {
        'HTTP upstream': { url: `http://127.0.0.1:${port}/mcp`, private: true },
        'stdio upstream': { command: [process.execPath, script, 'stdio'], mounts: [...new Set([installed, ...(node === '/usr' ? [] : [node])])].map(path => ({ path, access: 'read' })) },
    };
    const reference = await start(process.execPath, [script, 'http', String(port)], /listening/);
    let failures = 0;
    try {
        for (const era of eras) {
            const columns = { direct: await runSuite({ installed, url: `http://localhost:${port}/mcp`, era, into: join(scratch, `suite-direct-${era}`) }) };
            for (const [way, server] of Object.entries(ways)) {
                const name = `${way.split(' ')[0]}-${era}`;
                const through = await gateway({ program, scratch, name, servers: { reference: server }, listen: true });
                try {
                    columns[way] = await runSuite({ installed, url: through.url, era, into: join(scratch, `suite-${name}`) });
                } finally {
                    await through.stop();
                }
            }
            console.log(`\n${table(`${era}: checks that hold`, columns)}`);
            // A reference that fails by itself proves nothing of what is compared with it.
            for (const [id] of [...columns.direct].filter(([, check]) => check.status === 'FAILURE')) {
                failures++;
                console.log(`FAILS without the gateway, ${era}: ${id}`);
            }
            for (const way of Object.keys(ways))
                for (const { id, why } of lost(columns.direct, columns[way])) {
                    failures++;
                    console.log(`LOST through ${way}, ${era}: ${id}: ${why}`);
                }
        }
    } finally {
        await stop(reference);
    }
    return failures;
}

await rm(scratch, { recursive: true, force: true });
await mkdir(scratch, { recursive: true });
let failures = 0;
if (only !== 'clients') failures += await suite();
if (only !== 'suite') failures += await runClients({ program, scratch, installed });
console.log(failures === 0 ? '\nnothing is lost through the gateway' : `\n${failures} lost through the gateway`);
process.exitCode = failures === 0 ? 0 : 1;
