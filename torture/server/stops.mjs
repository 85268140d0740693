// Told to stop while it is busy, a server answers whatever it took.
import { mkdirSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { randomStream } from '../../dist/random.js';
import { rows, smallModel } from '../good-inputs.mjs';
import { honestBody, pause, post } from './client.mjs';
import { start } from './serving.mjs';

const STOPS = { short: 2, full: 20 };
const CLIENTS = 8;

export async function stops({ dir, seed, short, report }) {
  const own = join(dir, 'stops');
  mkdirSync(own, { recursive: true });
  const { model } = smallModel(own, seed);
  const times = short ? STOPS.short : STOPS.full;
  const random = randomStream(seed, 'torture stops');
  const texts = rows(seed, 200);
  let [answered, refused] = [0, 0];
  const lost = [];
  const codes = new Set();
  for (let n = 0; n < times; n++) {
    const server = await start(model, { dir: own });
    let stop = false;
    const agent = new Agent({ keepAlive: true });
    const client = async () => {
      while (!stop) {
        const { status, code, reused } = await post(agent, server.port, '/v1/classify', honestBody(random, texts));
        if (status === 200) answered++;
        else if (code === 'ECONNREFUSED') {
          refused++;
          return;
        } else lost.push(`${status} ${code ?? ''}${reused ? ' on a connection that was used before' : ''}`);
      }
    };
    const clients = Array.from({ length: CLIENTS }, client);
    await pause(500 + random.integer(500));
    server.child.kill('SIGTERM');
    codes.add(await server.ended);
    stop = true;
    await Promise.all(clients);
    agent.destroy();
    if (server.hasFatal) lost.push(`the log of stop ${n} has a fatal error`);
  }
  report(
    `a server that is told to stop under load loses no request (${times} times)`,
    `${lost.length} lost of ${answered + lost.length}, ${refused} clients refused afterwards ${[...new Set(lost)].slice(0, 3).join('; ')}`,
    lost.length === 0 && answered > 0,
  );
  report('and ends with exit code 0', [...codes].join(', '), codes.size === 1 && codes.has(0));
}
