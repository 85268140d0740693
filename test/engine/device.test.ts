import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { Pyramid } from '../../src/engine/index.ts';
import { randomStream } from '../../src/random.ts';
import { packageCopy, runIn } from '../support/package-copy.ts';
import { randomModel, WORDS } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SEED = 11;
const root = temporaryFolder();
let dir: string;
const random = randomStream(SEED, 'device texts');
const texts = Array.from({ length: 80 }, () =>
  Array.from(
    { length: 1 + Math.floor(random.next() * 40) },
    () => WORDS[Math.floor(random.next() * WORDS.length)],
  ).join(' '),
);

beforeAll(async () => {
  ({ dir } = await randomModel(root, 'model', { seed: SEED, kind: 'pooled', prunes: true, tau: 0.7 }));
});

describe(`WebAssembly in worker threads, asked for by name (seed ${SEED})`, () => {
  test.each(['fp32', 'int8'] as const)('gives the labels and exits of the native library, with %s', async (dtype) => {
    const native = await Pyramid.load(dir, { device: 'cpu', workers: 1, dtype });
    const wasm = await Pyramid.load(dir, { device: 'wasm', workers: 2, dtype });
    try {
      expect([native.device, wasm.device]).toEqual(['cpu', 'wasm']);
      const settings = { tau: 0.7 } as const;
      const expected = await native.classify(texts, settings);
      const answers = await wasm.classify(texts, settings);
      expect(new Set(expected.map(({ exit }) => exit)).size).toBeGreaterThan(1);
      // int8 weights have a bit less on processors without whole products of bytes: other numbers, and now and then a label
      const sameBits = native.weightBits === wasm.weightBits;
      const same = answers.filter(({ label, exit }, i) => label === expected[i].label && exit === expected[i].exit);
      expect(same.length).toBeGreaterThanOrEqual(sameBits ? texts.length : 0.95 * texts.length);
      if (sameBits) for (const [i, { score }] of answers.entries()) expect(score).toBeCloseTo(expected[i].score, 4);
    } finally {
      await Promise.all([native.close(), wasm.close()]);
    }
  });

  test('computes with as many threads as are asked for', async () => {
    const one = await Pyramid.load(dir, { device: 'wasm', workers: 1 });
    const two = await Pyramid.load(dir, { device: 'wasm', workers: 1, threads: 2 });
    try {
      const labels = (answers: readonly { label: string | null }[]) => answers.map(({ label }) => label);
      expect(labels(await two.classify(texts))).toEqual(labels(await one.classify(texts)));
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
  });
});

/** Loads the model, `times` over, and says what it computes on. */
const PROGRAM = (model: string, options = '{ workers: 1 }', times = 1) => `
  import { Pyramid } from 'magic-pyramid';
  try {
    for (let i = 0; i < ${times}; i++) {
      const model = await Pyramid.load('${model}', ${options});
      console.log(model.device, (await model.classify('w1 w2', { tau: null })).exit);
      await model.close();
    }
  } catch (error) {
    console.log(error.code, error.message);
  }`;
const warnings = (stderr: string) => stderr.split('\n').filter((line) => line.includes('PyramidWarning'));

describe('where the native library is not installed', () => {
  const folder = join(root, 'absent');
  beforeAll(() => void packageCopy(folder, { without: ['onnxruntime-node'] }));

  test('WebAssembly computes, and that is said once', () => {
    const { status, stdout, stderr } = runIn(folder, PROGRAM(dir, '{ workers: 2 }', 2));
    expect(stdout).toBe('wasm 4\nwasm 4\n');
    expect(warnings(stderr)).toEqual([
      expect.stringContaining(
        'onnxruntime-node is not installed: WebAssembly computes instead, which is slower; see docs/install.md',
      ),
    ]);
    expect(status).toBe(0);
  });

  test('nothing is said where it was asked for', () => {
    const { stdout, stderr } = runIn(folder, PROGRAM(dir), { MAGIC_PYRAMID_DEVICE: 'wasm' });
    expect({ stdout, stderr }).toEqual({ stdout: 'wasm 4\n', stderr: '' });
  });

  test('the native library is refused by name, and the sentence says how to install it', () => {
    const { stdout } = runIn(folder, PROGRAM(dir), { MAGIC_PYRAMID_DEVICE: 'cpu' });
    expect(stdout).toMatch(
      /^MP_RUNTIME .*onnxruntime-node is not installed; run npm install --ignore-scripts onnxruntime-node@1\./,
    );
    expect(runIn(folder, PROGRAM(dir, "{ device: 'cpu' }")).stdout).toMatch(/^MP_RUNTIME /);
  });

  test('a device that there is not is refused, naming the variable', () => {
    const { stdout } = runIn(folder, PROGRAM(dir), { MAGIC_PYRAMID_DEVICE: 'gpu' });
    expect(stdout).toContain('MP_OPTION_VALUE MAGIC_PYRAMID_DEVICE is "gpu": give cpu or wasm');
  });
});

test('a native library that does not load says why, and WebAssembly computes', () => {
  const program = "throw new Error('Error loading shared library ld-linux-x86-64.so.2: No such file')";
  const folder = packageCopy(join(root, 'broken'), { broken: { 'onnxruntime-node': program } });
  const { stdout, stderr } = runIn(folder, PROGRAM(dir));
  expect(stdout).toBe('wasm 4\n');
  expect(warnings(stderr)).toEqual([
    expect.stringMatching(
      /onnxruntime-node does not load on \w+ \w+ \(Error loading shared library ld-linux[^)]*\): WebAssembly computes/,
    ),
  ]);
});
