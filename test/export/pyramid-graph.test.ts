/** One ONNX file, run by onnxruntime alone, against the engine: the same labels, logits and exits. */
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Detail, Pyramid } from '../../src/engine/index.ts';
import { onnxFile } from '../../src/export/onnx-file.ts';
import { readModelFolder } from '../../src/pyramid/folder/disk-model.ts';
import { randomStream } from '../../src/random.ts';
import { loadTokenizer } from '../../src/text/tokenizer/load-tokenizer.ts';
import type { Tokenizer } from '../../src/text/tokenizer/tokenizer.ts';
import { DEBERTA, randomLinearModel, randomModel, randomTexts, UNTYPED } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const TEXTS = 24;
/** Of logits: sums of float32 in another order. */
const LOGITS = 1e-4;

interface Input {
  readonly text: string;
  readonly pair?: string;
}
interface Answered {
  readonly logits: number[];
  readonly scores: number[] | null;
  readonly exit: number;
}

/** Runs texts as other programs give them: padded to the longest, at the side they like. */
async function runFile(
  session: ort.InferenceSession,
  tokenizer: Tokenizer,
  inputs: readonly Input[],
  tau: number,
  { left = false, maxLength = 2048 } = {},
): Promise<Answered[]> {
  const encodings = inputs.map(({ text, pair }) => tokenizer.encode(text, pair, maxLength));
  const width = Math.max(...encodings.map(({ ids }) => ids.length));
  const padded = (value: (text: number, place: number) => number, pad: number) =>
    new ort.Tensor(
      'int64',
      BigInt64Array.from({ length: inputs.length * width }, (_, flat) => {
        const text = Math.floor(flat / width);
        const { length } = encodings[text].ids;
        const place = (flat % width) - (left ? width - length : 0);
        return BigInt(place >= 0 && place < length ? value(text, place) : pad);
      }),
      [inputs.length, width],
    );
  const all: Record<string, ort.Tensor> = {
    input_ids: padded((text, place) => encodings[text].ids[place], 1),
    attention_mask: padded(() => 1, 0),
    token_type_ids: padded((text, place) => encodings[text].types[place], 0),
    tau: new ort.Tensor('float32', [tau], []),
  };
  const given = Object.fromEntries(session.inputNames.map((name) => [name, all[name]]));
  const { logits, scores, exit } = await session.run(given);
  const rows = (tensor: ort.Tensor) => {
    const labels = tensor.dims[1];
    return inputs.map((_, i) => Array.from((tensor.data as Float32Array).subarray(i * labels, (i + 1) * labels)));
  };
  const scoresOf = scores ? rows(scores) : null;
  return rows(logits).map((row, i) => ({
    logits: row,
    scores: scoresOf?.[i] ?? null,
    exit: Number((exit.data as BigInt64Array)[i]),
  }));
}

const labelOf = (logits: readonly number[]): number => logits.indexOf(Math.max(...logits));

function expectSame(found: readonly Answered[], expected: readonly Detail[]): void {
  expect(found.map(({ exit }) => exit)).toEqual(expected.map(({ exit }) => exit));
  found.forEach(({ logits, scores }, i) => {
    const { logits: own, scores: ownScores } = expected[i];
    own.forEach((value, c) => {
      expect(Math.abs(logits[c] - value)).toBeLessThanOrEqual(LOGITS * Math.max(1, Math.abs(value)));
      if (scores) expect(Math.abs(scores[c] - ownScores[c])).toBeLessThanOrEqual(LOGITS);
    });
    expect(labelOf(logits)).toBe(labelOf(own));
  });
}

/** ModernBERT's layers that see what is near, so near that texts have what is not. */
const LOCAL = { pad_token_id: 0, local_attention: 8 };
/** Texts are cut at their beginning, for floor 0. */
const LEFT = {
  ...UNTYPED,
  'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast', truncation_side: 'left' }),
};

const cases = [
  { kind: 'cls', prunes: true, seed: 1 },
  { kind: 'pooled', prunes: true, seed: 2 },
  { kind: 'pooled', prunes: true, pairs: true, seed: 3 },
  { kind: 'pooled', prunes: false, seed: 4 },
  { kind: 'fastbert', prunes: true, seed: 5 },
  { kind: 'none', prunes: true, seed: 6 },
  { kind: 'aligned', prunes: true, pairs: true, seed: 7 },
  { kind: 'pooled', prunes: true, seed: 8, exitTemperatures: [0.7, 1.6, 0.9, 2] },
  { family: 'mpnet', kind: 'cls', prunes: true, seed: 9 },
  { family: 'mpnet', kind: 'aligned', prunes: true, pairs: true, seed: 10 },
  { family: 'electra', kind: 'pooled', prunes: true, pairs: true, seed: 11, more: { embedding_size: 20 } },
  { family: 'roberta', kind: 'pooled', prunes: true, pairs: true, seed: 12, more: { type_vocab_size: 1 } },
  { family: 'distilbert', kind: 'pooled', prunes: true, pairs: true, seed: 13 },
  { kind: 'aligned', prunes: true, pairs: true, seed: 14, tokenizer: UNTYPED },
  { kind: 'pooled', prunes: true, floor: true, seed: 15 },
  { kind: 'pooled', prunes: true, floor: true, labels: ['no', 'yes'], seed: 16 },
  { kind: 'aligned', prunes: true, pairs: true, floor: true, figures: 0.1, seed: 17 },
  { kind: 'none', prunes: false, floor: true, seed: 18 },
  {
    kind: 'pooled',
    prunes: true,
    floor: true,
    problemType: 'multi_label_classification',
    labelThresholds: [0.4, 0.5, 0.6],
    seed: 19,
  },
  {
    kind: 'pooled',
    prunes: true,
    problemType: 'multi_label_classification',
    labelThresholds: [0.05, 0.5, 0.9],
    exitTemperatures: [0.7, 1.6, 0.9, 2],
    seed: 24,
  },
  { family: 'modernbert', kind: 'pooled', prunes: true, more: LOCAL, seed: 25 },
  { family: 'modernbert', kind: 'fastbert', prunes: true, more: { ...LOCAL, classifier_pooling: 'mean' }, seed: 26 },
  { family: 'deberta-v2', kind: 'pooled', prunes: true, more: DEBERTA, seed: 27 },
  { family: 'deberta-v2', kind: 'aligned', prunes: true, pairs: true, more: DEBERTA, seed: 28 },
  // both read less than the texts have: the network and floor 0 their ends, of other lengths
  { kind: 'pooled', prunes: true, floor: true, tokenizer: LEFT, maxLength: 12, floorTokens: 8, seed: 22 },
  {
    kind: 'aligned',
    prunes: true,
    pairs: true,
    floor: true,
    figures: 0.1,
    tokenizer: LEFT,
    maxLength: 14,
    floorTokens: 6,
    seed: 23,
  },
  { kind: 'cls', prunes: true, labels: ['value'], problemType: 'regression', valueSpread: 1.5, seed: 20 },
] as const;

describe.each(cases.map((one) => ({ family: 'bert' as const, pairs: false, floor: false, ...one })))(
  'one file of $family, $kind heads, pruning $prunes, pairs $pairs, floor 0 $floor (seed $seed)',
  (options) => {
    let pyramid: Pyramid;
    let tokenizer: Tokenizer;
    let session: ort.InferenceSession;
    let inputs: Input[];
    const mayExit = options.kind !== 'none' || options.floor;

    beforeAll(async () => {
      const { dir } = await randomModel(root, `model-${options.seed}`, options);
      tokenizer = await loadTokenizer(dir);
      const file = onnxFile(await readModelFolder(dir), tokenizer, { dtype: 'fp32', tau: 'input' });
      session = await ort.InferenceSession.create(file.bytes, { logSeverityLevel: 3 });
      pyramid = await Pyramid.load(dir, { workers: 1 });
      // beyond 48 tokens a text is cut; the last have words that the tokeniser does not know, or none
      const texts = [...randomTexts(options.seed, TEXTS), 'zzz w1', 'zzz', ''];
      const pairs = [...randomTexts(options.seed + 100, TEXTS - 1, 60), '', 'w1', 'zzz', 'w4 w5'];
      inputs = texts.map((text, i) => (options.pairs ? { text, pair: pairs[i] } : { text }));
    });
    afterAll(async () => {
      await pyramid?.close();
      await session?.release();
    });

    it('answers as the engine does at every tau, in one batch', async () => {
      const exits = new Set<number>();
      for (const tau of mayExit ? [-1, 0.3, 0.7, 0.9, 0.97] : [-1]) {
        const expected = await pyramid.detail(inputs, { tau: tau < 0 ? null : tau });
        for (const { exit } of expected) exits.add(exit);
        expectSame(await runFile(session, tokenizer, inputs, tau), expected);
      }
      // or the test has not met what it is about
      const everyExit = options.kind === 'none' ? (options.floor ? 2 : 1) : 3;
      expect(exits.size).toBeGreaterThanOrEqual(everyExit);
    });

    it('answers a text the same alone, in a batch of any size, and padded at the left', async () => {
      const tau = 0.9;
      const expected = await pyramid.detail(inputs, { tau: mayExit ? tau : null });
      const random = randomStream(options.seed, 'batches');
      for (let at = 0; at < inputs.length; ) {
        const size = 1 + random.integer(7);
        const some = inputs.slice(at, at + size);
        const left = random.next() < 0.5;
        expectSame(await runFile(session, tokenizer, some, tau, { left }), expected.slice(at, at + size));
        at += size;
      }
    });
  },
);

describe('one file of floor 0 alone', () => {
  it.each([false, true])('answers as the engine does, without an input tau (pairs %s)', async (pairs) => {
    const { dir } = await randomLinearModel(root, `linear-${pairs}`, { seed: 21, pairs, figures: 0.1 });
    const tokenizer = await loadTokenizer(dir);
    const file = onnxFile(await readModelFolder(dir), tokenizer, { dtype: 'fp32', tau: 'input' });
    const session = await ort.InferenceSession.create(file.bytes);
    expect(session.inputNames).not.toContain('tau');
    const pyramid = await Pyramid.load(dir, { workers: 1 });
    const inputs = [...randomTexts(21, TEXTS), 'zzz', ''].map((text, i) => ({
      text,
      ...(pairs && { pair: `w${i} w7 w8` }),
    }));
    expectSame(await runFile(session, tokenizer, inputs, 0), await pyramid.detail(inputs, { tau: null }));
    await pyramid.close();
    await session.release();
  });
});
