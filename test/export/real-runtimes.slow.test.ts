/** What is exported, in the programs that it is for: Python's onnxruntime, onnxruntime-web, and the real transformers.js. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Detail, Pyramid } from '../../src/engine/index.ts';
import { exportOnnx } from '../../src/export/export-model.ts';
import { exportTransformersJs } from '../../src/export/transformers-js.ts';
import { loadTokenizer } from '../../src/text/tokenizer/load-tokenizer.ts';
import { hasClients, needsClients, runClient } from '../support/python-clients.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const TAU = 0.7;
const library = createRequire(join(process.cwd(), 'bench/engine/package.json'));
const hasLibrary = existsSync('bench/engine/node_modules/@huggingface/transformers');
const needsLibrary = hasLibrary ? '' : ' (skipped: npm ci --prefix bench/engine installs it)';

interface TransformersJs {
  readonly env: { localModelPath: string; allowRemoteModels: boolean };
  pipeline(task: 'text-classification', model: string, options: object): Promise<Classify>;
}
interface Classify {
  (texts: readonly string[], options: { top_k: number }): Promise<{ label: string; score: number }[][]>;
  dispose(): Promise<void>;
}

describe('one model, exported', () => {
  let dir: string;
  let file: string;
  let texts: string[];
  let expected: Detail[];
  let feeds: Record<'input_ids' | 'attention_mask' | 'token_type_ids', number[][]>;

  beforeAll(async () => {
    ({ dir } = await randomModel(root, 'model', { seed: 15, kind: 'pooled', prunes: true, floor: true, tau: TAU }));
    file = join(root, 'model.onnx');
    await exportOnnx({ model: dir, out: file });
    texts = randomTexts(15, 40);
    const pyramid = await Pyramid.load(dir, { workers: 1 });
    expected = await pyramid.detail(texts, { tau: TAU });
    await pyramid.close();
    expect(new Set(expected.map(({ exit }) => exit)).size).toBeGreaterThanOrEqual(2);
    const tokenizer = await loadTokenizer(dir);
    const ids = texts.map((text) => Array.from(tokenizer.encode(text, undefined, 512).ids));
    const width = Math.max(...ids.map(({ length }) => length));
    const rows = (value: (row: number[], place: number) => number) =>
      ids.map((row) => Array.from({ length: width }, (_, place) => value(row, place)));
    feeds = {
      input_ids: rows((row, place) => row[place] ?? 0),
      attention_mask: rows((row, place) => Number(place < row.length)),
      token_type_ids: rows(() => 0),
    };
  });

  const expectSame = (logits: readonly (readonly number[])[], exits: readonly number[]) => {
    expect(exits).toEqual(expected.map(({ exit }) => exit));
    logits.forEach((row, i) => {
      row.forEach((z, c) => {
        expect(Math.abs(z - expected[i].logits[c])).toBeLessThanOrEqual(1e-4 * Math.max(1, Math.abs(z)));
      });
    });
  };

  it.skipIf(!hasClients)(`is valid, and answers the same in Python${needsClients}`, async () => {
    const input = JSON.stringify({ path: file, feeds: { ...feeds, tau: TAU } });
    const { code, output } = await runClient('python', ['test/export/check_file.py'], input);
    expect(code, output).toBe(0);
    const found = JSON.parse(output.trimEnd().split('\n').at(-1)!);
    expect(found.domains).toEqual(['']);
    expect(found.about['magic_pyramid.labels']).toBe('["a","b","c"]');
    expectSame(found.logits, found.exit);
  });

  it('answers the same in onnxruntime-web', async () => {
    const web = await import('onnxruntime-web');
    web.env.wasm.numThreads = 1;
    const session = await web.InferenceSession.create(new Uint8Array(await readFile(file)), {
      executionProviders: ['wasm'],
    });
    const tensor = (rows: readonly (readonly number[])[]) =>
      new web.Tensor('int64', BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0].length]);
    const { logits, exit } = await session.run({
      ...Object.fromEntries(Object.entries(feeds).map(([name, rows]) => [name, tensor(rows)])),
      tau: new web.Tensor('float32', [TAU], []),
    });
    const values = Array.from(logits.data as Float32Array);
    expectSame(
      texts.map((_, i) => values.slice(3 * i, 3 * i + 3)),
      Array.from(exit.data as BigInt64Array, Number),
    );
    await session.release();
  });

  it.skipIf(!hasLibrary)(`as a folder answers the same in transformers.js’s pipeline${needsLibrary}`, async () => {
    const out = join(root, 'folder');
    await exportTransformersJs({ model: dir, out, tau: TAU });
    const { env, pipeline } = (await import(
      pathToFileURL(library.resolve('@huggingface/transformers')).href
    )) as TransformersJs;
    env.localModelPath = root;
    env.allowRemoteModels = false;
    const classify = await pipeline('text-classification', 'folder', { dtype: 'fp32', device: 'cpu' });
    for (const some of [texts, texts.slice(0, 1)]) {
      const found = await classify(some, { top_k: 3 });
      expect(found).toHaveLength(some.length);
      found.forEach((labels, i) => {
        expect(labels).toHaveLength(3);
        for (const { label, score } of labels)
          expect(Math.abs(score - expected[i].scores['abc'.indexOf(label)])).toBeLessThanOrEqual(1e-4);
      });
    }
    await classify.dispose();
    const quantized = await pipeline('text-classification', 'folder', { dtype: 'q8', device: 'cpu' });
    expect(await quantized(texts.slice(0, 2), { top_k: 3 })).toHaveLength(2);
    await quantized.dispose();
  });
});
