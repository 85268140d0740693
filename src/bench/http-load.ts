/**
 * What one server of ours answers over HTTP on this machine: requests of one text each, as fast as they are answered, then at a
 * share of that. The server is a process of its own; what asks it runs here and takes its part of the same cores.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import type { TextInput } from '../engine/index.ts';
import { PyramidError } from '../errors.ts';
import { systemLimit } from '../system-limit.ts';
import { quantile } from './figures.ts';

export interface HttpLoad {
  /** Requests a second when it is asked as fast as it answers. */
  readonly requestsPerSecond: number;
  /** Milliseconds, at `load` of that. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Bytes of the server's process after that. */
  readonly residentBytes: number;
}

export interface HttpLoadOptions {
  /** The command line of ours, as a program and its first arguments. */
  readonly command: readonly [string, ...string[]];
  /** Of `serve`: model, tau, workers. */
  readonly serve: readonly string[];
  readonly texts: readonly TextInput[];
  /** Share of the most at which latency is measured, above 0 and at most 1. */
  readonly load: number;
  /** Seconds of each of the two measurements. */
  readonly seconds: number;
}

/** Requests at once: enough that the server always has some waiting. */
const AT_ONCE = 32;
/** Milliseconds before the clock counts. */
const WARM_UP = 500;

/** Throws MP_BENCH_PEER where the server does not start, or does not answer. */
export async function httpLoad({ command, serve, texts, load, seconds }: HttpLoadOptions): Promise<HttpLoad> {
  const [program, ...args] = command;
  const child = spawn(program, [...args, 'serve', '--port', '0', '--no-page', ...serve], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  try {
    await once(child, 'spawn').catch((error) => {
      throw systemLimit(error) ?? failed(error.message);
    });
    const port = await portOf(child);
    const bodies = texts.map((input) => Buffer.from(JSON.stringify({ inputs: input })));
    const ask = (i: number) => post({ agent, port, body: bodies[i % bodies.length] });
    await asFastAsItAnswers(ask, WARM_UP);
    const fast = await asFastAsItAnswers(ask, 1000 * seconds);
    if (fast.length === 0) throw failed(`it answered no request within ${seconds} s`);
    const requestsPerSecond = fast.length / seconds;
    const paced = await atRate(ask, load * requestsPerSecond, 1000 * seconds);
    return {
      requestsPerSecond,
      p50Ms: quantile(paced, 0.5),
      p99Ms: quantile(paced, 0.99),
      residentBytes: await residentBytes(port),
    };
  } finally {
    agent.destroy();
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
  }
}

const failed = (problem: string) =>
  new PyramidError('MP_BENCH_PEER', { peer: 'our own server', problem, todo: 'start it with `serve` to see why' });

/** Of the line of the log that says where it listens. */
async function portOf(child: ChildProcess): Promise<number> {
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  for await (const line of createInterface({ input: child.stdout! })) {
    const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
    if (!found) continue;
    child.stdout!.resume();
    return Number(found[1]);
  }
  throw failed(said.trim().split('\n').at(-1) || 'it ended before it listened');
}

interface Ask {
  readonly agent: Agent;
  readonly port: number;
  readonly body: Buffer;
}

/** Milliseconds until the answer is read whole. */
function post({ agent, port, body }: Ask): Promise<number> {
  const begin = performance.now();
  return new Promise((done, fail) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const sent = request({ agent, port, host: '127.0.0.1', path: '/v1/classify', method: 'POST', headers }, (reply) => {
      let text = '';
      reply.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      reply.on('error', fail);
      reply.on('end', () => {
        if (reply.statusCode === 200) done(performance.now() - begin);
        else fail(failed(`${reply.statusCode}: ${text.slice(0, 200)}`));
      });
    });
    sent.on('error', fail);
    sent.end(body);
  });
}

/** Milliseconds of each request that was answered within `ms`. */
async function asFastAsItAnswers(ask: (i: number) => Promise<number>, ms: number): Promise<number[]> {
  const end = performance.now() + ms;
  const took: number[] = [];
  let next = 0;
  const client = async () => {
    while (performance.now() < end) {
      const ms = await ask(next++);
      if (performance.now() <= end) took.push(ms); // one that ends later is not of this time
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  return took;
}

/** The same of requests that set out evenly, whether earlier ones are answered or not: waiting counts. */
async function atRate(ask: (i: number) => Promise<number>, perSecond: number, ms: number): Promise<number[]> {
  const begin = performance.now();
  const count = Math.max(1, Math.floor((perSecond * ms) / 1000));
  const under: Promise<number>[] = [];
  let fault: { readonly error: unknown } | null = null;
  while (under.length < count) {
    const due = Math.min(count, 1 + Math.floor(((performance.now() - begin) * perSecond) / 1000));
    while (under.length < due) {
      // its time is counted from when it was due, so that a late timer hides nothing
      const late = performance.now() - (begin + (1000 * under.length) / perSecond);
      const one = ask(under.length).then((took) => took + Math.max(0, late));
      one.catch((error: unknown) => {
        fault ??= { error };
      });
      under.push(one);
    }
    await new Promise((done) => setTimeout(done, 1));
    if (fault) throw (fault as { readonly error: unknown }).error;
  }
  return Promise.all(under);
}

async function residentBytes(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]);
}
