/** `train` as a library: options that are its own, defaults for the rest, and nobody who listens. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type GivenTrainOptions, resolveTrainOptions, train } from '../../src/train/index.ts';
import { scratchDataset, writeRows } from '../support/scratch-data.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const sizes: GivenTrainOptions = {
  train: writeRows(root, 'rows.csv', scratchDataset({ rows: 48 })),
  method: 'bert',
  vocabularySize: 120,
  hiddenSize: 16,
  heads: 2,
  layers: 2,
  intermediateSize: 32,
  maxLength: 24,
  batchSize: 8,
  epochs: { regular: 1, soft: 1, hard: 1, heads: 1 },
  threads: 1,
};

describe('train', () => {
  test('needs no callback, and fills in what is left out of its options', async () => {
    const { out, metrics } = await train({ ...sizes, out: join(root, 'plain') });
    expect(existsSync(join(out, 'model.safetensors'))).toBe(true);
    expect(Number.isFinite(metrics.accuracy)).toBe(true);
    const again = await train(resolveTrainOptions({ ...sizes, out: join(root, 'resolved') }), undefined);
    expect(again.metrics).toEqual(metrics);
  });

  test('takes some of the epochs, tells epochs from 1, and speaks of options by their names', async () => {
    const epochs: [string, number][] = [];
    const steps = new Set<number>();
    const options = { ...sizes, out: join(root, 'partial'), epochs: { regular: 2 }, method: 'ltp' } as const;
    await train(options, {
      onEvent(event) {
        if (event.kind === 'epoch') epochs.push([event.stage, event.epoch]);
        if (event.kind === 'step' && event.stage === 'regular') steps.add(event.epoch);
      },
    });
    const { soft, hard } = resolveTrainOptions(options).epochs;
    expect(epochs).toEqual(
      Object.entries({ regular: 2, soft, hard }).flatMap(([stage, count]) =>
        Array.from({ length: count }, (_, i) => [stage, i + 1]),
      ),
    );
    expect([...steps]).toEqual([1, 2]);
    const heads = train({ ...sizes, out: join(root, 'heads'), method: 'fastbert', exitHead: 'aligned' });
    await expect(heads).rejects.toThrow(
      'exitHead aligned compares two texts, but the rows have one; give exitHead pooled, or auto',
    );
  });

  test('an AbortSignal stops it with a checkpoint, from which resume goes on; one that is aborted already starts nothing', async () => {
    const out = join(root, 'aborted');
    const reason = new Error('enough');
    const early = train({ ...sizes, out }, { signal: AbortSignal.abort(reason) });
    await expect(early).rejects.toBe(reason);
    expect(existsSync(out)).toBe(false);

    const stop = new AbortController();
    const stopped = train(
      { ...sizes, out },
      { signal: stop.signal, onEvent: ({ kind }) => kind === 'step' && stop.abort() },
    );
    await expect(stopped).rejects.toMatchObject({ code: 'MP_TRAIN_STOPPED' });
    await expect(stopped).rejects.toThrow(/with resume to finish it$/);
    const { metrics } = await train({ ...sizes, out, resume: true });
    expect(metrics).toEqual((await train({ ...sizes, out: join(root, 'whole') })).metrics);
  });

  test.each([
    [{ epoch: 1 }, 'MP_OPTION_UNKNOWN', 'epochs'],
    [{ learningrate: 1e-3 }, 'MP_OPTION_UNKNOWN', 'learningRate'],
    [{ learningRate: 'fast' }, 'MP_OPTION_VALUE', 'learningRate'],
    [{ batchSize: null }, 'MP_OPTION_VALUE', 'batchSize'],
  ])('refuses %j before it writes anything', async (wrong, code, named) => {
    const out = join(root, 'wrong');
    const call = train({ ...sizes, ...(wrong as object), out });
    await expect(call).rejects.toMatchObject({ code });
    await expect(call).rejects.toThrow(named);
    expect(existsSync(out)).toBe(false);
  });
});
