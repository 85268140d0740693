import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { beforeAll, expect, test } from 'vitest';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
let dir: string;
beforeAll(async () => {
  ({ dir } = await randomModel(root, 'mails', { seed: 11, kind: 'pooled', prunes: true, tau: 0.7 }));
});

const BODY = JSON.stringify({ inputs: 'w1 w2 w3' });
const headers = { 'content-type': 'application/json' };

/** What asks: Node's agent, and fetch with a pool of its own. Rejects with the code of what went wrong. */
const clients = {
  agent: () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 32 });
    return (port: number) =>
      new Promise<number>((resolve, reject) => {
        const asked = request({ port, host: '127.0.0.1', agent, method: 'POST', path: '/v1/classify', headers });
        asked.on('error', reject);
        asked.on('response', (response) => {
          response.on('error', reject);
          response.on('end', () => resolve(response.statusCode!));
          response.resume();
        });
        asked.end(BODY);
      });
  },
  fetch: () => async (port: number) => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/classify`, { method: 'POST', headers, body: BODY });
    await response.text();
    return response.status;
  },
};

test.each([
  ['agent', 0],
  ['fetch', 0],
  ['agent', 300],
] as const)('SIGTERM loses no request of 32 clients of kind %s that pause for up to %i ms', async (kind, pauseMs) => {
  for (let run = 0; run < 3; run++) {
    const words = ['serve', '--model', `mails=${dir}`, '--workers', '1', '--port', '0', '--no-page'];
    const child = spawn(process.execPath, ['dist/cli/main.js', ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (bytes) => (said += bytes));
    await expect.poll(() => said, { timeout: 60_000 }).toContain('described at');
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(said)![1]);
    const exited = once(child, 'exit');
    const ask = clients[kind]();
    const seen = new Map<unknown, number>();
    let isStopping = false;
    let after = 0;
    const loops = Array.from({ length: 32 }, async () => {
      for (let reply: unknown = 0; reply !== 'ECONNREFUSED'; ) {
        reply = await ask(port).catch((error) => error.cause?.code ?? error.code ?? error.message);
        seen.set(reply, (seen.get(reply) ?? 0) + 1);
        if (isStopping) after++;
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * pauseMs));
      }
    });
    await expect.poll(() => seen.get(200), { timeout: 60_000 }).toBeGreaterThan(100);
    isStopping = true;
    child.kill('SIGTERM');
    await Promise.all(loops);
    expect(await exited).toEqual([0, null]);
    expect([...seen.keys()].filter((reply) => reply !== 200 && reply !== 503)).toEqual(['ECONNREFUSED']);
    expect(after).toBeGreaterThan(31); // each client has heard of it, by an answer or by the closed port
  }
});
