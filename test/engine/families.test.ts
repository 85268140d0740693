/**
 * Each family in the engine against transformers' own values (scripts/make-family-golden.py), with float32 and int8, with and
 * without pruning, and as the padded network that is exported: the rows that the engine carries from layer to layer know
 * where their tokens stood.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { paddedNetwork } from '../../src/bench/dense-model.ts';
import { type FamilyName, readConfig, readWeights, writeSafetensors } from '../../src/encoder/index.ts';
import { headSettings } from '../../src/pyramid/exits/exits.ts';
import type { PyramidModel } from '../../src/pyramid/folder/model-folder.ts';
import { floats, integers } from '../../src/runtime/runtime.ts';
import { compile } from '../support/cpu.ts';
import { distance } from '../support/golden.ts';
import { InThreadEngine } from '../support/in-thread-engine.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { goldens, tinyTensors } from '../support/tiny-family.ts';

const networks = JSON.parse(readFileSync('test/golden/families-network-golden.json', 'utf8'));
/** float32 against float64 over two layers. */
const TOLERANCE = 1e-5;
const root = temporaryFolder();

describe.each(Object.keys(goldens) as FamilyName[])('the engine with a %s', (family) => {
  const { texts, logits } = goldens[family];
  const encodings = texts.map(({ ids, types }) => ({
    ids: Int32Array.from(ids),
    types: Uint8Array.from(types),
    truncated: false,
  }));

  async function model(thresholds: readonly number[] | null): Promise<PyramidModel> {
    const dir = join(root, `${family}-${thresholds !== null}`);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'config.json'), JSON.stringify(goldens[family].config));
    await writeSafetensors(join(dir, 'model.safetensors'), tinyTensors(goldens[family]));
    const config = await readConfig(dir);
    const { parameters } = await readWeights(dir, config);
    const info = {
      format: 1,
      method: thresholds ? 'ltp' : 'bert',
      exitHead: 'none',
      exitTraining: 'frozen',
      pairs: false,
      headWidth: 128,
      prunes: thresholds !== null,
      temperature: 0,
      lambda: 0,
      maxLength: config.maxPositions,
      tau: null,
    } as const;
    return {
      config,
      info,
      parameters,
      heads: new Map(),
      headSettings: headSettings('none', false),
      thresholds: thresholds && Float32Array.from(thresholds),
      floor: null,
    };
  }

  async function trace(of: PyramidModel, dtype: 'fp32' | 'int8' = 'fp32') {
    const engine = await InThreadEngine.create(of, dtype);
    await engine.run([encodings.map((encoding) => ({ encoding, rule: { tau: null, trace: true } }))]);
    await engine.close();
    expect(engine.errors).toEqual([]);
    return texts.map((_, id) => engine.outcomes.get(id)!);
  }

  test('answers as transformers does, dense and with removed tokens', async () => {
    const dense = await trace(await model(null));
    expect(
      distance(
        dense.flatMap((outcome) => outcome.logits.at(-1)!),
        logits.flat(),
      ),
    ).toBeLessThan(TOLERANCE);
    const { thresholds, hard } = networks[family];
    const pruned = await trace(await model(thresholds));
    expect(pruned.map(({ tokens }) => tokens)).toEqual(hard.lengths);
    expect(
      distance(
        pruned.flatMap((outcome) => outcome.logits.at(-1)!),
        hard.logits.flat(),
      ),
    ).toBeLessThan(TOLERANCE);
  });

  test('with int8 weights gives nearly the same logits, and not quite', async () => {
    const found = (await trace(await model(null), 'int8')).flatMap((outcome) => outcome.logits.at(-1)!);
    const off = distance(found, logits.flat());
    const most = Math.max(...logits.flat().map(Math.abs));
    expect(off / most).toBeGreaterThan(1e-5);
    expect(off / most).toBeLessThan(0.1);
  });

  test('is exported with the same logits, texts of unlike lengths beside each other', async () => {
    const { config, parameters } = await model(null);
    const program = await compile(paddedNetwork({ config, parameters }), 'padded');
    const longest = Math.max(...texts.map(({ ids }) => ids.length));
    const padded = (value: (text: (typeof texts)[number], at: number) => number) =>
      integers(
        texts.flatMap((text) => Array.from({ length: longest }, (_, at) => value(text, at))),
        texts.length,
        longest,
      );
    const found = await program.run({
      input_ids: padded(({ ids }, at) => ids[at] ?? 0),
      attention_mask: padded(({ ids }, at) => Number(at < ids.length)),
      ...(config.tokenTypes &&
        config.typeVocabularySize > 1 && { token_type_ids: padded(({ types }, at) => types[at] ?? 0) }),
    });
    await program.close();
    expect(distance(floats(found.logits), logits.flat())).toBeLessThan(TOLERANCE);
  });
});
