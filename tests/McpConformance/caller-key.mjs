// Preloaded into the conformance suite (node --import): every HTTP request that it makes carries the caller's key, which the gateway asks of everybody. Nothing else of the requests changes.
import { subscribe } from 'node:diagnostics_channel';

const [name, value] = ['x-api-key', process.env.CABINCREW_CALLER_KEY];
subscribe('undici:request:create', ({ request }) => request.addHeader(name, value));
subscribe('http.client.request.created', ({ request }) => request.headersSent || request.setHeader(name, value));
