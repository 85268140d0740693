/** The dial of a page: answers at any tau from one explanation, floor 0 included. Held against the judge of traces. */
import { describe, expect, test } from 'vitest';
import type { ExplainedFloor, Explanation } from '../../src/engine/explain.ts';
import { actualOf, exitOf, outcomes } from '../../src/evaluate/outcomes.ts';
import type { Trace } from '../../src/evaluate/trace.ts';
import { toNumber, uncertainty } from '../../src/pyramid/exits/exit-rule.ts';
import { exitLogits, temperatureAt, tempered } from '../../src/pyramid/exits/sum.ts';
import { softmax } from '../../src/pyramid/logits.ts';
import { answerAt } from '../../src/web/answer-at.ts';
import type { EngineInfo } from '../../src/web/page-engine.ts';
import { randomTrace, smallShape } from '../support/random-trace.ts';

const SUM = { weight: 0.7, prior: [0.1, -0.1, 0.2, 0], scale: 1.3 };
const TAUS = [null, 0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1];

const infoOf = ({ shape, labels, headKind, floor }: Trace): EngineInfo => ({
  name: 'm',
  labels,
  shape,
  tau: null,
  tauFrom: null,
  certificate: null,
  certificateVoid: null,
  abstention: null,
  abstentionVoid: null,
  calibration: null,
  method: 'mp',
  problemType: 'single_label_classification',
  pairs: false,
  headKind,
  hasFloor: floor !== undefined,
  headWidth: 128,
  asked: null,
  prunes: true,
  maxLength: 128,
  dtype: 'fp32',
  device: 'wasm',
  threads: 1,
});

/** As the engine explains a text of a trace. */
function explanations({ entries, labels, floor: sum, temperatures }: Trace): Explanation[] {
  const scoresOf = (row: readonly number[]) => Object.fromEntries(softmax(row).map((p, c) => [labels[c], p]));
  return entries.map(({ tokens, logits, floor = null }) => {
    const exits = exitLogits(logits, floor, sum ?? null);
    const nothing = labels.map(() => 0);
    const explained: ExplainedFloor | null = exits.floor && {
      scores: scoresOf(exits.floor),
      uncertainty: toNumber(uncertainty(exits.floor)),
      contributions: Array.from({ length: tokens[0] }, () => nothing),
      beyond: nothing,
      bias: nothing,
      figures: [],
    };
    const layers = exits.layers.map((row, l) => ({
      importance: [],
      kept: Array.from({ length: tokens[0] }, (_, i) => i < tokens[l + 1]),
      scores: row.length > 0 ? scoresOf(tempered(row, temperatureAt(temperatures, l + 1))) : null,
      uncertainty: row.length > 0 ? toNumber(uncertainty(row)) : null,
    }));
    const pieces = Array.from({ length: tokens[0] }, (_, i) => `w${i}`);
    const types = pieces.map(() => 0);
    const own = exits.layers.at(-1) ?? exits.floor!;
    const best = own.indexOf(Math.max(...own));
    const answer = {
      label: labels[best],
      score: softmax(tempered(own, temperatureAt(temperatures, logits.length)))[best],
      unsure: false,
      exit: logits.length,
      tau: null,
    };
    return { ...answer, truncated: false, pieces, types, layers, floor: explained };
  });
}

describe.each([
  { name: 'with a floor 0', floor: SUM },
  { name: 'without one', floor: undefined },
  { name: 'with a floor 0 and a temperature for each exit', floor: SUM, temperatures: [0.5, 0.7, 2, 1, 1.4, 0.8] },
])('an explained text $name', ({ floor, temperatures }) => {
  const trace: Trace = { ...randomTrace({ seed: 5, floor }), ...(temperatures && { temperatures }) };
  const info = infoOf(trace);
  const explained = explanations(trace);
  const all = outcomes(trace);

  test.each(TAUS)('has at tau %s the answer, the exit and the operations that a judged trace has', (tau) => {
    const found = explained.map((one) => answerAt(one, info, tau));
    expect(found.map(({ exit }) => exit)).toEqual(all.map((one) => exitOf(one, tau)));
    expect(found.map(({ label }) => info.labels.indexOf(label))).toEqual(
      all.map((one) => one.predicted[exitOf(one, tau)]),
    );
    expect(found.every(({ unsure }) => !unsure)).toBe(true);
    expect(found.map(({ flops }) => flops)).toEqual(all.map((one) => actualOf(one, exitOf(one, tau), tau)));
  });

  test('is unsure at any tau just where the score is below that of the abstention', () => {
    const abstaining = { ...info, abstention: { minScore: 0.8 } as EngineInfo['abstention'] };
    for (const tau of [null, 0.2, 1]) {
      const found = explained.map((one) => answerAt(one, abstaining, tau));
      expect(found.map(({ unsure }) => unsure)).toEqual(found.map(({ score }) => score < 0.8));
      expect(new Set(found.map(({ unsure }) => unsure)).size).toBe(2);
    }
  });

  test('answers by floor 0 where it is sure enough, before anything of the network, and not without a feature', () => {
    const found = explained.map((one) => answerAt(one, info, 0.5));
    const atFloor = found.filter(({ exit }) => exit === 0);
    expect(atFloor.length > 0).toBe(floor !== undefined);
    for (const { tokens, flops, denseFlops } of atFloor) {
      expect(tokens).toHaveLength(1);
      expect(flops).toBeLessThan(denseFlops / 1e4);
    }
    trace.entries.forEach((entry, i) => {
      if (floor && entry.floor === null) expect(answerAt(explained[i], info, 1).exit).toBe(1);
    });
  });
});

test('without a network the answer is the same at any tau, and nothing is compared with a dense model', () => {
  const shape = { ...smallShape, layers: 0, hiddenSize: 0, heads: 0, intermediateSize: 0 };
  const trace = randomTrace({ seed: 6, texts: 1, shape, headKind: 'none', floor: SUM });
  const info = infoOf(trace);
  const [one] = explanations(trace);
  for (const tau of [null, 0, 1])
    expect(answerAt(one, info, tau)).toMatchObject({
      label: one.label,
      score: one.score,
      exit: 0,
      tokens: [one.pieces.length],
      flops: 2 * (2 * one.pieces.length - 1) * 4,
      denseFlops: 0,
    });
  const unknown = { ...one, floor: null };
  expect(answerAt(unknown, info, 0.5)).toMatchObject({ label: one.label, exit: 0 });
});
