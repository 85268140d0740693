/**
 * The table of families that are read: one file per family, one row here. Everything else knows only BERT's
 * names.
 */
import { bert } from './bert.ts';
import { debertaV2 } from './deberta-v2.ts';
import { distilbert } from './distilbert.ts';
import { electra } from './electra.ts';
import type { Family } from './family.ts';
import { linear } from './linear.ts';
import { modernbert } from './modernbert.ts';
import { mpnet } from './mpnet.ts';
import { roberta } from './roberta.ts';
import { xlmRoberta } from './xlm-roberta.ts';

export type { Family } from './family.ts';

export const FAMILIES = {
  bert,
  'deberta-v2': debertaV2,
  distilbert,
  electra,
  modernbert,
  mpnet,
  roberta,
  'xlm-roberta': xlmRoberta,
  linear,
} as const satisfies Readonly<Record<string, Family>>;
export type FamilyName = keyof typeof FAMILIES;

/** A parameter's name in the family's own checkpoints, from BERT's. */
export const ownName = (family: FamilyName, canonical: string): string =>
  translate(canonical, FAMILIES[family].names, 0)[0];

/** BERT's name, from the family's own, with or without its prefix; of several parameters in one tensor all, in their order. */
export function canonicalNames(family: FamilyName, own: string): readonly string[] {
  const { names, prefix } = FAMILIES[family];
  const isBare = /^(embeddings|embeddings_project|encoder|transformer|pooler|layers|final_norm)\./.test(own);
  // DeBERTa's pooler is outside its backbone
  const isWhole = names.some((pair) => pair[1] === generalName(own));
  return translate(isBare && !isWhole ? prefix + own : own, names, 1);
}

const generalName = (name: string): string =>
  name.replace(/\.(layers?)\.\d+\./, '.$1.{n}.').replace(/\.(weight|bias)$/, '');

function translate(name: string, names: Family['names'], from: 0 | 1): readonly string[] {
  const layer = /\.layers?\.(\d+)\./.exec(name)?.[1] ?? '';
  const general = generalName(name);
  const found = names.filter((pair) => pair[from] === general);
  if (found.length === 0) return [name];
  return found.map((pair) => pair[1 - from].replace('{n}', layer) + name.slice(name.lastIndexOf('.')));
}
