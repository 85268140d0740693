/**
 * A process that may open no more files (`ulimit -n`) when it starts a worker thread, reads in one, or starts a process: it is told in
 * one sentence with a code, and what has lost its threads works again once there are handles. Real limits, in processes of their own.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { parquetWriteFile } from 'hyparquet-writer';
import { beforeAll, describe, expect, test } from 'vitest';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const texts = join(root, 'texts.csv');
const parquet = join(root, 'rows.parquet');
const preload = pathToFileURL('test/support/few-handles.mjs').href;
const THREAD =
  'a worker thread cannot be started: this process may have no more files and connections open (EMFILE); raise the limit (ulimit -n), or use fewer workers or connections';
let dir: string;

beforeAll(async () => {
  ({ dir } = await randomModel(root, 'mp', { seed: 91, kind: 'pooled', prunes: true, labels: ['no', 'yes'] }));
  const labels = Array.from({ length: 40 }, (_, i) => ['no', 'yes'][i % 2]);
  const rows = randomTexts(1, 40);
  writeFileSync(texts, `text,label\n${rows.map((text, i) => `${text},${labels[i]}\n`).join('')}`);
  parquetWriteFile({
    filename: parquet,
    columnData: [
      { name: 'text', data: rows, type: 'STRING' },
      { name: 'label', data: labels, type: 'STRING' },
    ],
  });
});

/** Node with so few handles that the preloaded module can take all. */
const limited = (args: readonly string[]) => [
  '-c',
  'ulimit -n 1000; exec "$@"',
  'bash',
  process.execPath,
  '--import',
  preload,
  ...args,
];
const MAIN = 'dist/cli/main.js';

describe('a command without handles when it starts a thread', () => {
  // 0: not even the thread can begin; 20: it begins, and cannot read its own files
  for (const left of [0, 20])
    for (const [name, args] of [
      ['predict', () => ['--model', dir, '--workers', '2', '--file', texts]],
      ['evaluate', () => ['--model', dir, '--test', parquet]],
      ['train', () => ['--method', 'linear', '--train', texts, '--out', join(root, `trained-${left}`)]],
    ] as const)
      test(`${name} ends with one sentence, ${left} left`, () => {
        const env = { ...process.env, HANDLES_AT: 'thread', HANDLES_LEFT: String(left) };
        const { status, stderr } = spawnSync('bash', limited([MAIN, name, ...args()]), { encoding: 'utf8', env });
        expect(stderr.trimEnd().split('\n').at(-1)).toBe(`error: ${THREAD}`);
        expect(status).toBe(1);
      });
});

/** Runs a script with the preloaded module's functions, and `Pyramid` and `dir`; gives what it says, as JSON. */
function inScript(body: string): unknown {
  const script = `
    import { crash, giveBack, take } from ${JSON.stringify(preload)};
    import { Pyramid } from ${JSON.stringify(pathToFileURL('dist/engine/index.js').href)};
    import { inChild } from ${JSON.stringify(pathToFileURL('dist/experiment/child/child-process.js').href)};
    import { openFile } from ${JSON.stringify(pathToFileURL('dist/disk-folder.js').href)};
    const dir = ${JSON.stringify(dir)};
    const pause = (ms) => new Promise((done) => setTimeout(done, ms));
    const failure = (promise) => promise.then(() => null, ({ code, message }) => ({ code, message }));
    const said = await (async () => { ${body} })();
    giveBack();
    console.log(JSON.stringify(said));`;
  const { stdout, stderr } = spawnSync('bash', limited(['--input-type=module', '-e', script]), { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

describe('a model whose threads have ended and cannot be started again', () => {
  test('says why, and works again once they can', () => {
    const said = inScript(`
      const model = await Pyramid.load(dir, { workers: 1 });
      take(0);
      crash();
      await pause(300);
      const first = await failure(model.classify('w1'));
      const second = await failure(model.classify('w1'));
      giveBack();
      const { label } = await model.classify('w1');
      await model.close();
      return { first, second, label };`);
    const refused = { code: 'MP_SYSTEM_LIMIT', message: THREAD };
    expect(said).toEqual({ first: refused, second: refused, label: expect.any(String) });
  });

  test('answers what waits if they can a moment later', () => {
    const said = inScript(`
      const model = await Pyramid.load(dir, { workers: 1 });
      take(0);
      crash();
      await pause(100);
      const answer = model.classify('w1');
      setTimeout(giveBack, 300);
      const { label } = await answer;
      await model.close();
      return label;`);
    expect(said).toEqual(expect.any(String));
  });

  test('goes on with the threads that it has, and is whole again later', () => {
    const said = inScript(`
      const model = await Pyramid.load(dir, { workers: 2 });
      take(0);
      crash(1);
      let [answered, fewest] = [0, 2];
      for (let i = 0; i < 20; i++) {
        const { label } = await model.classify('w' + i, { tau: null });
        if (label) answered++;
        fewest = Math.min(fewest, model.workers.length);
        await pause(100);
      }
      giveBack();
      while (model.workers.length < 2) {
        await model.classify('w1');
        await pause(100);
      }
      await model.close();
      return { answered, fewest };`);
    expect(said).toEqual({ answered: 20, fewest: 1 });
  });

  test('says why its files cannot be read, rather than that they are missing', () => {
    const said = inScript(`
      take(0);
      return failure(openFile(dir + '/config.json'));`);
    expect(said).toEqual({
      code: 'MP_SYSTEM_LIMIT',
      message: `${dir}/config.json cannot be opened: ${THREAD.replace(/^[^:]*: /, '')}`,
    });
  });
});

test('a run that needs a process of its own says that it cannot be started', () => {
  const said = inScript(`
    take(0);
    return failure(inChild({ kind: 'run' }, 'mrpc, mp', () => {}));`);
  expect(said).toEqual({ code: 'MP_SYSTEM_LIMIT', message: THREAD.replace('a worker thread', 'a process') });
});

test('a server whose threads are gone says so, stays, and answers once they are back', async () => {
  // three are left: enough for a connection, too few for a thread
  const env = { ...process.env, HANDLES_LEFT: '3' };
  const server = spawn('bash', limited([MAIN, 'serve', '--model', dir, '--workers', '1', '--port', '0']), {
    stdio: ['ignore', 'pipe', 'ignore'],
    env,
  });
  try {
    let url = '';
    for await (const line of createInterface({ input: server.stdout })) {
      url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? '';
      if (url) break;
    }
    const ask = async () => {
      const body = JSON.stringify({ inputs: 'w1 w2' });
      const answer = await fetch(`${url}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      return { status: answer.status, body: await answer.text() };
    };
    expect((await ask()).status).toBe(200);
    server.kill('SIGUSR2');
    await expect.poll(ask).toMatchObject({ status: 503, body: expect.stringContaining(THREAD) });
    expect((await fetch(`${url}/health`)).status).toBe(200);
    server.kill('SIGUSR2');
    await expect.poll(ask).toMatchObject({ status: 200 });
  } finally {
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    await ended;
  }
});
