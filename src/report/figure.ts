/**
 * What a figure of the report is, and what figures are drawn from. Knows nothing of how they are drawn.
 */

import type { Judgement, Summary } from '../evaluate/judge.ts';
import type { Drawing } from './drawing.ts';

/** What the figures show of one method on one task. */
export interface MethodReport {
  readonly task: string;
  readonly method: string;
  /** At the tau of the table. */
  readonly judgement: Judgement;
  /** `tradeoff` of the same trace; one point where there are no exits. */
  readonly curve: readonly Summary[];
}

/** Loss and validation metrics of one method's stage; `epoch` counts from the method's first one, fractions allowed. */
export interface TrainingCurve {
  readonly task: string;
  readonly method: string;
  readonly stage: string;
  readonly points: readonly {
    readonly epoch: number;
    readonly loss: number;
    readonly accuracy?: number | null;
    readonly microF1?: number;
    readonly r2?: number;
  }[];
}

/** A drawing, a sentence on how to read it, and its numbers as a table. */
export interface Figure {
  readonly title: string;
  readonly caption: string;
  readonly drawing: Drawing;
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Takes the whole width of the page. */
  readonly wide?: boolean;
}

/** There is a network, and not floor 0 alone: operations, layers and tokens left mean something. */
export const hasLayers = ({ judgement }: Pick<MethodReport, 'judgement'>) => judgement.exitsByLayer.length > 0;
/** The method removes tokens. */
export const prunes = ({ judgement: { tokensByLayer } }: MethodReport) => tokensByLayer.at(-1)! < tokensByLayer[0];
/** Texts can leave before the last layer, whether or not some do at this tau. */
export const exits = ({ curve }: MethodReport) => curve.length > 1;

/** Evenly spaced members, the ends among them: what a reader wants of a long list. */
export function thin<T>(items: readonly T[], most = 12): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]);
}
