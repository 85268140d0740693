/**
 * The table of exits: one file per kind, and its row in each half of the table. Nothing else decides by the name of a
 * kind; all that matters is in its fields (exit.ts).
 */
import type { Graph, Value } from '../../graph/index.ts';
import { aligned, alignedGraph } from './aligned.ts';
import { cls, clsGraph } from './cls.ts';
import type { EnteringRows, Exit, ExitGraph, ExitSettings } from './exit.ts';
import { FASTBERT_HEADS, FASTBERT_WIDTH, fastbert, fastbertGraph } from './fastbert.ts';
import { floorExit } from './floor.ts';
import { mainClassifier, mainClassifierGraph } from './main-classifier.ts';
import { pooled, pooledGraph } from './pooled.ts';

export const exits = { cls, fastbert, pooled, aligned } as const satisfies Readonly<Record<string, Exit>>;

export type ExitKind = keyof typeof exits;

/** How each is written into a graph. */
const graphs: { readonly [K in ExitKind]: ExitGraph } = {
  cls: clsGraph,
  fastbert: fastbertGraph,
  pooled: pooledGraph,
  aligned: alignedGraph,
};

export const EXIT_KINDS = Object.keys(exits) as readonly ExitKind[];

/** The kind of exit that a model has on layers 1..L−1, or none. */
export type HeadKind = ExitKind | 'none';
export const HEAD_KINDS: readonly HeadKind[] = ['none', ...EXIT_KINDS];

/** What is taken where nobody chooses: the best on the validation rows of the tasks measured. */
export const defaultExit = (pairs: boolean): ExitKind => (pairs ? 'aligned' : 'pooled');

export interface HeadSettings extends ExitSettings {
  readonly kind: HeadKind;
}

export const headSettings = (kind: HeadKind, pairs: boolean, width = FASTBERT_WIDTH): HeadSettings => ({
  kind,
  pairs,
  width,
  attentionHeads: FASTBERT_HEADS,
});

/** null: no exits. */
export const exitOf = (kind: HeadKind): Exit | null => (kind === 'none' ? null : exits[kind]);

/**
 * The exit of `layer`: floor 0 at 0, before the network; the main classifier at the last; between them none (null) where a
 * model has no exit heads.
 */
export const exitAt = (kind: HeadKind, layer: number, layers: number): Exit | null => {
  if (layer === 0) return floorExit;
  return layer === layers ? mainClassifier : exitOf(kind);
};

/** As `exitOf`. */
export const exitGraphOf = (kind: HeadKind): ExitGraph | null => (kind === 'none' ? null : graphs[kind]);

/** As `exitAt`, of layers from 1: floor 0 is in no graph. */
export const exitGraphAt = (kind: HeadKind, layer: number, layers: number): ExitGraph | null =>
  layer === layers ? mainClassifierGraph : exitGraphOf(kind);

/** Whether what an exit reads is a row of features, the same at every step where the backbone is frozen. */
export const readsFeatures = ({ reads }: Exit): boolean => reads === 'cls' || reads === 'cls and entering rows';

/** Whether it reads the rows that enter its layer, beside [CLS]. */
export const readsEnteringRows = ({ reads }: Exit): boolean => reads === 'cls and entering rows';

/** What an exit reads of the rows that enter `layer`, [B, d] or [B, 2d] each; [] for one that reads none. */
export const rowFeatures = (g: Graph, exit: ExitGraph | null, layer: number, rows: () => EnteringRows): Value[] => {
  const read = exit?.rowFeatures;
  return read ? g.scope(`pyramid.heads.${layer}.rows`, () => read(g, rows())) : [];
};

/** Features [B, F]: `cls` is H_l[CLS], `beside` what `rowFeatures` gave for the rows that enter layer l. */
export const features = (g: Graph, cls: Value, beside: readonly Value[]): Value => g.concat([cls, ...beside], 1);

export type { Exit, ExitGraph } from './exit.ts';
