// An agent from npm, Qwen Code, between both gateways: `cabincrew llm` in front of its model, whose answers are recorded once and then come from the records, and `cabincrew mcp` in front of its tools.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { access, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { check } from './checks.mjs';
import { standIn } from './double.mjs';
import { gateway, keyOf } from './gateway.mjs';

const cli = join(dirname(fileURLToPath(import.meta.url)), 'agent/package/cli.js');
const oneRunMs = 120_000;
const words = 'written by an agent\n';

// By the name that the agent has for each API: the model, and what its base address ends with.
const apis = { openai: ['m-1', '/v1'], 'openai-responses': ['m-1', '/v1'], anthropic: ['claude-x', ''] };

// What is new in every run would make every request a new one.
const rewrite = { remove: ['prompt_cache_key'], when: { api: 'responses' } };

const noWriting = `package cabincrew.mcp

deny contains "notes are written by people" if {
	input.kind == "request"
	input.file.action == "write"
}
`;

/** The model: has a file written, and tells what came of it. */
const model = ({ tools, result }) => (result !== undefined ? { text: `It says: ${result}` } : { call: { name: tools.find(t => t === 'mcp__files__write_file'), input: { path: 'note.txt', content: words } } });

const there = path => access(path).then(() => true, () => false);

/** One run of the agent, in a directory of its own that is empty. */
async function run({ program, scratch, api, url, policies, store }) {
    const [home, place] = [join(scratch, 'home'), join(scratch, 'place')];
    await rm(place, { recursive: true, force: true });
    for (const path of [join(home, '.qwen'), place, join(scratch, 'policy')]) await mkdir(path, { recursive: true });
    await writeFile(join(home, '.qwen/settings.json'), JSON.stringify({ privacy: { usageStatisticsEnabled: false }, general: { enableAutoUpdate: false } }));
    await writeFile(join(scratch, 'policy/no-writing.rego'), noWriting);
    const tools = join(scratch, 'cabincrew-mcp.yaml');
    await writeFile(tools, JSON.stringify({ version: 1, servers: { files: { files: 'place' } }, policies }));
    const files = { command: program, args: ['mcp', '--config', tools, '--store', store], trust: true };
    const [name, end] = apis[api];
    const prefix = api === 'anthropic' ? 'ANTHROPIC' : 'OPENAI';
    const env = { ...process.env, HOME: home, QWEN_USAGE_STATISTICS_ENABLED: 'false', [`${prefix}_BASE_URL`]: url + end, [`${prefix}_API_KEY`]: keyOf('agent'), [`${prefix}_MODEL`]: name };
    const args = [cli, 'Write a note.', '--bare', '--auth-type', api, '-m', name, '--output-format', 'json', '--exclude-tools', 'run_shell_command', 'edit', 'notebook_edit', '--mcp-config', JSON.stringify({ mcpServers: { files } })];
    const child = spawn(process.execPath, args, { cwd: place, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: oneRunMs });
    let [said, complained] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', part => (said += part));
    child.stderr.setEncoding('utf8').on('data', part => (complained += part));
    const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    const note = join(place, 'note.txt');
    return { code, said, complained, note: (await there(note)) ? await readFile(note, 'utf8') : null };
}

/** What the log of both gateways tells of prompts, answers and calls of tools, oldest first. */
async function log(program, store) {
    const told = async gate => (await promisify(execFile)(program, [gate, 'tail', '--no-follow', '--json', '--store', store])).stdout.split('\n').filter(line => line).map(line => JSON.parse(line));
    const events = [...(await told('llm')), ...(await told('mcp')).filter(e => e.extensions.data.method === 'tools/call')].sort((a, b) => a.extensions.sequence - b.extensions.sequence);
    return events.map(({ gateway, extensions: { data } }) => `${gateway.gateway_type} ${data.kind} ${gateway.tool ?? (data.route.includes('; replayed') ? 'replayed' : 'recorded')}: ${gateway.policy_decision}`);
}

export async function runAgent({ program, scratch: all }) {
    const double = await standIn(model);
    const allowed = [{ builtin: 'mcp-defaults' }];
    const denied = [...allowed, { rego: 'policy' }];
    try {
        for (const api of Object.keys(apis)) {
            const scratch = join(all, `agent-${api}`);
            const recorded = join(scratch, 'recorded');
            /** Both gateways in one log, and the agent between them. */
            const between = async (name, way, policies) => {
                const store = `sqlite:${join(scratch, name)}`;
                const llm = await gateway({ program, scratch, name: `${name}-llm`, provider: double.url, args: [way, recorded], more: { rewrite }, store });
                const found = await run({ program, scratch, api, url: llm.url, policies, store }).finally(llm.stop);
                return { ...found, log: await log(program, store) };
            };
            const wrote = ({ code, said, complained, note }) => {
                assert.equal(code, 0, said + complained);
                assert.equal(note, words, said + complained);
                assert.match(said, /It says: Created 'note.txt'/);
            };
            const stayed = ({ code, said, complained, note }) => {
                assert.equal(code, 0, said + complained);
                assert.equal(note, null);
                assert.match(said, /It says: .*notes are written by people/);
            };
            await check(`an agent by ${api}: recorded, once where it may write and once where it may not`, async () => {
                wrote(await between('first', '--record', allowed));
                stayed(await between('second', '--record', denied));
                assert.equal((await readdir(recorded)).length, 4);
            });
            const before = double.asked.length;
            const asked = ['llm request replayed: allow', 'llm response replayed: allow'];
            await check(`an agent by ${api}: writes a file, by recorded answers`, async () => {
                const found = await between('third', '--replay', allowed);
                wrote(found);
                assert.deepEqual(found.log, [...asked, 'mcp request write_file: allow', 'mcp response write_file: allow', ...asked]);
            });
            await check(`an agent by ${api}: a policy denies the call, and there is no file`, async () => {
                const found = await between('fourth', '--replay', denied);
                stayed(found);
                assert.deepEqual(found.log, [...asked, 'mcp request write_file: deny', ...asked]);
            });
            await check(`an agent by ${api}: nobody was asked meanwhile`, () => assert.equal(double.asked.length, before));
        }
    } finally {
        await double.close();
    }
}
