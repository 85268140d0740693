/** What a training run tells whoever watches it: the command line draws a bar from it, a test collects it. */
import type { FloorEvent } from './linear/index.ts';

/** What a run tells: each kind has fields of its own. Losses are means over the rows of a step or an epoch. */
export type TrainEvent =
  | {
      readonly kind: 'stage';
      readonly method: string;
      readonly stage: string;
      readonly epochs: number;
      readonly steps: number;
    }
  | {
      readonly kind: 'step';
      readonly stage: string;
      /** From 1. */
      readonly epoch: number;
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      readonly tokensPerSecond: number;
      readonly secondsLeft: number;
    }
  | {
      readonly kind: 'epoch';
      readonly stage: string;
      /** From 1. */
      readonly epoch: number;
      readonly loss: number;
      readonly validation: Readonly<Record<string, number>> | null;
      readonly seconds: number;
    }
  /** Of the files of a model or data set that were not in the cache, in bytes; complete where the two are equal. */
  | { readonly kind: 'download'; readonly name: string; readonly received: number; readonly total: number }
  | FloorEvent
  | { readonly kind: 'note'; readonly text: string };

/** Whoever is told of a run. */
export type OnTrainEvent = (event: TrainEvent) => void;
