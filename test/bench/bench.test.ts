/** Whole benchmarks of a small model: its figures mean nothing, their form and what they are of do. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { benchText } from '../../src/bench/bench-table.ts';
import { type BenchOptions, bench } from '../../src/bench/index.ts';
import { JsonChild } from '../../src/bench/json-child.ts';
import { Pyramid } from '../../src/engine/index.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const texts = randomTexts(8, 24);
let model: string;
let truth: number[];
let notes: string[];
const options = (more: Partial<BenchOptions>): BenchOptions => ({
  model,
  texts,
  truth,
  rows: 'rows.csv',
  taus: null,
  dtypes: ['fp32'],
  rounds: 2,
  seconds: 0,
  workers: 2,
  threads: 1,
  peers: null,
  python: 'no-such-python',
  onNote: (text) => notes.push(text),
  ...more,
});

beforeAll(async () => {
  ({ dir: model } = await randomModel(root, 'mp', { seed: 7, kind: 'pooled', prunes: true, tau: 0.7 }));
  const pyramid = await Pyramid.load(model, { workers: 1 });
  const answers = await pyramid.classify(texts, { tau: null });
  truth = answers.map(({ label }, i) => (i < 18 ? pyramid.labels.indexOf(label) : -1));
  await pyramid.close();
  notes = [];
});

/** A program that answers a line of JSON with another: what Node evaluates for each request. */
function program(name: string, answer: string): string {
  const path = join(root, name);
  const script = `#!${process.execPath}
    import('node:readline').then(async ({ createInterface }) => {
      for await (const line of createInterface({ input: process.stdin })) {
        const request = JSON.parse(line);
        process.stdout.write(JSON.stringify(${answer}) + '\\n');
      }
    });`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  return path;
}

// each loads the model several times and runs it on every core, which takes long where these are busy
describe('a benchmark', { timeout: 180_000 }, () => {
  test('measures each tau, exits off and the dense model in both modes, and ONNX Runtime', async () => {
    const taus = [0.5, 0.9];
    const { rows, ratios, speedups, peaks, versions, machine, setting } = await bench(
      options({ taus, dtypes: ['fp32', 'int8'], peers: ['onnxruntime'] }),
    );
    const ours = ['fp32', 'int8'].flatMap((dtype) => [
      ['magic-pyramid', dtype, 0.5],
      ['magic-pyramid', dtype, 0.9],
      ['magic-pyramid', dtype, null],
      ['magic-pyramid dense', dtype, null],
    ]);
    const expected = [...ours, ['onnxruntime', 'fp32', null]];
    for (const mode of ['throughput', 'latency']) {
      const some = rows.filter((row) => row.mode === mode);
      expect(some.map(({ system, dtype, tau }) => [system, dtype, tau])).toEqual(expected);
      for (const { textsPerSecond, p50Ms, p99Ms, gflops } of some) {
        expect(textsPerSecond).toBeGreaterThan(0);
        expect(gflops).toBeGreaterThan(0);
        if (mode === 'latency') expect(p99Ms!).toBeGreaterThanOrEqual(p50Ms!);
      }
    }
    expect(Object.keys(rows[0])).toEqual([
      'system',
      'mode',
      'textsPerSecond',
      'p50Ms',
      'p99Ms',
      'accuracy',
      'tau',
      'dtype',
      'gflops',
    ]);
    expect(rows[2].accuracy).toBe(0.75); // exits off
    const [early, late, off, dense] = rows.map(({ gflops }) => gflops);
    expect(late).toBeLessThan(early);
    expect(early).toBeLessThan(off);
    expect(off).toBeLessThan(dense);
    // the same network, computed by another program
    expect(rows[8].accuracy).toBeCloseTo(rows[3].accuracy!, 10);
    expect(ratios[0]).toMatchObject({ system: 'magic-pyramid', ratio: 1 });
    expect(speedups).toHaveLength(6);
    expect(peaks.map(({ dtype }) => dtype)).toEqual(['fp32', 'int8']);
    expect(versions).toMatchObject({ node: process.versions.node });
    expect(machine.cores).toBeGreaterThan(0);
    expect(setting).toMatchObject({ rows: 'rows.csv', texts: 24, rounds: 2, workers: 2 });
  });

  test("takes the model's own tau where none is given, and leaves accuracy out without labels", async () => {
    const { rows } = await bench(options({ truth: null, rounds: 1 }));
    expect(rows.map(({ tau }) => tau)).toEqual([0.7, null, null, 0.7, null, null]);
    expect(rows.every(({ accuracy }) => accuracy === null)).toBe(true);
  });

  test('judges sets of labels by micro F1 and numbers by R², and no peer by either', async () => {
    const labels = ['a', 'b', 'c'];
    const several = await randomModel(root, 'several', {
      ...{ seed: 7, kind: 'pooled', prunes: false, tau: 0.9, labels },
      ...{ problemType: 'multi_label_classification', labelThresholds: [0.4, 0.5, 0.6] },
    });
    const pyramid = await Pyramid.load(several.dir, { workers: 1 });
    const sets = (await pyramid.classify(texts, { tau: null })).map(({ labels: own }) => own!);
    await pyramid.close();
    const targets = sets.map((own) => labels.map((label) => Number(own.includes(label))));
    const one = await bench(options({ model: several.dir, truth: null, targets, rounds: 1, peers: ['onnxruntime'] }));
    const throughput = one.rows.filter(({ mode }) => mode === 'throughput');
    expect(throughput.map(({ tau }) => tau)).toEqual([0.9, null, null, null]);
    expect(throughput[0].microF1).toBeLessThan(1);
    expect(throughput[1]).toMatchObject({ microF1: 1, accuracy: null });
    expect(throughput[3]).not.toHaveProperty('microF1');
    expect(throughput[3].accuracy).toBeNull();
    expect(notes).toContain(
      'peers are only on the clock: their answers to a multi_label_classification are not judged',
    );
    expect(benchText(one)).toMatch(/p99 ms +micro F1 +GFLOPs\n.* 1\.000 /s);

    const number = await randomModel(root, 'number', {
      ...{ seed: 7, kind: 'pooled', prunes: false, tau: 0.1, labels: ['score'] },
      ...{ problemType: 'regression', valueSpread: 1 },
    });
    const scorer = await Pyramid.load(number.dir, { workers: 1 });
    const values = (await scorer.classify(texts, { tau: null })).map(({ score }) => [score]);
    await scorer.close();
    const other = await bench(options({ model: number.dir, truth: null, targets: values, rounds: 1 }));
    expect(other.rows[1].r2).toBeCloseTo(1, 4);
    expect(benchText(other)).toMatch(/p99 ms +R² +GFLOPs/);
  });

  test('of a dense model is of that model alone', async () => {
    const { dir } = await randomModel(root, 'bert', { seed: 9, kind: 'none', prunes: false });
    const { rows, speedups } = await bench(options({ model: dir, rounds: 1 }));
    expect(rows.map(({ system }) => system)).toEqual(['magic-pyramid dense', 'magic-pyramid dense']);
    expect(speedups).toEqual([]);
  });
});

describe('a peer', { timeout: 180_000 }, () => {
  test('that is named and not there is an error that says what to install', async () => {
    await expect(bench(options({ peers: ['pytorch'] }))).rejects.toMatchObject({
      code: 'MP_BENCH_PEER',
      message: expect.stringContaining('there is no no-such-python; name a Python interpreter'),
    });
    const bare = program('bare-python', "{ missing: 'torch' }");
    await expect(bench(options({ peers: ['pytorch'], python: bare }))).rejects.toMatchObject({
      code: 'MP_BENCH_PEER',
      message: expect.stringContaining('-m pip install torch transformers'),
    });
  });

  test('that is not installed and not requested is reported as left out', async () => {
    notes = [];
    const { rows } = await bench(options({ peers: 'all', rounds: 1 }));
    expect(rows.map(({ system }) => system)).toContain('onnxruntime');
    expect(notes).toContainEqual(expect.stringMatching(/^pytorch is left out: there is no no-such-python/));
  });

  test('that is a process of its own takes its turns in each round', async () => {
    const answer = `request.do === 'pass' ? { seconds: 0.5, labels: given.map(() => 1) }
      : request.do === 'single' ? { ms: 20 + (request.index % 2) }
      : ((globalThis.given = request.texts), { versions: { torch: '9.9' } })`;
    const { rows, versions } = await bench(options({ peers: ['pytorch'], python: program('python', answer) }));
    expect(versions.torch).toBe('9.9');
    const [throughput, latency] = rows.filter(({ system }) => system === 'pytorch');
    expect(throughput).toMatchObject({
      textsPerSecond: 48,
      accuracy: truth.filter((label) => label === 1).length / 24,
    });
    expect(latency).toMatchObject({ p50Ms: 20, p99Ms: 21 });
  });

  test('that ends is an error with its last words', async () => {
    const child = new JsonChild(process.execPath, [
      '-e',
      'console.error("first"); console.error("out of memory"); process.exit(3)',
    ]);
    await expect(child.ask({})).rejects.toThrow('it ended with 3: out of memory');
    await child.close();
    const odd = new JsonChild(process.execPath, ['-e', 'console.log("hello")']);
    await expect(odd.ask({})).rejects.toThrow('it answered "hello"');
    await odd.close();
  });
});
