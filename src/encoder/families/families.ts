/**
 * The table of families that are read: one file per family, one row here. Everything else knows only BERT's
 * names.
 */
import { bert } from './bert.ts';
import { distilbert } from './distilbert.ts';
import { electra } from './electra.ts';
import type { Family } from './family.ts';
import { linear } from './linear.ts';
import { mpnet } from './mpnet.ts';
import { roberta } from './roberta.ts';
import { xlmRoberta } from './xlm-roberta.ts';

export type { Family } from './family.ts';

export const FAMILIES = {
  bert,
  distilbert,
  electra,
  mpnet,
  roberta,
  'xlm-roberta': xlmRoberta,
  linear,
} as const satisfies Readonly<Record<string, Family>>;
export type FamilyName = keyof typeof FAMILIES;

/** A parameter's name in the family's own checkpoints, from BERT's. */
export const ownName = (family: FamilyName, canonical: string): string =>
  translate(canonical, FAMILIES[family].names, 0);

/** BERT's name, from the family's own, with or without its prefix. */
export function canonicalName(family: FamilyName, own: string): string {
  const { names, prefix } = FAMILIES[family];
  const whole = /^(embeddings|embeddings_project|encoder|transformer|pooler)\./.test(own) ? prefix + own : own;
  return translate(whole, names, 1);
}

function translate(name: string, names: Family['names'], from: 0 | 1): string {
  const layer = /\.layer\.(\d+)\./.exec(name)?.[1] ?? '';
  const general = name.replace(/\.layer\.\d+\./, '.layer.{n}.').replace(/\.(weight|bias)$/, '');
  const found = names.find((pair) => pair[from] === general);
  return found ? found[1 - from].replace('{n}', layer) + name.slice(name.lastIndexOf('.')) : name;
}
