/** Names of a family whose tensors are called as BERT's, with a prefix and a classifier of its own. */
import type { Family } from './family.ts';

const EMBEDDINGS = ['word_embeddings', 'position_embeddings', 'token_type_embeddings', 'LayerNorm'];
const LAYER = [
  ...['query', 'key', 'value'].map((part) => `attention.self.${part}`),
  ...['attention.output', 'output'].flatMap((part) => [`${part}.dense`, `${part}.LayerNorm`]),
  'intermediate.dense',
];

/** `more`: other names that differ. The classifier is `classifier.dense` and `classifier.out_proj`, as in RoBERTa. */
export function sameBut(prefix: string, ...more: Family['names']): Family['names'] {
  const pair = (name: string) => [`bert.${name}`, `${prefix}.${name}`] as const;
  return [
    ...EMBEDDINGS.map((name) => pair(`embeddings.${name}`)),
    ...LAYER.map((name) => pair(`encoder.layer.{n}.${name}`)),
    ['bert.pooler.dense', 'classifier.dense'],
    ['classifier', 'classifier.out_proj'],
    ...more,
  ];
}
