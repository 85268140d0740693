/**
 * The epoch that a stage keeps: its last, or the one that was best on the validation rows; and when it is over early. The figure is
 * the main classifier's, in the heads stage the mean of the exit heads'. The soft stage always keeps its last: its thresholds
 * are on their way, and an earlier epoch would be one that removes fewer tokens. Knows nothing of steps.
 */
import type { StoredTensor } from '../../encoder/index.ts';
import { THRESHOLDS } from '../../pyramid/network.ts';
import type { Saved } from '../checkpoint/run-checkpoint.ts';
import { storedValues } from '../checkpoint/stored-progress.ts';
import type { TrainEvent } from '../events.ts';
import type { StageName } from '../methods.ts';
import type { TrainOptions } from '../options/defaults.ts';
import type { ModelState } from '../state.ts';

type EpochEvent = Extract<TrainEvent, { kind: 'epoch' }>;

const NAMES = ['accuracy', 'microF1', 'r2'] as const;

/** What an epoch is judged by, of its validation figures; null: there are none. */
export function judgedBy(stage: string, validation: EpochEvent['validation']): number | null {
  const name = NAMES.find((one) => validation?.[one] !== undefined);
  if (!validation || name === undefined) return null;
  if (stage !== 'heads') return validation[name];
  const heads = Object.entries(validation).flatMap(([key, value]) => (key.startsWith(`${name}.`) ? [value] : []));
  return heads.length === 0 ? null : heads.reduce((sum, value) => sum + value, 0) / heads.length;
}

/** The epochs of the stage that `history` ends with, each by its figure. */
export function figuresOf(stage: string, history: readonly EpochEvent[]): number[] {
  const first = history.findLastIndex((event) => event.stage === stage && event.epoch === 0);
  if (first < 0) return [];
  return history.slice(first).flatMap(({ validation }) => judgedBy(stage, validation) ?? []);
}

/** Of equally good epochs the last: it has learned longest. */
export const bestEpoch = (figures: readonly number[]): number => figures.lastIndexOf(Math.max(...figures));

/** Whether the last `patience` epochs were no better than one before them. */
export const isOver = (figures: readonly number[], patience: number | null): boolean =>
  patience !== null && figures.length > 0 && figures.length - 1 - figures.indexOf(Math.max(...figures)) >= patience;

const BEST = 'best:';

/** A copy of the best state so far; a checkpoint has it too. */
export class KeptEpoch {
  readonly #state: ModelState;
  #copy: Map<string, StoredTensor> | null = null;

  constructor(state: ModelState) {
    this.#state = state;
  }

  /** Throws MP_MODEL_FILE. */
  restore({ path, tensors }: Pick<Saved, 'path' | 'tensors'>): void {
    if (![...tensors.keys()].some((name) => name.startsWith(BEST))) return;
    this.#copy = new Map(
      [...learnt(this.#state)].map(([name, { shape, data }]) => [
        name,
        { shape, data: storedValues(tensors, `${BEST}${name}`, data.length, path) },
      ]),
    );
  }

  take(): void {
    this.#copy = new Map(
      [...learnt(this.#state)].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]),
    );
  }

  /** Into the state's own memory, which programs may hold on to. */
  giveBack(): void {
    for (const [name, { data }] of learnt(this.#state)) if (this.#copy) data.set(this.#copy.get(name)!.data);
  }

  /** For a checkpoint. */
  tensors(): readonly (readonly [string, StoredTensor])[] {
    return [...(this.#copy ?? [])].map(([name, tensor]) => [`${BEST}${name}`, tensor]);
  }
}

const learnt = ({ parameters, heads, thresholds }: ModelState): Map<string, StoredTensor> =>
  new Map([
    ...parameters,
    ...heads,
    ...(thresholds ? [[THRESHOLDS, { shape: [thresholds.length], data: thresholds }] as const] : []),
  ]);

/** null: the stage keeps its last epoch. */
export const keptEpoch = (
  stage: StageName,
  state: ModelState,
  { keep }: Pick<TrainOptions, 'keep'>,
): KeptEpoch | null => (keep === 'best' && stage !== 'soft' ? new KeptEpoch(state) : null);

/** What to say of a stage that ended otherwise than with the last of its `epochs`; null: it did not. */
export function keptNote(
  stage: StageName,
  figures: readonly number[],
  epochs: number,
  kept: KeptEpoch | null,
): string | null {
  if (figures.length === 0) return null;
  const best = kept ? bestEpoch(figures) : figures.length - 1;
  const early =
    figures.length < epochs
      ? `the ${stage} stage is over after epoch ${figures.length} of ${epochs}: the last epochs were no better on the validation rows`
      : null;
  const chosen =
    best < figures.length - 1
      ? `epoch ${best + 1} is kept, the best on the validation rows (${figures[best].toFixed(3)})`
      : null;
  if (early === null) return chosen === null ? null : `${stage} stage: ${chosen}`;
  return chosen === null ? early : `${early}; ${chosen}`;
}
