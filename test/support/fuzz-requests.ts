/** Sends mutated requests to a server and looks at what comes back. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { App } from '../../src/serve/http/route.ts';
import { type Mutated, mutatedRequest } from './request-mutations.ts';

/** No answer may take longer. */
const MOST_MS = 2000;

export interface Fuzzed {
  /** Requests by the status of their answers. */
  readonly statuses: Map<number, number>;
  slowestMs: number;
}

/** `count` requests, eight at a time. Fails at the first answer that is none: its request is made small. */
export async function fuzzRequests(app: App, count: number, seed: number): Promise<Fuzzed> {
  const fuzzed: Fuzzed = { statuses: new Map(), slowestMs: 0 };
  const send = async ({ url, headers, payload }: Mutated) => {
    const start = performance.now();
    const reply = await app.inject({ method: 'POST', url, headers, payload });
    return { reply, ms: performance.now() - start };
  };
  const check = async (request: Mutated) => {
    let { reply, ms } = await send(request);
    // a busy machine is slow once, a request that is at fault each time
    if (ms > MOST_MS) ({ reply, ms } = await send(request));
    const { statusCode: status, payload } = reply;
    fuzzed.statuses.set(status, (fuzzed.statuses.get(status) ?? 0) + 1);
    fuzzed.slowestMs = Math.max(fuzzed.slowestMs, ms);
    expect(ms).toBeLessThan(MOST_MS);
    const isTimeUp = /no answer within|would take about/.test(payload); // a deadline was asked for, and has passed
    if (!isTimeUp) expect(status, payload.slice(0, 300)).toBeLessThan(500);
    expect(payload).not.toMatch(/MP_INTERNAL|internal:|FST_ERR|InternalServerError/);
    if (status !== 200) {
      const message = request.route.message(payload);
      expect(message, payload.slice(0, 300)).toEqual(expect.stringMatching(/^.{10,600}$/s));
    } else if (reply.headers['content-type'] === 'application/x-ndjson') checkLines(request, payload);
    else if (reply.headers['content-type'] !== 'application/octet-stream') JSON.parse(payload);
  };
  const most = 8;
  await fc.assert(
    fc.asyncProperty(fc.array(mutatedRequest, { minLength: most, maxLength: most }), async (requests) => {
      await Promise.all(requests.map(check));
    }),
    { numRuns: Math.ceil(count / most), seed, endOnFailure: false },
  );
  expect(({} as Record<string, unknown>).a).toBeUndefined();
  return fuzzed;
}

/** Each line of the body has its line in the answer. */
function checkLines({ headers, payload: sent }: Mutated, payload: string): void {
  const answers = payload === '' ? [] : payload.trimEnd().split('\n');
  for (const line of answers) {
    const { label, error } = JSON.parse(line);
    expect(typeof (label ?? error.message)).toBe('string');
  }
  if (headers['content-encoding'] !== undefined) return;
  const lines = sent.toString('latin1').split('\n');
  if (lines.at(-1) === '') lines.pop();
  expect(answers).toHaveLength(lines.length);
}
