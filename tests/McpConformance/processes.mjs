// Programs that a script starts, waits for and stops.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

const startWithinMs = 30_000;

export async function freePort() {
    const server = createServer();
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise(resolve => server.close(resolve));
    return port;
}

/** Runs a program until it has said `ready`. */
export async function start(command, args, ready, options = {}) {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let said = '';
    await new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`${command} ${args.join(' ')} was not ready in time: ${said}`)), startWithinMs);
        const hear = part => {
            said += part;
            if (!ready.test(said)) return;
            clearTimeout(late);
            resolve();
        };
        child.stdout.on('data', hear);
        child.stderr.on('data', hear);
        child.on('error', reject);
        child.on('exit', code => reject(new Error(`${command} ${args.join(' ')} ended with ${code}: ${said}`)));
    });
    return child;
}

export async function stop(child) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
}
