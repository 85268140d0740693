/**
 * The score from which on a text has a label, for each label by itself: where F1 is highest on the validation rows, run to the end, if
 * that is beyond noise, else 0.5. Knows nothing of how scores were made.
 */
import type { Trace } from '../../evaluate/index.ts';
import { microF1Quality, type Quality } from '../../evaluate/quality.ts';
import { USUAL_THRESHOLD } from '../../pyramid/exits/answer-rule.ts';
import { exitLogits, temperatureAt, tempered } from '../../pyramid/exits/sum.ts';
import { problems } from '../../pyramid/problem.ts';
import { type RandomStream, randomStream } from '../../random.ts';
import { namesOf } from '../start/label-counts.ts';

/** Rows with a label, and without it, that a threshold is chosen from; with fewer it stays the usual one. */
export const FEWEST_ROWS = 20;
/** Standard errors by which F1 must be better. */
const BEYOND_NOISE = 2;
const SHUFFLES = 100;
/** As it is stored. */
const DIGITS = 4;

interface Scored {
  readonly score: number;
  readonly has: boolean;
}

/** [C], of a trace whose texts may have any number of labels. `seed`: of the shuffles. */
export function chooseThresholds({ shape, floor: sum, temperatures, entries }: Trace, seed: number): number[] {
  const scores = entries.map(({ logits, floor = null }) => {
    const exits = exitLogits(logits, floor, sum ?? null);
    const last = exits.layers.at(-1) ?? exits.floor!;
    return problems.multi_label_classification.activation(tempered(last, temperatureAt(temperatures, shape.layers)));
  });
  return Array.from({ length: shape.labels }, (_, c) =>
    bestThreshold(
      entries.map(({ target }, i) => ({ score: scores[i][c], has: target![c] === 1 })),
      randomStream(seed, 'label-thresholds', c),
    ),
  );
}

/** Which labels' thresholds are not the usual one; null: none. */
export function thresholdsNote(labels: readonly string[], thresholds: readonly number[]): string | null {
  const moved = labels.flatMap((label, c) => (thresholds[c] === USUAL_THRESHOLD ? [] : [`${label} ${thresholds[c]}`]));
  if (moved.length === 0) return null;
  return `labels whose threshold is not ${USUAL_THRESHOLD}, since another has a better F1 on the validation rows: ${namesOf(moved)}`;
}

/**
 * Between two scores that follow each other, where F1 is highest; of equally good places the one nearest to 0.5, so that noise moves
 * it no further than it must. It moves only if F1 there is better, by two standard errors, than at 0.5, than that of the label on
 * every text, and than the highest of shuffled labels. The label on every text, or nearly, is what F1 alone would choose where scores say
 * nothing, since no label at all has the F1 0.
 */
export function bestThreshold(rows: readonly Scored[], random: RandomStream): number {
  const positives = rows.filter(({ has }) => has).length;
  if (positives < FEWEST_ROWS || rows.length - positives < FEWEST_ROWS) return USUAL_THRESHOLD;
  const falling = [...rows].sort((a, b) => b.score - a.score);
  const found = highestF1(rows, falling, positives);
  const isBetter = [USUAL_THRESHOLD, 0].every((other) => isBeyondNoise(rows, found, other));
  return isBetter && f1At(rows, found).value > highestByChance(falling, positives, random) ? found : USUAL_THRESHOLD;
}

function highestF1(rows: readonly Scored[], falling: readonly Scored[], positives: number): number {
  let best = { f1: f1At(rows, USUAL_THRESHOLD).value, threshold: USUAL_THRESHOLD };
  let right = 0;
  for (const [i, { score, has }] of falling.entries()) {
    if (has) right++;
    const next = falling[i + 1]?.score ?? 0;
    if (next === score) continue;
    const threshold = Number(((score + next) / 2).toFixed(DIGITS));
    // rounded, it must still lie between the two, and above 0 and below 1
    if (!(threshold > next && threshold <= score && threshold < 1)) continue;
    const f1 = (2 * right) / (i + 1 + positives);
    const nearer = Math.abs(threshold - USUAL_THRESHOLD) < Math.abs(best.threshold - USUAL_THRESHOLD);
    if (f1 > best.f1 || (f1 === best.f1 && nearer)) best = { f1, threshold };
  }
  return best.threshold;
}

/** Mean and two deviations of the highest F1 of these scores where their labels are shuffled: the choice among places is in it. */
function highestByChance(falling: readonly Scored[], positives: number, random: RandomStream): number {
  const has = falling.map((row) => row.has);
  const highest = Array.from({ length: SHUFFLES }, () => {
    random.shuffle(has);
    let right = 0;
    let best = 0;
    for (let i = 0; i < has.length; i++) {
      if (has[i]) right++;
      if (falling[i].score !== falling[i + 1]?.score) best = Math.max(best, (2 * right) / (i + 1 + positives));
    }
    return best;
  });
  const mean = highest.reduce((sum, f1) => sum + f1, 0) / SHUFFLES;
  const variance = highest.reduce((sum, f1) => sum + (f1 - mean) ** 2, 0) / SHUFFLES;
  return mean + BEYOND_NOISE * Math.sqrt(variance);
}

/** Of one label: what `microF1Quality` is of all. */
const f1At = (rows: readonly Scored[], threshold: number): Quality =>
  microF1Quality(rows.map(({ score, has }) => [[Number(has)], [Number(score >= threshold)]]));

/** Whether F1 is better at one threshold than at another by more than chance, row by row (the delta method). */
function isBeyondNoise(rows: readonly Scored[], one: number, other: number): boolean {
  const [a, b] = [f1At(rows, one), f1At(rows, other)];
  const squares = a.influence.reduce((sum, move, i) => sum + (move - b.influence[i]) ** 2, 0);
  return a.value - b.value > (BEYOND_NOISE * Math.sqrt(squares)) / rows.length;
}
