/**
 * What a run's own figures say against it, in words, for its end: labels that it never answers, a stage that was still getting better,
 * an epoch that was better than the last. Each says what to do. Knows nothing of how they were measured.
 */
import type { ByLabel } from '../../evaluate/by-label.ts';
import type { TrainEvent } from '../events.ts';
import type { StageName } from '../methods.ts';
import type { TrainOptions } from '../options/defaults.ts';
import { bestEpoch, figuresOf } from '../stages/kept-epoch.ts';
import { namesOf } from '../start/label-counts.ts';

export interface WarningFacts {
  /** Of the rows that were judged. */
  readonly byLabel: ByLabel | null;
  readonly judgedOn: 'test' | 'validation';
  readonly history: readonly Extract<TrainEvent, { kind: 'epoch' }>[];
  /** Validation rows. */
  readonly rows: number;
  readonly keep: TrainOptions['keep'];
}

/** What counts as better: a point, and two rows. */
const BETTER = 0.01;
/** Standard errors beyond which a difference is not chance. */
const BEYOND_CHANCE = 2;

export function endWarnings({ byLabel, judgedOn, history, rows, keep }: WarningFacts): string[] {
  const stages = (['regular', 'hard'] as const).map((stage) => ({ stage, figures: figuresIn(stage, history) }));
  const [regular] = stages;
  return [
    ...neverAnswered(byLabel, judgedOn),
    ...(isRising(regular.figures, rows) ? [stillBetter(regular.figures)] : []),
    ...(keep === 'last' ? stages.flatMap(({ stage, figures }) => wasBetter(stage, figures, rows)) : []),
  ];
}

function neverAnswered(byLabel: ByLabel | null, judgedOn: string): string[] {
  const never = (byLabel?.labels ?? []).filter(({ support, answered }) => support > 0 && answered === 0);
  if (never.length === 0) return [];
  const labels = namesOf(never.map(({ label, support }) => `${label} (${support} ${support === 1 ? 'row' : 'rows'})`));
  return [
    `No ${judgedOn} row was answered with ${labels}: train for more epochs (--epochs), give rare labels weight (--class-weights auto), or add rows of them.`,
  ];
}

const stillBetter = (figures: readonly number[]): string =>
  `The regular stage was still getting better when it ended (${figures.at(-2)!.toFixed(3)}, then ${figures.at(-1)!.toFixed(3)} on the validation rows): more epochs may give more, as in --epochs ${2 * figures.length}.`;

/** The last epoch is the best by far. */
function isRising(figures: readonly number[], rows: number): boolean {
  if (figures.length < 2) return false;
  const before = Math.max(...figures.slice(0, -1));
  return figures.at(-1)! - before >= Math.max(BETTER, 2 / rows) - 1e-9;
}

/** Of a share, the standard error of its difference from another of the same rows, taken for independent: the cautious side. */
function wasBetter(stage: StageName, figures: readonly number[], rows: number): string[] {
  if (figures.length < 2) return [];
  const best = bestEpoch(figures);
  const [highest, last] = [figures[best], figures.at(-1)!];
  const variance = (share: number) => Math.max(0, share * (1 - share)) / rows;
  if (highest - last <= BEYOND_CHANCE * Math.sqrt(variance(highest) + variance(last))) return [];
  return [
    `Epoch ${best + 1} of the ${stage} stage was better on the validation rows than its last by more than chance (${highest.toFixed(3)} against ${last.toFixed(3)}): --keep best goes on from it.`,
  ];
}

/** The stage's epochs, whatever followed it. */
function figuresIn(stage: StageName, history: WarningFacts['history']): number[] {
  const end = history.findLastIndex((event) => event.stage === stage);
  return figuresOf(stage, history.slice(0, end + 1));
}
