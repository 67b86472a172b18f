// Proof by outsiders (LLM-01): the official client libraries, and an agent with both gateways.
// Usage: node run.mjs PROGRAM SCRATCH [clients|agent]    (eng/llm-clients installs what it needs and calls it). Exit 0: every check holds.
import { mkdir, rm } from 'node:fs/promises';
import { runAgent } from './agent.mjs';
import { sum } from './checks.mjs';
import { runClients } from './clients.mjs';

const [program, scratch, only] = process.argv.slice(2);

await rm(scratch, { recursive: true, force: true });
await mkdir(scratch, { recursive: true });
if (only !== 'agent') await runClients({ program, scratch });
if (only !== 'clients') await runAgent({ program, scratch });
process.exitCode = sum();
