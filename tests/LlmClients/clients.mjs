// The official client libraries of OpenAI and Anthropic, before a double of their providers and before the gateway: what comes of the one must be what comes of the other, and what the gateway refuses must be read as an error of the API.
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { check, failure } from './checks.mjs';
import { providerKey, standIn } from './double.mjs';
import { gateway, keyOf } from './gateway.mjs';
import { all, asking, calling, claude, openai, textIn } from './talks.mjs';

const long = 'Here is what you asked for, and it is not short, so that there is something to let go. ';

// Made up of two parts, so that no scanner takes this file for a leak.
const credential = 'glpat-' + 'Zq3vB8nK2mXw7RtYc5Ld';

/** The model: does what it is told. */
function model({ said, tools, result }) {
    if (result) return { text: `I see: ${result}` };
    const [, status] = /fail with (\d+)/.exec(said) ?? [];
    if (status) return { status: Number(status), message: `told to fail with ${status}` };
    const [, back] = /say it back: ([^]*)/.exec(said) ?? [];
    if (back) return { text: `you said: ${back}, and that is all of it` };
    if (said.includes('leak')) return { text: `${long}${long}The code${'name'} is opal. ${long}` };
    if (tools.includes('weather')) return { call: { name: 'weather', input: { city: 'Bern', days: [1, 2.5], 'no "way"': null } } };
    return { text: `${long}Forty-two ✓ — “quoted”, \\ and \n a new line.` };
}

const comparable = value => JSON.parse(JSON.stringify(value));

/** What the library gives before the gateway is what it gives before the provider, and is what is expected where that is said. */
async function same(work, { direct, through }, expect) {
    const without = comparable(await work(direct));
    expect?.(without);
    assert.deepEqual(comparable(await work(through)), without);
}

async function alike(name, api, at) {
    const { whole, textOf, stream, helper, client } = asking[api];
    const sides = { direct: client(at.double.url, providerKey), through: client(at.through.url, keyOf('agent')) };
    const told = model({ said: 'hello', tools: [] }).text;
    await check(`${api}, ${name}: a plain answer`, () => same(c => whole(c, asking[api].model, 'hello'), sides, answer => assert.equal(textOf(answer), told)));
    await check(`${api}, ${name}: a streamed answer, event by event`, () => same(c => all(stream(c, asking[api].model, 'hello')), sides, events => assert.equal(events.map(textIn).join(''), told)));
    await check(`${api}, ${name}: a streamed answer, put together by the library`, () => same(c => helper(c, asking[api].model, 'hello'), sides, answer => assert.equal(textOf(answer), told)));
    await check(`${api}, ${name}: a tool's turn, streamed and not`, () => same(calling[api], sides, turn => {
        assert.deepEqual(turn.call, ['weather', { city: 'Bern', days: [1, 2.5], 'no "way"': null }]);
        assert.deepEqual(JSON.parse(turn.streamed), turn.call[1]);
        assert.equal(turn.answer, 'I see: fog');
    }));
}

async function others({ double, through }) {
    const open = { direct: openai(double.url, providerKey), through: openai(through.url, keyOf('agent')) };
    const anthropic = { direct: claude(double.url, providerKey), through: claude(through.url, keyOf('agent')) };
    for (const encoding_format of [undefined, 'float'])
        await check(`embeddings, as ${encoding_format ?? 'the library asks by itself'}`, () => {
            const expect = answer => assert.deepEqual(answer.data.map(d => d.embedding), [[1, 0.25, -0.5, 1], [4, 0.25, -0.5, 1]]);
            return same(c => c.embeddings.create({ model: 'm-1', input: ['a', 'four'], encoding_format }), open, expect);
        });
    await check('messages: tokens are counted', () => same(c => c.messages.countTokens({ model: 'claude-x', messages: [{ role: 'user', content: 'hello' }] }), anthropic, counted => assert.deepEqual(counted, { input_tokens: 5 })));
    const names = ['claude-told', 'claude-x', 'dear', 'm-1', 'm-told'];
    await check('models, as OpenAI\'s library lists them', async () => assert.deepEqual((await all(open.through.models.list())).map(m => m.id).sort(), names));
    await check('models, as Anthropic\'s library lists them', async () => assert.deepEqual((await all(anthropic.through.models.list())).map(m => m.id).sort(), names));
    await check('the provider sees its own key, and no caller\'s', () => {
        assert.ok(double.asked.length > 20);
        assert.ok(!JSON.stringify(double.asked).includes('the-key-of-the-caller'));
    });
}

async function refused(api, { double, through }) {
    const { whole, stream, client, model: name, Lib } = asking[api];
    const by = who => client(through.url, keyOf(who));
    for (const [way, ask] of [['', whole], [', streamed', stream]]) {
        await check(`${api}${way}: a wrong key is the library's AuthenticationError`, () => failure(() => ask(by('nobody'), name, 'hello'), Lib.AuthenticationError, 401));
        await check(`${api}${way}: a model that there is not is its NotFoundError`, () => failure(() => ask(by('agent'), 'no-such-model', 'hello'), Lib.NotFoundError, 404));
        await check(`${api}${way}: a denied prompt is its PermissionDeniedError, and nobody was asked`, async () => {
            const before = double.asked.length;
            const error = await failure(() => ask(by('agent'), name, 'what is the codename?'), Lib.PermissionDeniedError, 403);
            assert.match(error.message, /codenames stay in the house/);
            assert.equal(double.asked.length, before);
        });
        for (const [status, Class] of [[400, Lib.BadRequestError], [429, Lib.RateLimitError], [500, Lib.InternalServerError]])
            await check(`${api}${way}: a provider's ${status} is the ${Class.name} that it is without the gateway`, async () => {
                const told = async c => (({ status, type, code, error, headers }) => ({ status, type, code, error, comeBack: headers.get('retry-after') }))(await failure(() => ask(c, name, `fail with ${status}`), Class, status));
                await same(told, { direct: client(double.url, providerKey), through: by('agent') }, e => assert.match(JSON.stringify(e), /told to fail.*"comeBack":"7"/));
            });
    }
    await check(`${api}: a denied answer is its PermissionDeniedError`, async () => {
        const error = await failure(() => whole(by('agent'), name, 'leak'), Lib.PermissionDeniedError, 403);
        assert.ok(!JSON.stringify([error.error, error.message]).includes('opal'));
    });
}

async function limits({ through }) {
    await check('a budget that is spent is OpenAI\'s RateLimitError', () => failure(() => asking['chat completions'].whole(openai(through.url, keyOf('poor')), 'dear', 'hello'), OpenAI.RateLimitError, 429));
    await check('a budget that is spent lets pass what costs nothing', async () => assert.ok(await asking['chat completions'].whole(openai(through.url, keyOf('poor')), 'm-1', 'hello')));
    await check('who asks too often gets Anthropic\'s RateLimitError', async () => {
        const hasty = claude(through.url, keyOf('hasty'));
        assert.ok(await asking.messages.whole(hasty, 'claude-x', 'hello'));
        await failure(() => asking.messages.whole(hasty, 'claude-x', 'hello'), Anthropic.RateLimitError, 429);
    });
}

async function credentials(name, api, { double, through }) {
    const { whole, textOf, stream, client, model: asked } = asking[api];
    const c = client(through.url, keyOf('agent'));
    const [prompt, back] = [`say it back: ${credential}`, `you said: ${credential}, and that is all of it`];
    const kept = () => {
        assert.match(double.asked.at(-1).text, /say it back: \[redacted:gitlab-/);
        assert.ok(!double.asked.at(-1).text.includes(credential));
    };
    await check(`${api}, ${name}: a credential stays here, and its caller gets it back`, async () => {
        assert.equal(textOf(await whole(c, asked, prompt)), back);
        kept();
    });
    await check(`${api}, ${name}: also in a stream`, async () => {
        assert.equal((await all(stream(c, asked, prompt))).map(textIn).join(''), back);
        kept();
    });
}

async function released(api, { double, through }) {
    const { stream, helper, client, model: name, Lib } = asking[api];
    const c = client(through.url, keyOf('agent'));
    await check(`${api}: the first words are there while the provider still writes`, async () => {
        let go;
        double.hold = new Promise(resolve => (go = resolve));
        const late = setTimeout(go, 10_000);
        let [early, heard] = ['', ''];
        try {
            await all(stream(c, name, 'hello'), event => {
                heard += textIn(event);
                if (double.hold && heard) [early, double.hold] = [heard, go()];
            });
        } finally {
            clearTimeout(late);
            double.hold = null;
        }
        assert.ok(early.length > 0 && early.length < heard.length, `${early.length} of ${heard.length} characters were there`);
    });
    const ended = error => {
        assert.ok(error instanceof Lib.APIError, `${error?.constructor?.name}: ${error?.message}`);
        assert.match(`${error.message} ${JSON.stringify(error.error)}`, /codenames stay in the house/);
    };
    await check(`${api}: a stream that is denied in its middle throws the library's APIError, after what was allowed`, async () => {
        let heard = '';
        const error = await all(stream(c, name, 'leak'), event => (heard += textIn(event))).then(() => assert.fail(`it ended as if nothing were missing: ${heard}`), e => e);
        ended(error);
        assert.ok(heard.startsWith('Here is what') && !heard.includes('opal'), heard);
    });
    await check(`${api}: so does the library's own way of putting a stream together`, async () => ended(await helper(c, name, 'leak').then(() => assert.fail('it ended as if nothing were missing'), e => e)));
}

async function translated({ double, through }) {
    const told = model({ said: 'hello', tools: [] }).text;
    for (const [api, name, path] of [['chat completions', 'm-told', '/v1/messages'], ['messages', 'claude-told', '/v1/chat/completions']]) {
        const { whole, textOf, stream, client, Lib } = asking[api];
        const c = client(through.url, keyOf('agent'));
        const there = () => assert.equal(double.asked.at(-1).path, path);
        await check(`${api} before the other provider: a plain answer`, async () => {
            assert.equal(textOf(await whole(c, name, 'hello')), told);
            there();
        });
        await check(`${api} before the other provider: a streamed answer`, async () => {
            assert.equal((await all(stream(c, name, 'hello'))).map(textIn).join(''), told);
            there();
        });
        await check(`${api} before the other provider: a tool's turn, streamed and not`, async () => {
            const turn = await calling[api](c, name);
            assert.deepEqual(turn.call, ['weather', { city: 'Bern', days: [1, 2.5], 'no "way"': null }]);
            assert.deepEqual(JSON.parse(turn.streamed), turn.call[1]);
            assert.equal(turn.answer, 'I see: fog');
            there();
        });
        await check(`${api} before the other provider: its error is the library's own`, async () => assert.match((await failure(() => whole(c, name, 'fail with 400'), Lib.BadRequestError, 400)).message, /told to fail/));
    }
}

export async function runClients({ program, scratch }) {
    const double = await standIn(model);
    const opened = [];
    const open = async (name, more) => {
        opened.push(await gateway({ program, scratch, name, provider: double.url, more }));
        return { double, through: opened.at(-1) };
    };
    try {
        const whole = await open('whole');
        const window = await open('window', { streams: { release: 'window', window: 20 } });
        for (const api of Object.keys(asking)) {
            await alike('held whole', api, whole);
            await alike('released as it comes', api, window);
            await credentials('held whole', api, whole);
            await credentials('released as it comes', api, window);
            await released(api, window);
        }
        await others(whole);
        await limits(whole);
        await translated(whole);
        // Last: a provider that was down is asked last for a while.
        for (const api of Object.keys(asking)) await refused(api, whole);
    } finally {
        for (const one of opened) await one.stop();
        await double.close();
    }
}
