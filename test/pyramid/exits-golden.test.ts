import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/encoder/index.ts';
import { exitLayer, toNumber, uncertaintiesOf, uncertainty } from '../../src/pyramid/exits/exit-rule.ts';
import { paperFlops } from '../../src/pyramid/flops.ts';
import { argmax } from '../../src/pyramid/logits.ts';

const file = '../shared/golden/tiny_expected.safetensors';
const metaFile = '../shared/golden/tiny_meta.json';

describe.skipIf(!existsSync(file))(`against PyTorch's values (needs ${file})`, async () => {
  if (!existsSync(file)) return;
  const golden = await readSafetensors(file, { integers: true });
  const { default: meta } = await import(new URL(`../../${metaFile}`, import.meta.url).href, {
    with: { type: 'json' },
  });
  const get = (name: string) => {
    const tensor = golden.get(name);
    if (!tensor) throw new Error(`${file} has no ${name}`);
    return tensor;
  };
  const rows = (name: string): number[][] => {
    const { shape, data } = get(name);
    const width = shape[1];
    return Array.from({ length: shape[0] }, (_, i) => [...data.slice(i * width, (i + 1) * width)]);
  };
  const layers = meta.L as number;
  const kinds = [...new Set([...golden.keys()].flatMap((key) => /^heads\.(\w+)\.exit$/.exec(key)?.[1] ?? []))];

  it('holds all four kinds of heads', () => {
    expect(kinds.toSorted()).toEqual(['cls', 'fastbert', 'pooled_pair', 'pooled_single']);
  });

  it.each(kinds)('the uncertainty, the exit and the answer of %s heads are the same', (kind) => {
    const byLayer = Array.from({ length: layers }, (_, l) =>
      rows(l === layers - 1 ? 'hard.logits' : `heads.${kind}.logits.${l + 1}`),
    );
    const uncertainties = rows(`heads.${kind}.uncertainty`);
    const exits = rows(`heads.${kind}.exit`);
    const predictions = rows(`heads.${kind}.prediction`);
    const taus = [...get('taus').data];
    expect(exits).toHaveLength(taus.length);
    uncertainties.forEach((expected, text) => {
      const logits = byLayer.map((layer) => layer[text]);
      expect(expected).toHaveLength(layers);
      for (let l = 0; l < layers; l++)
        expect(Math.abs(toNumber(uncertainty(logits[l])) - expected[l])).toBeLessThan(1e-6);
      taus.forEach((tau, t) => {
        const exit = exitLayer(uncertaintiesOf(logits), tau);
        expect(exit).toBe(exits[t][text]);
        expect(argmax(logits[exit - 1])).toBe(predictions[t][text]);
      });
    });
  });

  it('the FLOPs of every layer, with the tokens that hard pruning leaves, are the same', () => {
    const shape = { layers, hiddenSize: meta.d, heads: meta.h, intermediateSize: meta.ff, labels: meta.C };
    const expected = rows('hard.flops');
    rows('hard.tokens').forEach((tokens, text) => {
      let before = 0;
      for (let exit = 1; exit <= layers; exit++) {
        const upTo = paperFlops(shape, tokens, exit);
        expect(upTo - before).toBe(expected[text][exit - 1]);
        before = upTo;
      }
    });
  });
});
