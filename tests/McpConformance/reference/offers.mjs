// The resources and prompts that the conformance suite expects of a server, and the samples that they are made of.
import { inputRequired, acceptedContent, ResourceTemplate } from '@modelcontextprotocol/server';
import { z } from 'zod';

export const samples = {
    png: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==',
    wav: 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=',
};

export const text = words => ({ type: 'text', text: words });
export const image = () => ({ type: 'image', data: samples.png, mimeType: 'image/png' });
export const embedded = (uri, words) => ({ type: 'resource', resource: { uri, mimeType: 'text/plain', text: words } });

const says = (...content) => ({ messages: content.map(c => ({ role: 'user', content: c })) });

/** A form with one required field. */
export const form = (message, field, type = 'string') =>
    inputRequired.elicit({ message, requestedSchema: { type: 'object', properties: { [field]: { type } }, required: [field] } });

const resources = {
    'test://static-text': { mimeType: 'text/plain', text: 'A text that never changes.' },
    'test://static-binary': { mimeType: 'image/png', blob: samples.png },
    'test://watched-resource': { mimeType: 'text/plain', text: 'A text that somebody watches.' },
};

export function addOffers(mcp) {
    for (const [uri, { mimeType, ...body }] of Object.entries(resources)) {
        const name = uri.slice('test://'.length);
        mcp.registerResource(name, uri, { description: `The resource ${name}`, mimeType }, async () => ({ contents: [{ uri, mimeType, ...body }] }));
    }
    mcp.registerResource('template', new ResourceTemplate('test://template/{id}/data', { list: undefined }), { description: 'One for each id', mimeType: 'application/json' },
        async (uri, { id }) => ({ contents: [{ uri: uri.href, mimeType: 'application/json', text: JSON.stringify({ id }) }] }));
    for (const method of ['resources/subscribe', 'resources/unsubscribe']) mcp.server.setRequestHandler(method, async () => ({}));
    mcp.server.setRequestHandler('completion/complete', async () => ({ completion: { values: ['paris', 'park'], total: 2, hasMore: false } }));
    mcp.server.setRequestHandler('logging/setLevel', async () => ({}));

    const prompt = (name, argsSchema, handler) => mcp.registerPrompt(name, { description: `The prompt ${name}`, ...(argsSchema && { argsSchema: z.object(argsSchema) }) }, handler);
    prompt('test_simple_prompt', null, async () => says(text('A prompt without arguments.')));
    prompt('test_prompt_with_arguments', { arg1: z.string(), arg2: z.string() }, async ({ arg1, arg2 }) => says(text(`A prompt with arg1=${arg1} and arg2=${arg2}.`)));
    prompt('test_prompt_with_embedded_resource', { resourceUri: z.string() }, async ({ resourceUri }) => says(embedded(resourceUri, 'What the resource says.'), text('Read the resource.')));
    prompt('test_prompt_with_image', null, async () => says(image(), text('Look at the image.')));
    prompt('test_input_required_result_prompt', null, async ctx => {
        const given = acceptedContent(ctx.mcpReq.inputResponses, 'user_context');
        return given ? says(text(`In the context of ${given.context}.`)) : inputRequired({ inputRequests: { user_context: form('In which context?', 'context') } });
    });
}
