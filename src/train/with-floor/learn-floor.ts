/**
 * Floor 0 of a run, once its network is finished: learned in a thread of its own from the training rows, and from texts
 * without labels that the network has answered; w and k of its sum chosen by log-loss on the validation rows. Knows nothing
 * of tau, folders and stages.
 */
import type { Trace, TraceEntry } from '../../evaluate/index.ts';
import type { TargetRule } from '../../pyramid/exits/answer-rule.ts';
import { exitSum } from '../../pyramid/exits/sum.ts';
import { Floor, type FloorParts, type FloorSum, pieceKinds } from '../../pyramid/floor/index.ts';
import { argmax } from '../../pyramid/logits.ts';
import { type Dataset, type Example, lettingGo, NO_LABEL, problemTypeOfRows } from '../../text/example.ts';
import type { Tokenizer } from '../../text/index.ts';
import {
  chooseSum,
  FLOOR_DEFAULTS,
  type FloorTargets,
  floorLogits,
  floorTexts,
  type OnFloorEvent,
  type SumRows,
  trainFloorInThread,
} from '../linear/index.ts';

type Text = Pick<Example, 'text' | 'pair'>;

/** Texts without labels, and how the network answers them when it is run to the end. */
export interface AnsweredTexts {
  readonly examples: readonly Text[];
  /** [n, C] scores of the network alone. */
  readonly scores: Float32Array;
}

export interface FloorLesson {
  readonly train: Dataset;
  /** Whether `train` loses each row once its tokens are known, and is empty then: many texts, that nobody reads again. */
  readonly letsGo?: boolean; // false
  readonly validation: Dataset;
  readonly unlabelled?: AnsweredTexts | null;
  readonly tokenizer: Pick<Tokenizer, 'encode' | 'piece'>;
  /** Rows of the model's vocabulary: no fewer than the tokenizer's pieces. */
  readonly vocabularySize: number;
  /** [C] */
  readonly classWeights: readonly number[];
  /** The network alone on the validation rows; null: there is no network. */
  readonly network: Trace | null;
  /**
   * How it is added to the other exits. `chosen`: by log-loss on the validation rows; `apart`: not at all; else as it is
   * given, for rows without labels.
   */
  readonly sum: 'chosen' | 'apart' | FloorSum;
  readonly seed: number;
  readonly onEvent?: OnFloorEvent;
  readonly signal?: AbortSignal;
}

/** What training.json and the card say of it. */
export interface FloorFacts {
  readonly rows: number;
  /** Texts without labels that it learned from beside them. */
  readonly unlabelled: number;
  /** Of the penalty, as scikit-learn's C. */
  readonly strength: number;
  readonly solver: string;
  /** On folds of what it learned from that were left out. */
  readonly leftOut: { readonly accuracy: number; readonly logLoss: number } | null;
  readonly sum: FloorSum;
  /** It was kept out of the other exits. */
  readonly apart: boolean;
  /** On the validation rows, run to the end: the network alone, the plain sum, and what was chosen; null without a network. */
  readonly logLoss: { readonly network: number; readonly plain: number; readonly chosen: number } | null;
  /** On the validation rows: floor 0 alone, and the network alone; null: there is none. */
  readonly accuracy: { readonly floor: number; readonly network: number | null };
  readonly seconds: number;
}

export interface LearnedFloor {
  /** With its w and k. */
  readonly parts: FloorParts;
  readonly facts: FloorFacts;
  /** z_0 of the texts of a set, for its trace; null where there is no feature. */
  logits(examples: readonly Text[]): Promise<(readonly number[] | null)[]>;
}

/** Rejects with the signal's reason if that is aborted. */
export async function learnFloor(lesson: FloorLesson): Promise<LearnedFloor> {
  const { train, validation, unlabelled, tokenizer, vocabularySize, network, seed, onEvent, signal } = lesson;
  const { pairs, labels } = train;
  const started = performance.now();
  const { maxTokens } = FLOOR_DEFAULTS[pairs ? 'pairs' : 'texts'];
  const extra = unlabelled?.examples ?? [];
  const labelled = train.examples.length;
  const targets = targetsOf(train, unlabelled ?? null);
  const read = (texts: Iterable<Text>, count: number, onProgress?: (done: number) => void) =>
    floorTexts(tokenizer, texts, { pairs, count, maxTokens, onProgress, signal });
  const count = labelled + extra.length;
  const own = lesson.letsGo ? lettingGo(train.examples) : train.examples;
  const rows = await read(oneAfterAnother(own, extra), count, (done) =>
    onEvent?.({ kind: 'floor', phase: 'tokens', done, of: count }),
  );
  const trained = await trainFloorInThread(
    {
      rows,
      targets,
      labels: labels.length,
      // a network may have rows for more pieces than its tokenizer makes
      kinds: pieceKinds({ piece: (id) => tokenizer.piece(id), vocabularySize }),
      classWeights: lesson.classWeights,
      seed,
    },
    { onEvent, signal },
  );
  const judged = floorLogits(new Floor(trained.parts), await read(validation.examples, validation.examples.length));
  const apart = lesson.sum === 'apart';
  const chosen =
    network && typeof lesson.sum === 'string' ? chooseSum(sumRows(network, judged, trained.parts.prior)) : null;
  const sum = sumOf(lesson, chosen);
  const parts = { ...trained.parts, info: { ...trained.parts.info, sum } };
  const floor = new Floor(parts);
  const bias = Array.from(floor.bias);
  return {
    parts,
    facts: {
      rows: labelled,
      unlabelled: extra.length,
      strength: trained.strength,
      solver: trained.solver,
      leftOut: trained.chosen && { accuracy: trained.chosen.accuracy, logLoss: trained.chosen.logLoss },
      ...{ sum, apart },
      logLoss: chosen && { ...chosen.logLoss, ...(apart && { chosen: chosen.logLoss.network }) },
      accuracy: {
        floor: accuracyOf(
          validation,
          judged.map((z0) => z0 ?? bias),
        ),
        network:
          network &&
          accuracyOf(
            validation,
            network.entries.map(({ logits }) => logits.at(-1)!),
          ),
      },
      seconds: (performance.now() - started) / 1000,
    },
    logits: async (some) => floorLogits(floor, await read(some, some.length)),
  };
}

/** The share of right answers; where a row may have any number of labels, of sets that are right at thresholds of 0.5. */
const accuracyOf = ({ examples }: Dataset, answers: readonly (readonly number[])[]): number =>
  examples.filter(({ label, target }, i) =>
    target ? target.every((has, c) => answers[i][c] >= 0 === (has === 1)) : argmax(answers[i]) === label,
  ).length / examples.length;

/** Of the labelled rows, then of the texts without labels. */
function targetsOf(train: Dataset, unlabelled: AnsweredTexts | null): FloorTargets {
  if (problemTypeOfRows(train) === 'multi_label_classification') return severalTargets(train, unlabelled);
  const { examples } = train;
  const extra = unlabelled?.examples.length ?? 0;
  const labels = new Int32Array(examples.length + extra).fill(NO_LABEL);
  for (const [i, { label }] of examples.entries()) labels[i] = label;
  return { labels, scores: extra > 0 ? unlabelled!.scores : null };
}

function* oneAfterAnother(...lists: readonly Iterable<Text>[]): Generator<Text> {
  for (const list of lists) yield* list;
}

function severalTargets({ examples, labels }: Dataset, unlabelled: AnsweredTexts | null): FloorTargets {
  const scores = new Float32Array((examples.length + (unlabelled?.examples.length ?? 0)) * labels.length);
  for (const [i, { target }] of examples.entries()) scores.set(target!, i * labels.length);
  if (unlabelled) scores.set(unlabelled.scores, examples.length * labels.length);
  const rows = scores.length / labels.length;
  return { labels: new Int32Array(rows).fill(NO_LABEL), scores, several: examples.length };
}

const NO_SUM: FloorSum = { weight: 0, priorShare: 0 };

function sumOf({ sum }: FloorLesson, chosen: FloorSum | null): FloorSum {
  if (typeof sum === 'object') return sum;
  return chosen && sum === 'chosen' ? { weight: chosen.weight, priorShare: chosen.priorShare } : NO_SUM;
}

function sumRows(network: Trace, z0s: readonly (readonly number[] | null)[], prior: Float32Array): SumRows {
  const labels = network.labels.length;
  const n = network.entries.length;
  const floor = new Float64Array(n * labels);
  const last = new Float64Array(n * labels);
  for (const [i, { logits }] of network.entries.entries()) {
    last.set(logits.at(-1)!, i * labels);
    floor.set(z0s[i] ?? [], i * labels);
  }
  return {
    ...{ labels, network: last, floor, prior },
    known: Uint8Array.from(z0s, (z0) => (z0 ? 1 : 0)),
    truth: network.answers
      ? { shares: network.entries.flatMap(({ target }) => target!) }
      : network.entries.map(({ label }) => label),
  };
}

/** The trace of a network with floor 0 before it. */
export const traceWithFloor = (
  trace: Trace,
  { parts }: Pick<LearnedFloor, 'parts'>,
  z0s: readonly (readonly number[] | null)[],
): Trace => ({
  ...trace,
  floor: exitSum(parts),
  entries: trace.entries.map((entry, i) => ({ ...entry, floor: z0s[i] })),
});

/** The trace of floor 0 alone: no layers, and an answer for every text, by its bias where there is no feature. */
export function traceOfFloorAlone(
  { labels, pairs }: Pick<Dataset, 'labels' | 'pairs'>,
  { parts }: Pick<LearnedFloor, 'parts'>,
  texts: readonly (Pick<TraceEntry, 'label' | 'target' | 'length'> & { readonly floor: readonly number[] | null })[],
  answers?: TargetRule,
): Trace {
  const bias = Array.from(new Floor(parts).bias);
  return {
    shape: { layers: 0, hiddenSize: 0, heads: 0, intermediateSize: 0, labels: labels.length },
    labels,
    headKind: 'none',
    pairs,
    floor: exitSum(parts),
    ...(answers && { answers }),
    entries: texts.map(({ label, target, length, floor }) => ({
      ...{ label, ...(target && { target }), length, tokens: [length], logits: [], floor: floor ?? bias },
    })),
  };
}
