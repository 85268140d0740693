// Requests as clients send them, and good ones with texts whose labels are known.
import { request } from 'node:http';
import { KEY } from './serving.mjs';

/** { status, body, ms }; status 0 with a `code` where no answer came. */
export function post(agent, port, path, payload, headers = {}) {
  return new Promise((done) => {
    const begin = performance.now();
    const failed = (error) =>
      done({
        status: 0,
        body: '',
        code: error.code ?? error.message,
        ms: performance.now() - begin,
        reused: sent.reusedSocket,
      });
    const sent = request(
      {
        agent,
        port,
        host: '127.0.0.1',
        path,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': payload.length,
          authorization: `Bearer ${KEY}`,
          ...headers,
        },
      },
      (reply) => {
        let body = '';
        reply.on('data', (text) => {
          body += text;
        });
        reply.on('error', failed);
        reply.on('end', () => done({ status: reply.statusCode, body, ms: performance.now() - begin }));
      },
    );
    sent.on('error', failed);
    sent.end(payload);
  });
}

/** One to four of the texts. */
export const honestBody = (random, texts) =>
  Buffer.from(
    JSON.stringify({
      inputs: Array.from({ length: 1 + random.integer(4) }, () => texts[random.integer(texts.length)].text),
    }),
  );

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));
