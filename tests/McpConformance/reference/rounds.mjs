// The tools of the stateless era that need something of the client first: they answer with questions until the answers are there (multi round-trip requests). What they keep in between is sealed.
import { randomBytes } from 'node:crypto';
import { acceptedContent, CLIENT_CAPABILITIES_META_KEY, createRequestStateCodec, inputRequired, ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { form, text } from './offers.mjs';

export const sealed = createRequestStateCodec({ key: randomBytes(32) });

const ok = words => ({ content: [text(words)] });
const words = (question, maxTokens = 50) => inputRequired.createMessage({ messages: [{ role: 'user', content: text(question) }], maxTokens });
const roots = () => inputRequired.listRoots();
const name = () => form('What is your name?', 'name');

const tools = {
    async test_missing_capability({ answers }) {
        return answers?.llm_answer ? ok('answered') : inputRequired({ inputRequests: { llm_answer: words('Say: pong') } });
    },
    async test_input_required_result_elicitation({ accepted }) {
        const given = accepted('user_name')?.name;
        return typeof given === 'string' ? ok(`Hello, ${given}!`) : inputRequired({ inputRequests: { user_name: name() } });
    },
    async test_input_required_result_sampling({ answers }) {
        const given = answers?.capital_question;
        return given ? ok(`The model says: ${given.content?.text}`) : inputRequired({ inputRequests: { capital_question: words('What is the capital of France?') } });
    },
    async test_input_required_result_list_roots({ answers }) {
        const given = answers?.client_roots?.roots;
        return Array.isArray(given) ? ok(`Roots: ${given.map(r => r.uri).join(' ')}`) : inputRequired({ inputRequests: { client_roots: roots() } });
    },
    async test_input_required_result_request_state({ accepted, state }) {
        if (!accepted('confirm')) return inputRequired({ inputRequests: { confirm: form('Please confirm', 'ok', 'boolean') }, requestState: await sealed.mint({ at: 'confirm' }) });
        if (!state) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'the requestState is missing');
        return ok('state-ok');
    },
    async test_input_required_result_multiple_inputs({ answers, accepted }) {
        const [given, greeting, places] = [accepted('user_name')?.name, answers?.greeting?.content?.text, answers?.client_roots?.roots];
        return given && greeting && places
            ? ok(`${greeting}, ${given}, who has ${places.length} root(s)`)
            : inputRequired({ inputRequests: { user_name: name(), greeting: words('Greet somebody'), client_roots: roots() }, requestState: await sealed.mint({ at: 'all' }) });
    },
    async test_input_required_result_multi_round({ accepted, state }) {
        if (!state) return inputRequired({ inputRequests: { step1: name() }, requestState: await sealed.mint({ round: 1 }) });
        if (state.round === 1) return inputRequired({ inputRequests: { step2: form('Which colour?', 'color') }, requestState: await sealed.mint({ round: 2, name: accepted('step1')?.name }) });
        return ok(`${state.name} likes ${accepted('step2')?.color}`);
    },
    async test_input_required_result_tampered_state({ accepted, state }) {
        return state && accepted('confirm') ? ok('integrity-ok') : inputRequired({ inputRequests: { confirm: form('Please confirm', 'ok', 'boolean') }, requestState: await sealed.mint({ at: 'confirm' }) });
    },
    async test_input_required_result_capabilities({ answers, can }) {
        if (answers) return ok('answered');
        const inputRequests = { ...(can?.elicitation && { user_name: name() }), ...(can?.sampling && { greeting: words('Greet somebody') }), ...(can?.roots && { client_roots: roots() }) };
        return Object.keys(inputRequests).length ? inputRequired({ inputRequests }) : ok('the client can do nothing that is needed');
    },
};

export function addRounds(mcp) {
    for (const [called, answer] of Object.entries(tools))
        mcp.registerTool(called, { description: `The tool ${called}`, annotations: { readOnlyHint: true }, inputSchema: z.object({}) }, (_, { mcpReq }) => answer({
            answers: mcpReq.inputResponses,
            accepted: key => acceptedContent(mcpReq.inputResponses, key),
            state: mcpReq.requestState(),
            can: mcpReq.envelope?.[CLIENT_CAPABILITIES_META_KEY],
        }));
}
