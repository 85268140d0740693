// A module worker, as Cloudflare Workers run it: POST /classify with {"texts": ["…"]}. Floor 0 answers what it is sure of, here; the
// other texts go to the server that has the network (`magic-pyramid serve`, its address in ORIGIN), in one request.
import { openFloor, PyramidError } from 'magic-pyramid/floor';

let floor = null; // once an isolate; a promise would belong to the request that made it
const load = async (env) => {
  floor ??= await openFloor(async (name) => {
    const file = await env.MODEL.fetch(`https://model/${name}`);
    return file.ok ? file.arrayBuffer() : null;
  });
  return floor;
};

export default {
  async fetch(request, env) {
    const wrong = (status, error) => Response.json({ error }, { status });
    if (new URL(request.url).pathname !== '/classify') return wrong(404, 'there is POST /classify, and nothing else');
    if (request.method !== 'POST') return wrong(405, 'send a POST');
    const body = await request.json().catch(() => null);
    if (!Array.isArray(body?.texts)) return wrong(400, 'send {"texts": ["…"]}');
    try {
      const model = await load(env);
      const answers = body.texts.map((text) => model.classify(text));
      const rest = answers.flatMap((answer, i) => (answer === null ? [i] : []));
      if (rest.length > 0 && env.ORIGIN) {
        const inputs = rest.map((i) => body.texts[i]);
        const reply = await fetch(`${env.ORIGIN}/v1/classify`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ inputs }),
        });
        if (!reply.ok) return wrong(502, `the server with the network answered with status ${reply.status}`);
        const { results } = await reply.json();
        for (const [k, i] of rest.entries()) answers[i] = results[k];
      }
      // without an ORIGIN, null is a text that needs the network
      return Response.json(
        answers.map((answer) => answer && { label: answer.label, score: answer.score, exit: answer.exit }),
      );
    } catch (error) {
      if (!(error instanceof PyramidError)) throw error;
      return wrong(error.httpStatus, error.message);
    }
  },
};
