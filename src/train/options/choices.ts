/** What options of training choose from, and what an option changes: said apart from the table that uses it. */
import type { Epochs } from './option-values.ts';

/** The paper's exits: heads on [CLS], trained once the network is finished, and none before the network. */
export const PAPER_EXITS = { exitHead: 'cls', exitTraining: 'frozen', floor: 'none' } as const;

/** `apart`: floor 0 answers, and its logits are not added to the other exits'; for comparison. */
export const FLOORS = ['auto', 'apart', 'none'] as const;

/**
 * What an option changes (`affects`): which rows there are; all of a run; which stages there are; some stages, by name; or
 * exit heads while they learn with the network; or floor 0, which is learned after the last stage.
 * `network` says that an option means nothing without one. Nothing: where a run is
 * written, and how it is begun. What stages may be shared between runs, what a checkpoint must agree on and what --resume
 * compares follow from this (affected.ts).
 */
export type Effect = 'rows' | 'run' | 'stages' | keyof Epochs | 'joint' | 'floor' | 'network';
