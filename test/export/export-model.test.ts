import { existsSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { Pyramid } from '../../src/engine/index.ts';
import { exportOnnx } from '../../src/export/export-model.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { messagesOf, readMessage, stringsOf } from '../support/wire.ts';

const root = temporaryFolder();

const metadata = async (path: string): Promise<Record<string, string>> =>
  Object.fromEntries(
    messagesOf(readMessage(await readFile(path)), 14).map((entry) => [stringsOf(entry, 1)[0], stringsOf(entry, 2)[0]]),
  );

describe('a model exported to one ONNX file', () => {
  it('says its labels, its tau and how that came about; in a folder that was not there', async () => {
    const { dir } = await randomModel(root, 'told', { seed: 1, kind: 'pooled', prunes: true, floor: true, tau: 0.25 });
    const out = join(root, 'new', 'folder', 'told.onnx');
    const made = await exportOnnx({ model: dir, out });
    expect(made).toEqual({ out, bytes: (await readFile(out)).length, dtype: 'fp32' });
    expect(await metadata(out)).toEqual({
      'magic_pyramid.format': '1',
      'magic_pyramid.labels': '["a","b","c"]',
      'magic_pyramid.problem_type': 'single_label_classification',
      'magic_pyramid.tau': '0.25',
      'magic_pyramid.tau_from': 'tau 0.25, chosen, not certified',
      'magic_pyramid.tau_is': 'an input',
      'magic_pyramid.dtype': 'fp32',
      'magic_pyramid.max_length': '48',
    });
  });

  it('with tau built in answers as the engine does at that tau, and takes none', async () => {
    const { dir } = await randomModel(root, 'built-in', { seed: 2, kind: 'pooled', prunes: true });
    const texts = randomTexts(2, 12);
    const pyramid = await Pyramid.load(dir, { workers: 1 });
    for (const tau of [0.9, null]) {
      const out = join(root, `tau-${tau}.onnx`);
      expect(await exportOnnx({ model: dir, out, tau })).toMatchObject({ tau });
      expect((await metadata(out))['magic_pyramid.tau_is']).toBe(`built in: ${tau ?? 'off'}`);
      const session = await ort.InferenceSession.create(out);
      expect(session.inputNames).toEqual(['input_ids', 'attention_mask', 'token_type_ids']);
      const { exit } = await session.run(await feeds(dir, texts));
      const expected = await pyramid.detail(texts, { tau });
      expect(Array.from(exit.data as BigInt64Array, Number)).toEqual(expected.map((answer) => answer.exit));
      await session.release();
    }
    await pyramid.close();
  });

  it('in int8 answers nearly as the engine does in int8', async () => {
    const { dir } = await randomModel(root, 'int8', { seed: 3, kind: 'pooled', prunes: true });
    const texts = randomTexts(3, 24);
    const out = join(root, 'int8.onnx');
    expect(await exportOnnx({ model: dir, out, dtype: 'int8', tau: null })).toMatchObject({ dtype: 'int8' });
    const pyramid = await Pyramid.load(dir, { workers: 1, dtype: 'int8' });
    const exact = await Pyramid.load(dir, { workers: 1 });
    const session = await ort.InferenceSession.create(out);
    const { logits } = await session.run(await feeds(dir, texts));
    const [own, full] = [await pyramid.detail(texts, { tau: null }), await exact.detail(texts, { tau: null })];
    const distance = (expected: typeof own) =>
      Math.sqrt(
        expected.reduce(
          (sum, answer, i) =>
            sum +
            answer.logits.reduce((s, z, c) => s + (z - Number(logits.data[i * answer.logits.length + c])) ** 2, 0),
          0,
        ) / expected.reduce((sum, answer) => sum + answer.logits.reduce((s, z) => s + z * z, 0), 0),
      );
    // 7-bit weights here, and 8 there where the processor has them: either is within a few percent of the other
    expect(distance(own)).toBeLessThan(0.1);
    expect(distance(full)).toBeGreaterThan(1e-4); // or whole numbers were not used
    await Promise.all([pyramid.close(), exact.close(), session.release()]);
  });

  it('in int8 is about as large as in fp32 with exit heads, which stay float32, and much smaller without', async () => {
    const more = { vocab_size: 8000, intermediate_size: 512 };
    const { dir } = await randomModel(root, 'large', { seed: 5, kind: 'pooled', prunes: true, hiddenSize: 128, more });
    const ratio = async (tau?: null) => {
      const bytes = async (dtype: 'fp32' | 'int8') =>
        (await exportOnnx({ model: dir, out: join(root, `${tau}-${dtype}.onnx`), dtype, tau })).bytes;
      return (await bytes('int8')) / (await bytes('fp32'));
    };
    // off built in: nothing of the heads is in the file
    expect(await ratio(null)).toBeLessThan(0.75);
    const withHeads = await ratio();
    expect(withHeads).toBeGreaterThan(0.95);
    expect(withHeads).toBeLessThan(1.1);
  });

  it('refuses a place that is no file name, and leaves what is there where it fails', async () => {
    const { dir } = await randomModel(root, 'refused', { seed: 4, kind: 'cls', prunes: false });
    await expect(exportOnnx({ model: dir, out: join(root, 'folder') })).rejects.toMatchObject({ code: 'MP_USAGE' });
    await expect(exportOnnx({ model: dir, out: 'a.onnx', tau: 2 })).rejects.toMatchObject({ code: 'MP_TAU_RANGE' });
    const out = join(root, 'kept.onnx');
    writeFileSync(out, 'earlier');
    const again = exportOnnx({ model: dir, out });
    await expect(again).rejects.toThrow(`${out} is there already; delete it, or give another --out`);
    await expect(again).rejects.toMatchObject({ code: 'MP_OUT_EXISTS' });
    expect(await readFile(out, 'utf8')).toBe('earlier');
    const missing = join(root, 'not-made.onnx');
    await expect(exportOnnx({ model: join(root, 'missing'), out: missing })).rejects.toMatchObject({
      code: 'MP_FILE_MISSING',
    });
    expect(existsSync(missing)).toBe(false);
  });
});

/** What the file is given for texts. */
async function feeds(dir: string, texts: readonly string[]): Promise<Record<string, ort.Tensor>> {
  const { loadTokenizer } = await import('../../src/text/tokenizer/load-tokenizer.ts');
  const tokenizer = await loadTokenizer(dir);
  const encodings = texts.map((text) => tokenizer.encode(text, undefined, 512));
  const width = Math.max(...encodings.map(({ ids }) => ids.length));
  const tensor = (value: (text: number, place: number) => number) =>
    new ort.Tensor(
      'int64',
      BigInt64Array.from({ length: texts.length * width }, (_, flat) =>
        BigInt(value(Math.floor(flat / width), flat % width)),
      ),
      [texts.length, width],
    );
  return {
    input_ids: tensor((text, place) => encodings[text].ids[place] ?? 0),
    attention_mask: tensor((text, place) => Number(place < encodings[text].ids.length)),
    token_type_ids: tensor(() => 0),
  };
}
