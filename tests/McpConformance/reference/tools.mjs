// The tools that the conformance suite expects of a server in both eras. All of them say that they only read, which is so: the gateway's default policy lets such tools through.
import { setTimeout as pause } from 'node:timers/promises';
import { fromJsonSchema } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { embedded, image, samples, text } from './offers.mjs';

const ok = (...content) => ({ content });

// JSON Schema 2020-12, with the words that a careless intermediary drops.
const address = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: { address: { $anchor: 'addressDef', type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } } },
    properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' }, contactMethod: { type: 'string', enum: ['phone', 'email'] }, phone: { type: 'string' }, email: { type: 'string' } },
    allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
    if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
    then: { required: ['phone'] },
    else: { required: ['email'] },
    additionalProperties: false,
};

const defaults = {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
};

const titled = [{ const: 'value1', title: 'One' }, { const: 'value2', title: 'Two' }, { const: 'value3', title: 'Three' }];
const choices = {
    untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    titledSingle: { type: 'string', oneOf: titled },
    legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['One', 'Two', 'Three'] },
    untitledMulti: { type: 'array', minItems: 1, maxItems: 3, items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
    titledMulti: { type: 'array', minItems: 1, maxItems: 3, items: { anyOf: titled } },
};

async function logs(_, ctx) {
    for (const data of ['begun', 'at work', 'done']) {
        await ctx.mcpReq.notify({ method: 'notifications/message', params: { level: 'info', data } });
        await pause(50);
    }
    return ok(text('logged'));
}

async function progresses(_, ctx) {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    for (const progress of progressToken === undefined ? [] : [0, 50, 100]) {
        await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
        await pause(50);
    }
    return ok(text('done'));
}

/** Asks the client, in the era of sessions, beside the call. */
const asks = (method, paramsOf) => async (args, ctx) => ok(text(JSON.stringify(await ctx.mcpReq.send({ method, params: paramsOf(args) }))));
const shows = properties => asks('elicitation/create', () => ({ message: 'Fill in the form', requestedSchema: { type: 'object', properties, required: [] } }));

/** @param server closes the stream of a request (`hangUp`), and tells subscribers of changes (`changed`). */
export function addTools(mcp, server) {
    const tool = (name, inputSchema, handler) =>
        mcp.registerTool(name, { description: `The tool ${name}`, annotations: { readOnlyHint: true }, ...(inputSchema && { inputSchema }) }, handler);
    const none = z.object({});

    tool('test_simple_text', null, async () => ok(text('A simple text.')));
    tool('test_image_content', null, async () => ok(image()));
    tool('test_audio_content', null, async () => ok({ type: 'audio', data: samples.wav, mimeType: 'audio/wav' }));
    tool('test_embedded_resource', null, async () => ok(embedded('test://embedded-resource', 'An embedded text.')));
    tool('test_multiple_content_types', null, async () => ok(text('Several things:'), image(), embedded('test://mixed-content-resource', '{"test":"data"}')));
    tool('test_error_handling', null, async () => ({ isError: true, ...ok(text('This tool always fails.')) }));
    tool('test_tool_with_logging', none, logs);
    tool('test_tool_with_progress', none, progresses);
    tool('json_schema_2020_12_tool', fromJsonSchema(address), async args => ok(text(JSON.stringify(args))));

    tool('test_sampling', z.object({ prompt: z.string() }), asks('sampling/createMessage', ({ prompt }) => ({ messages: [{ role: 'user', content: text(prompt) }], maxTokens: 100 })));
    tool('test_elicitation', z.object({ message: z.string() }),
        asks('elicitation/create', ({ message }) => ({ message, requestedSchema: { type: 'object', properties: { response: { type: 'string' } }, required: ['response'] } })));
    tool('test_elicitation_sep1034_defaults', none, shows(defaults));
    tool('test_elicitation_sep1330_enums', none, shows(choices));
    tool('test_reconnection', none, async (_, ctx) => {
        await server.hangUp(ctx.sessionId, ctx.mcpReq.id);
        await pause(100);
        return ok(text('The answer was there when the client came back.'));
    });

    tool('test_x_mcp_header', fromJsonSchema({ type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' }, level: { type: 'integer' } } }), async ({ region }) => ok(text(`region ${region}`)));
    tool('test_logging_tool', none, async (_, ctx) => {
        await ctx.mcpReq.log('info', 'for whoever asked for it');
        return ok(text('logged, where a level was named'));
    });
    tool('test_streaming_elicitation', none, async () => ok(text('no request of its own on this stream')));
    tool('test_trigger_tool_change', none, async () => {
        server.changed('toolsChanged');
        return ok(text('told'));
    });
    tool('test_trigger_prompt_change', none, async () => {
        server.changed('promptsChanged');
        return ok(text('told'));
    });
}
