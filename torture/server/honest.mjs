// Honest clients, in a process of their own so that nobody else's work is counted as the server's. They send as fast as they can
// until they are told to ask for half of that; asked for what they have seen, they tell it and begin anew.
import { Agent } from 'node:http';
import { randomStream } from '../../dist/random.js';
import { rows } from '../good-inputs.mjs';
import { honestBody, pause, post } from './client.mjs';

const { port, seed, clients } = JSON.parse(process.argv[2]);
const random = randomStream(seed, 'torture server');
const texts = rows(seed, 200);
const agent = new Agent({ keepAlive: true, maxSockets: clients });
let gap = 0;
let seen = { ms: [], wrong: [] };

async function client() {
  for (;;) {
    const { status, body, ms, code } = await post(agent, port, '/v1/classify', honestBody(random, texts));
    seen.ms.push(ms);
    if (status !== 200 || JSON.parse(body).results.some(({ label }) => label !== 'yes' && label !== 'no'))
      seen.wrong.push(`${status} ${code ?? body.slice(0, 200)}`);
    if (gap > 0) await pause(gap);
    // a server that has ended answers nobody
    if (code === 'ECONNREFUSED') await pause(100);
  }
}

process.on('message', ({ ask }) => {
  if (ask === 'half') gap = seen.ms.reduce((sum, ms) => sum + ms, 0) / seen.ms.length;
  process.send(seen);
  seen = { ms: [], wrong: [] };
});
process.on('disconnect', () => process.exit());
for (let i = 0; i < clients; i++) void client();
