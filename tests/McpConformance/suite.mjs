// Runs the official conformance suite against a URL and reads what it found, check by check.
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { key } from './gateway.mjs';

// Of one scenario: enough for a machine that has other things to do.
const scenarioMs = 120_000;

export const eras = ['2025-11-25', '2026-07-28'];

/** @returns a map from "scenario check name", counted where one stands several times, to the check. */
export async function runSuite({ installed, url, era, into }) {
    await rm(into, { recursive: true, force: true });
    await mkdir(into, { recursive: true });
    const program = join(installed, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
    const args = ['--import', join(installed, 'caller-key.mjs'), program, 'server', '--url', url, '--suite', 'all', '--spec-version', era, '--timeout', String(scenarioMs), '-o', into];
    const child = spawn(process.execPath, args, { cwd: into, stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, CABINCREW_CALLER_KEY: key } });
    await new Promise((resolve, reject) => child.on('error', reject).on('exit', resolve));
    const checks = await read(into);
    if (checks.size === 0) throw new Error(`the conformance suite left no result for ${era} at ${url}`);
    return checks;
}

async function read(directory) {
    const found = new Map();
    for (const entry of (await readdir(directory)).sort()) {
        const scenario = /^server-(.+)-\d{4}-\d\d-\d\dT/.exec(entry)?.[1];
        if (!scenario) continue;
        const times = new Map();
        for (const check of JSON.parse(await readFile(join(directory, entry, 'checks.json'), 'utf8'))) {
            const name = `${check.id} ${check.name}`;
            const time = (times.get(name) ?? 0) + 1;
            times.set(name, time);
            found.set(`${scenario} ${name}${time > 1 ? ` ${time}` : ''}`, { scenario, ...check });
        }
    }
    return found;
}

/** What held without the gateway and does not hold through it. INFO is the suite's word for another way that the specification allows as well. */
export function lost(direct, through) {
    return [...direct].filter(([id, check]) => check.status === 'SUCCESS' && !['SUCCESS', 'INFO'].includes(through.get(id)?.status))
        .map(([id]) => ({ id, why: through.get(id)?.errorMessage ?? through.get(id)?.status ?? 'the check was not made' }));
}

/** One line a scenario: how many checks hold, of how many that were made. */
export function table(title, columns) {
    const scenarios = [...new Set([...Object.values(columns)].flatMap(c => [...c.values()].map(x => x.scenario)))];
    const cell = (checks, scenario) => {
        const mine = [...checks.values()].filter(c => c.scenario === scenario);
        const count = status => mine.filter(c => c.status === status).length;
        const info = mine.filter(c => c.status === 'INFO' && !c.id.startsWith('incoming-') && !c.id.startsWith('outgoing-')).length;
        return `${count('SUCCESS')} of ${mine.length - mine.filter(c => c.status === 'INFO').length}${info ? ` (${info} info)` : ''}`;
    };
    const rows = [[title, ...Object.keys(columns)], ...scenarios.map(s => [s, ...Object.values(columns).map(c => cell(c, s))])];
    const widths = rows[0].map((_, i) => Math.max(...rows.map(r => r[i].length)));
    return rows.map(r => r.map((c, i) => c.padEnd(widths[i])).join('  ').trimEnd()).join('\n');
}
