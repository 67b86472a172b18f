// Starts `cabincrew llm` as a user would: a configuration, a store of its own, keys for who may call.
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, start, stop } from './processes.mjs';
import { providerKey } from './double.mjs';

/** Who may call, by name. Each has a key of its own, and `limits` where those are what is looked at. */
const callers = { agent: {}, poor: { usd_per_day: 0.5 }, hasty: { calls_per_minute: 1, burst: 1 } };

export const keyOf = name => `the-key-of-the-caller-${name}`;

const judged = `package cabincrew.llm

deny contains "codenames stay in the house" if {
	some said in input.exchange.texts
	contains(said.text, "codename")
}
`;

/**
 * @param more of the configuration, besides providers, callers and the place where it listens.
 * @param store where another gateway is to be in the same log.
 */
export async function gateway({ program, scratch, name, provider, more = {}, args = [], store = `sqlite:${join(scratch, name, 'store')}` }) {
    const home = join(scratch, name);
    const port = await freePort();
    await mkdir(join(home, 'policy'), { recursive: true });
    await writeFile(join(home, 'policy/judged.rego'), judged);
    await writeFile(join(home, 'key'), providerKey);
    const config = {
        version: 1,
        listen: { address: `127.0.0.1:${port}` },
        policies: [{ builtin: 'llm-defaults' }, { rego: 'policy' }],
        restore: true,
        providers: { one: { url: provider, api: 'openai', key: { file: 'key' } }, claude: { url: provider, api: 'anthropic', key: { file: 'key' } } },
        models: {
            'm-1': { to: 'one' },
            'claude-x': { to: 'claude' },
            dear: { to: [{ provider: 'one', price: { input: 0, output: 10_000 } }] },
            'm-told': { to: [{ provider: 'claude', model: 'claude-x', translate: true }] },
            'claude-told': { to: [{ provider: 'one', model: 'm-1', translate: { bound: 'max_tokens' } }] },
        },
        callers: { keys: Object.entries(callers).map(([who, limits]) => ({ name: who, kind: 'automation', limits, key_sha256: createHash('sha256').update(keyOf(who)).digest('hex') })) },
        ...more,
    };
    const file = join(home, 'cabincrew-llm.yaml');
    await writeFile(file, JSON.stringify(config, null, 2));
    const child = await start(program, ['llm', '--config', file, '--store', store, ...args], /listening on/, { cwd: home });
    return { url: `http://127.0.0.1:${port}`, stop: () => stop(child) };
}
