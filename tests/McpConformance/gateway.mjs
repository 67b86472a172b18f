// Starts `cabincrew mcp` as a user would: a configuration, a store of its own, every detector on, the default policy. A person stands by who approves whatever is held, on the command line.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort, start, stop } from './processes.mjs';

export const key = 'a-key-of-the-conformance-suite';

// Nothing is switched off: what a detector finds is at least on record, and secrets neither go in nor come out.
const detectors = {
    secrets: { requests: 'deny', responses: 'redact' },
    'mapped-secrets': { requests: 'deny', responses: 'redact' },
    injection: { requests: 'warn', responses: 'warn' },
    'hidden-text': { requests: 'warn', responses: 'require_approval' },
    exfiltration: { requests: 'warn', responses: 'require_approval' },
};

/** Approves what is held in a store, one at a time, until it is told to stop. */
function standBy(program, store) {
    let watching = true;
    const run = promisify(execFile);
    const approved = [];
    const done = (async () => {
        while (watching) {
            await pause(200);
            const listed = await run(program, ['approvals', '--json', '--store', store]).catch(() => null);
            for (const { request, call } of listed ? JSON.parse(listed.stdout).approvals : []) {
                const token = request.plan_token_hash.replace('sha256:', '');
                // A call may have been taken back meanwhile, which is no failure of anybody's.
                if (await run(program, ['approve', request.approval_id, '--token', token, '--store', store]).catch(() => null)) approved.push(call.method);
            }
        }
    })();
    return { approved, stop: () => ((watching = false), done) };
}

/** @param servers as in cabincrew-mcp.yaml. @param listen false: the client starts the gateway itself (`command`, `args`). */
export async function gateway({ program, scratch, name, servers, roots, listen }) {
    const home = join(scratch, name);
    await mkdir(home, { recursive: true });
    const port = listen ? await freePort() : null;
    const local = host => `${host}:${port}`;
    const config = {
        version: 1,
        servers,
        ...(roots && { roots }),
        detectors,
        limits: { calls_per_minute: 60_000, burst: 5_000 },
        ...(listen && {
            callers: { keys: [{ name: 'suite', kind: 'automation', roles: ['agent'], key_sha256: createHash('sha256').update(key).digest('hex') }] },
            listen: { address: local('127.0.0.1'), hosts: [local('localhost'), local('127.0.0.1')], origins: [`http://${local('localhost')}`, `http://${local('127.0.0.1')}`] },
        }),
    };
    const [file, store] = [join(home, 'cabincrew-mcp.yaml'), `sqlite:${join(home, 'store')}`];
    await writeFile(file, JSON.stringify(config, null, 2));
    const args = ['mcp', '--config', file, '--store', store];
    const child = listen ? await start(program, args, /listening on/, { cwd: home }) : null;
    const person = standBy(program, store);
    return {
        url: listen ? `http://${local('localhost')}/mcp` : null,
        command: program,
        args,
        cwd: home,
        approved: person.approved,
        async stop() {
            await person.stop();
            if (child) await stop(child);
        },
    };
}
