/**
 * DeBERTa-v3 (He et al. 2021 and 2023), which transformers calls deberta-v2: disentangled attention in place of a table of
 * positions (../disentangled.ts), no token types, and a classifier of Linear, GELU, Linear on the first token. What versions 2 had
 * otherwise is refused by name: a convolution, projections of distances of their own, positions added to words.
 */
import { quoted } from '../../errors/kind.ts';
import { BERT_FORM, type NetworkForm } from '../form.ts';
import { bert } from './bert.ts';
import type { Family, FormChecks, FormReader } from './family.ts';

const bertLayer = 'bert.encoder.layer.{n}';
const ownLayer = 'deberta.encoder.layer.{n}';
type Raw = Readonly<Record<string, unknown>>;

/** Where config.json says nothing, transformers takes what is not read here. */
const NEEDED: readonly (readonly [key: string, known: unknown])[] = [
  ['relative_attention', true],
  ['position_biased_input', false],
  ['share_att_key', true],
  ['norm_rel_ebd', 'layer_norm'],
];
/** Widths that may differ from the network's. */
const WIDTHS = ['embedding_size', 'pooler_hidden_size'];
const MOST_BUCKETS = 2 ** 15;

const form: FormReader = {
  read(raw, _, check): NetworkForm {
    const { fault } = check;
    for (const [key, known] of NEEDED) {
      if (raw[key] !== known) throw fault(`${key} is ${quoted(raw[key])}; only ${quoted(known)} is known`);
    }
    const terms = raw.pos_att_type;
    const names = typeof terms === 'string' ? terms.toLowerCase().split('|') : terms;
    const isBoth =
      Array.isArray(names) && ['c2p', 'p2c'].every((one) => names.some((name) => String(name).trim() === one));
    if (!isBoth) throw fault(`pos_att_type is ${quoted(terms)}; only "c2p" and "p2c" together are known`);
    for (const key of WIDTHS) {
      if ((raw[key] ?? raw.hidden_size) !== raw.hidden_size)
        throw fault(`${key} is ${quoted(raw[key])}; only that of hidden_size, ${quoted(raw.hidden_size)}, is known`);
    }
    const headSize = Number(raw.hidden_size) / Number(raw.num_attention_heads);
    if ((raw.attention_head_size ?? headSize) !== headSize)
      throw fault(`attention_head_size is ${quoted(raw.attention_head_size)}; only ${headSize} is known`);
    return { ...BERT_FORM, positionTable: false, disentangled: distancesOf(raw, check) };
  },
  write: ({ disentangled }) => ({
    position_buckets: disentangled!.buckets,
    max_relative_positions: disentangled!.span,
  }),
};

function distancesOf(raw: Raw, { fault }: FormChecks): NonNullable<NetworkForm['disentangled']> {
  const buckets = raw.position_buckets;
  if (!(Number.isSafeInteger(buckets) && Number(buckets) >= 4 && Number(buckets) <= MOST_BUCKETS))
    throw fault(`position_buckets is ${quoted(buckets)}, not a whole number from 4 to ${MOST_BUCKETS}`);
  const said = raw.max_relative_positions ?? -1;
  const span = Number.isSafeInteger(said) && Number(said) < 1 ? raw.max_position_embeddings : said;
  // the distances above half of the buckets fall into the other half
  const least = Math.floor(Number(buckets) / 2) + 2;
  if (!(Number.isSafeInteger(span) && Number(span) >= least))
    throw fault(
      `max_relative_positions (or, below 1, max_position_embeddings) is ${quoted(span)}; with position_buckets ${buckets} it is at least ${least}`,
    );
  return { buckets: Number(buckets), span: Number(span) };
}

export const debertaV2: Family = {
  ...bert,
  architecture: 'DebertaV2ForSequenceClassification',
  tokenTypes: false,
  layerNormEpsilon: ['layer_norm_eps', 1e-7],
  classifierDropout: ['cls_dropout', null],
  poolerActivation: 'gelu',
  classifierInputDropout: ['pooler_dropout', 0],
  form,
  only: { conv_kernel_size: 0, type_vocab_size: 0, pooler_hidden_act: 'gelu' },
  constants: {},
  prefix: 'deberta.',
  names: [
    ['bert.embeddings.word_embeddings', 'deberta.embeddings.word_embeddings'],
    ['bert.embeddings.LayerNorm', 'deberta.embeddings.LayerNorm'],
    ['bert.encoder.rel_embeddings', 'deberta.encoder.rel_embeddings'],
    ['bert.encoder.rel_embeddings.LayerNorm', 'deberta.encoder.LayerNorm'],
    ...['query', 'key', 'value'].map(
      (part) => [`${bertLayer}.attention.self.${part}`, `${ownLayer}.attention.self.${part}_proj`] as const,
    ),
    ...[
      'attention.output.dense',
      'attention.output.LayerNorm',
      'intermediate.dense',
      'output.dense',
      'output.LayerNorm',
    ].map((part) => [`${bertLayer}.${part}`, `${ownLayer}.${part}`] as const),
    ['bert.pooler.dense', 'pooler.dense'],
  ],
};
