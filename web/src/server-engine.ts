/**
 * A model behind `magic-pyramid serve`, asked over HTTP; addresses are relative to the page. Texts of a stream go in
 * requests of some hundreds, a few under way at once, so that neither side holds more than it can use. A server that is
 * full (429) is asked again when it says so.
 */
import type { Answer, Explanation, TextInput } from '../../src/engine/index.ts';
import type { Trace } from '../../src/evaluate/trace.ts';
import type { ToldRun } from '../../src/jobs/run-status.ts';
import type { ModelExamples } from '../../src/pyramid/folder/examples.ts';
import type { ReportRow } from '../../src/report/table.ts';
import type { AskOptions, EngineInfo, PageEngine } from '../../src/web/page-engine.ts';

/** Texts of one request; the server's --max-client-batch-size has the last word. */
const BATCH = 32;
const UNDER_WAY = 4;
const MOST_TRIES = 20;

/** What a server says went wrong. */
interface Refusal {
  readonly error?: { readonly code?: string; readonly message?: string };
}

/** Of a server that wants one; kept for as long as the page is open, and nowhere else. */
let key: string | null = null;
/** Whether it has runs on many machines: what it says nothing of is not asked for. */
let hasRuns = false;
const keyHeader = (): Record<string, string> => (key === null ? {} : { authorization: `Bearer ${key}` });

/**
 * Names of the models that are served, the default one first. 'none': there is no such server at this address;
 * 'locked': it wants a key, or another one.
 */
export async function servedModels(withKey: string | null = null): Promise<readonly string[] | 'none' | 'locked'> {
  key = withKey;
  try {
    const response = await fetch('./v1/models', { headers: keyHeader() });
    if (response.status === 401) return 'locked';
    if (!response.ok || !response.headers.get('content-type')?.includes('json')) return 'none';
    const { data, jobs = false } = (await response.json()) as { data?: readonly { id: string }[]; jobs?: boolean };
    hasRuns = jobs;
    return data && data.length > 0 ? data.map(({ id }) => id) : 'none';
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) return 'none';
    throw error;
  }
}

/** The server's /metrics, as Prometheus reads them. */
export async function metricsText(): Promise<string> {
  const response = await fetch('./metrics', { headers: keyHeader() });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.text();
}

/** 'none': the server has no runs, or tells this reader nothing of them; 'later': it does not answer now. */
export async function runsOfServer(): Promise<readonly ToldRun[] | 'none' | 'later'> {
  if (!hasRuns) return 'none';
  try {
    const response = await fetch('./admin/jobs', { headers: keyHeader() });
    if (response.ok) return ((await response.json()) as { readonly runs: readonly ToldRun[] }).runs;
    return response.status < 500 ? 'none' : 'later';
  } catch {
    return 'later';
  }
}

export async function openServedModel(name: string): Promise<PageEngine> {
  const address = `./v1/models/${encodeURIComponent(name)}`;
  const info = (await ask(address, {})) as EngineInfo;
  const classify = async (texts: readonly TextInput[], { tau, topK, signal }: AskOptions = {}) => {
    const { results } = (await ask('./v1/classify', {
      body: { model: name, inputs: texts, tau, topK },
      signal,
    })) as { readonly results: Answer[] };
    return results;
  };
  return {
    info,
    ready: Promise.resolve(),
    classify,
    stream: (source, options) => inBatches(source, (texts) => classify(texts, options)),
    async explain(text, { tau, signal } = {}) {
      return (await ask('./v1/explain', { body: { model: name, input: text, tau }, signal })) as Explanation;
    },
    trace: async () => (await askMaybe(`${address}/trace`)) as Trace | null,
    report: async () => (await askMaybe(`${address}/report`)) as readonly ReportRow[] | null,
    examples: async () => (await askMaybe(`${address}/examples`)) as ModelExamples | null,
    async close() {},
  };
}

/** JSON from the server; throws with its own sentence. */
async function ask(address: string, { body, signal }: { readonly body?: object; readonly signal?: AbortSignal }) {
  const request = body
    ? {
        method: 'POST',
        headers: { ...keyHeader(), 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }
    : { headers: keyHeader() };
  for (let tries = 1; ; tries++) {
    const response = await fetch(address, { ...request, signal });
    if (response.ok) return (await response.json()) as unknown;
    if (response.status === 429 && tries < MOST_TRIES) {
      await later(1000 * (Number(response.headers.get('retry-after')) || 1), signal);
      continue;
    }
    const refusal = (await response.json().catch(() => ({}))) as Refusal;
    throw new Error(refusal.error?.message ?? `the server answered ${address} with status ${response.status}`);
  }
}

async function askMaybe(address: string): Promise<unknown> {
  const response = await fetch(address, { headers: keyHeader() });
  return response.status === 200 ? response.json() : null;
}

/** Answers in the order of `source`, a few batches under way. */
async function* inBatches(
  source: Iterable<TextInput> | AsyncIterable<TextInput>,
  run: (texts: readonly TextInput[]) => Promise<Answer[]>,
): AsyncGenerator<Answer, void, undefined> {
  const underWay: Promise<Answer[]>[] = [];
  let batch: TextInput[] = [];
  const send = () => {
    const work = run(batch);
    work.catch(() => {}); // it is awaited in its turn; until then its failure must not count as unheard
    underWay.push(work);
    batch = [];
  };
  for await (const text of source) {
    batch.push(text);
    if (batch.length < BATCH) continue;
    send();
    if (underWay.length >= UNDER_WAY) yield* await underWay.shift()!;
  }
  if (batch.length > 0) send();
  for (const work of underWay) yield* await work;
}

const later = (ms: number, signal?: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
