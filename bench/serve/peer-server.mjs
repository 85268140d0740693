// The same weights without pruning and exits behind Fastify and transformers.js, with batching: what waits when the
// model is free is one batch, at most 32 texts. `node peer-server.mjs MODEL_DIR PORT`
import { basename, dirname } from 'node:path';
import { env, pipeline } from '@huggingface/transformers';
import Fastify from 'fastify';

const [dir, port] = process.argv.slice(2);
env.allowRemoteModels = false;
env.localModelPath = dirname(dir);
const classify = await pipeline('text-classification', basename(dir), { dtype: 'fp32', device: 'cpu' });
const MOST = 32;
const waiting = [];
let isRunning = false;

async function run() {
  if (isRunning) return;
  isRunning = true;
  while (waiting.length > 0) {
    const batch = waiting.splice(0, MOST);
    try {
      const answers = await classify(
        batch.map(({ text }) => text),
        { top_k: 1 },
      );
      for (const [i, { resolve }] of batch.entries()) resolve([answers[i]].flat());
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
  isRunning = false;
}

const app = Fastify();
const body = { type: 'object', required: ['inputs'], properties: { inputs: { type: 'string' } } };
const answer = {
  type: 'array',
  items: { type: 'object', properties: { label: { type: 'string' }, score: { type: 'number' } } },
};
app.post(
  '/predict',
  { schema: { body, response: { 200: answer } } },
  (request) =>
    new Promise((resolve, reject) => {
      waiting.push({ text: request.body.inputs, resolve, reject });
      setImmediate(run);
    }),
);
app.get('/health', async () => 'ok');
await app.listen({ host: '127.0.0.1', port: Number(port) });
