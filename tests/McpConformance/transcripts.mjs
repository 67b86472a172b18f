// What the official TypeScript client does with the servers that everybody has, and what comes of it, as a list of [what, result]. The same list is made without and with the gateway, and must be the same.
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

/** Each step is told; one that throws is told as its error. */
function teller() {
    const told = [];
    const tell = async (what, work) => {
        let result;
        try {
            result = await work();
        } catch (error) {
            result = { error: error.code ?? error.name, message: error.message };
        }
        told.push([what, result]);
        return result;
    };
    return { told, tell };
}

const names = list => list.map(x => x.name ?? x.uriTemplate ?? x.uri).sort();

/** A client's own answers to what servers ask. */
export function answerQuestions(client, heard) {
    client.setRequestHandler('sampling/createMessage', async ({ params }) => {
        heard.push(['sampling', params]);
        return { role: 'assistant', model: 'none', content: { type: 'text', text: 'a model would say this' } };
    });
    client.setRequestHandler('elicitation/create', async ({ params }) => {
        heard.push(['elicitation', params]);
        return { action: 'accept', content: { name: 'Ann' } };
    });
    client.setRequestHandler('roots/list', async () => ({ roots: [{ uri: 'file:///project', name: 'project' }] }));
}

export async function filesystem(client, { directory }) {
    const { told, tell } = teller();
    const call = (name, args) => tell(`${name} ${JSON.stringify(args)}`, () => client.callTool({ name, arguments: args }));
    const path = name => `${directory}/${name}`;
    await tell('tools', async () => (await client.listTools()).tools);
    await call('write_file', { path: path('a.txt'), content: 'one\ntwo — drei ✓\n' });
    await call('read_text_file', { path: path('a.txt') });
    await call('edit_file', { path: path('a.txt'), edits: [{ oldText: 'one', newText: 'eins' }] });
    await call('read_text_file', { path: path('a.txt'), head: 1 });
    await call('create_directory', { path: path('inner') });
    await call('move_file', { source: path('a.txt'), destination: path('inner/b.txt') });
    await call('list_directory', { path: path('') });
    await call('directory_tree', { path: path('') });
    await call('search_files', { path: path(''), pattern: '**/*.txt' });
    await call('read_multiple_files', { paths: [path('inner/b.txt'), path('missing.txt')] });
    await call('read_text_file', { path: path('missing.txt') });
    await call('list_allowed_directories', {});
    return told;
}

export async function memory(client) {
    const { told, tell } = teller();
    const call = (name, args) => tell(`${name} ${JSON.stringify(args)}`, () => client.callTool({ name, arguments: args }));
    await tell('tools', async () => (await client.listTools()).tools);
    await call('create_entities', { entities: [{ name: 'Ann', entityType: 'person', observations: ['flies'] }, { name: 'Ben', entityType: 'person', observations: [] }] });
    await call('create_relations', { relations: [{ from: 'Ann', to: 'Ben', relationType: 'knows' }] });
    await call('add_observations', { observations: [{ entityName: 'Ben', contents: ['waits', 'reads'] }] });
    await call('search_nodes', { query: 'reads' });
    await call('open_nodes', { names: ['Ann'] });
    await call('delete_observations', { deletions: [{ entityName: 'Ben', observations: ['waits'] }] });
    await call('delete_entities', { entityNames: ['Ann'] });
    await call('read_graph', {});
    return told;
}

export async function everything(client) {
    const { told, tell } = teller();
    const heard = [];
    answerQuestions(client, heard);
    const call = (name, args, options) => tell(`${name} ${JSON.stringify(args)}`, () => client.callTool({ name, arguments: args }, options));
    await tell('server', async () => [client.getServerVersion(), client.getServerCapabilities(), client.getInstructions()]);
    await tell('ping', () => client.ping());
    await tell('tools', async () => (await client.listTools()).tools);
    await call('echo', { message: 'hello ✓ \u2028 12345678901234567890' });
    await call('echo', {});
    await call('no-such-tool', {});
    await call('get-sum', { a: 2, b: 3.5 });
    await call('get-tiny-image', {});
    await call('get-structured-content', { location: 'New York' });
    await call('get-annotated-message', { messageType: 'error', includeImage: true });
    await call('get-resource-links', { count: 3 });
    await call('get-resource-reference', { resourceType: 'Text', resourceId: 1 });
    await call('get-roots-list', {});

    await tell('resources', async () => names((await client.listResources()).resources));
    await tell('templates', async () => (await client.listResourceTemplates()).resourceTemplates);
    await tell('a static resource', () => client.readResource({ uri: 'demo://resource/static/document/features.md' }));
    await tell('a dynamic resource', () => client.readResource({ uri: 'demo://resource/dynamic/text/7' }));
    await tell('no resource', () => client.readResource({ uri: 'demo://nowhere' }));
    await tell('prompts', async () => (await client.listPrompts()).prompts);
    await tell('a prompt', () => client.getPrompt({ name: 'args-prompt', arguments: { city: 'Bern', state: 'BE' } }));
    await tell('a prompt without what it needs', () => client.getPrompt({ name: 'args-prompt' }));
    await tell('completion', () => client.complete({ ref: { type: 'ref/prompt', name: 'completable-prompt' }, argument: { name: 'department', value: 'E' } }));

    const progress = [];
    await call('trigger-long-running-operation', { duration: 0.4, steps: 4 }, { onprogress: p => progress.push(p) });
    // The fourth comes together with the answer, and the client may drop it, with or without a gateway.
    await tell('progress', async () => progress.slice(0, 3));
    await tell('a call that is taken back', async () => {
        const stop = new AbortController();
        const calling = client.callTool({ name: 'trigger-long-running-operation', arguments: { duration: 30, steps: 3 } }, { signal: stop.signal });
        setTimeout(() => stop.abort('enough'), 300);
        return calling;
    });
    await tell('and the next goes on', () => client.callTool({ name: 'get-sum', arguments: { a: 1, b: 1 } }));

    await call('trigger-sampling-request', { prompt: 'say something', maxTokens: 20 });
    await call('trigger-elicitation-request', {});
    await tell('what the server asked', async () => heard);
    await tell('log messages', () => hears(client, 'notifications/message', async () => {
        await client.setLoggingLevel('debug');
        await client.callTool({ name: 'toggle-simulated-logging', arguments: {} });
    }, () => 'came'));
    await client.callTool({ name: 'toggle-simulated-logging', arguments: {} });
    await tell('an updated resource', () => hears(client, 'notifications/resources/updated', async () => {
        await client.subscribeResource({ uri: 'demo://resource/dynamic/text/7' });
        await client.callTool({ name: 'toggle-subscriber-updates', arguments: {} });
    }, n => n.params.uri));
    return told;
}

/** The stateless era: no session, questions within results, and a stream of changes. */
export async function reference(client) {
    const { told, tell } = teller();
    const heard = [];
    answerQuestions(client, heard);
    const call = (name, args = {}, options) => tell(`${name} ${JSON.stringify(args)}`, () => client.callTool({ name, arguments: args }, options));
    await tell('era', async () => [client.getProtocolEra?.(), client.getServerVersion(), client.getServerCapabilities()]);
    await tell('tools', async () => (await client.listTools()).tools);
    await call('test_simple_text');
    await call('test_multiple_content_types');
    await call('test_error_handling');
    await call('test_x_mcp_header', { region: 'Zürich ✓', level: 4 });
    const progress = [];
    await call('test_tool_with_progress', {}, { onprogress: p => progress.push(p) });
    await tell('progress', async () => progress);
    await tell('resources', async () => (await client.listResources()).resources);
    await tell('a resource of a template', () => client.readResource({ uri: 'test://template/42/data' }));
    await tell('no resource', () => client.readResource({ uri: 'test://nowhere' }));
    await tell('prompts', async () => (await client.listPrompts()).prompts);
    await tell('a prompt', () => client.getPrompt({ name: 'test_prompt_with_arguments', arguments: { arg1: 'a', arg2: 'b' } }));
    await tell('completion', () => client.complete({ ref: { type: 'ref/prompt', name: 'test_prompt_with_arguments' }, argument: { name: 'arg1', value: 'p' } }));
    await call('test_input_required_result_elicitation');
    await call('test_input_required_result_sampling');
    await call('test_input_required_result_list_roots');
    await tell('what the server asked', async () => heard);
    await tell('a change', async () => {
        const subscription = await client.listen({ toolsListChanged: true });
        try {
            return await hears(client, 'notifications/tools/list_changed', () => client.callTool({ name: 'test_trigger_tool_change', arguments: {} }), () => 'came');
        } finally {
            await subscription.close();
        }
    });
    return told;
}

/** The first notification of a method after something was done. */
async function hears(client, method, cause, of) {
    const target = new EventTarget();
    let first;
    client.setNotificationHandler(method, notification => {
        first ??= notification;
        target.dispatchEvent(new Event('heard'));
    });
    await cause();
    if (!first) await Promise.race([once(target, 'heard'), pause(15_000)]);
    if (!first) throw new Error(`no ${method} came`);
    return of(first);
}
