/**
 * ModernBERT (Warner et al. 2024): LayerNorm before attention and feed-forward and once at the end, rotary positions, layers
 * that see all tokens (every third) and layers that see those nearby, a gated feed-forward, mostly no biases. Its classifier
 * is Linear, GELU, LayerNorm, Linear on [CLS] or on the mean of all tokens.
 */
import { quoted } from '../../errors/kind.ts';
import type { NetworkForm, Rotary } from '../form.ts';
import type { Family, FormChecks, FormReader } from './family.ts';

const bertLayer = 'bert.encoder.layer.{n}';
const ownLayer = 'model.layers.{n}';
type Raw = Readonly<Record<string, unknown>>;

const KINDS = ['full_attention', 'sliding_attention'] as const;
type Kind = (typeof KINDS)[number];
/** Base of the rotary frequencies: its key of before transformers 5, and its default. */
const THETAS: { readonly [K in Kind]: readonly [key: string, fallback: number] } = {
  full_attention: ['global_rope_theta', 160_000],
  sliding_attention: ['local_rope_theta', 10_000],
};

const POOLINGS = ['cls', 'mean'] as const;
const isPooling = (value: unknown): value is (typeof POOLINGS)[number] => POOLINGS.some((one) => one === value);

const form: FormReader = {
  read(raw, layers, check): NetworkForm {
    const { flag } = check;
    const pooling = raw.classifier_pooling ?? 'cls';
    if (!isPooling(pooling))
      throw check.fault(`classifier_pooling is ${quoted(pooling)}; only "cls" and "mean" are known`);
    return {
      norm: 'before',
      biases: {
        norm: flag('norm_bias'),
        attention: flag('attention_bias'),
        feedForward: flag('mlp_bias'),
        pooler: flag('classifier_bias'),
      },
      gated: true,
      positionTable: false,
      rotary: rotaryOf(raw, layers, check),
      disentangled: null,
      pooling,
      poolerNorm: true,
    };
  },
  write: ({ rotary, pooling }, layers) => ({
    layer_types: rotary!.slice(0, layers).map(({ window }) => KINDS[window === null ? 0 : 1]),
    classifier_pooling: pooling,
  }),
};

function rotaryOf(raw: Raw, layers: number, check: FormChecks): Rotary {
  const across = check.real('local_attention', 128);
  // transformers lets a token see as many before it as after it
  const of = {
    full_attention: { theta: theta(raw, 'full_attention', check), window: null },
    sliding_attention: { theta: theta(raw, 'sliding_attention', check), window: Math.floor(across / 2) },
  };
  return kindsOf(raw, layers, check).map((kind) => of[kind]);
}

/** By layer; before transformers 5 config.json says only how often a layer sees all tokens. */
function kindsOf(raw: Raw, layers: number, { fault }: FormChecks): readonly Kind[] {
  const said = raw.layer_types ?? null;
  if (said !== null) {
    const isKind = (kind: unknown): kind is Kind => KINDS.includes(kind as Kind);
    if (Array.isArray(said) && said.length === layers && said.every(isKind)) return said;
    throw fault(`layer_types is ${quoted(said)}, not ${layers} times "full_attention" or "sliding_attention"`);
  }
  const every = raw.global_attn_every_n_layers ?? 3;
  if (!Number.isSafeInteger(every) || (every as number) < 1)
    throw fault(`global_attn_every_n_layers is ${quoted(every)}, not a positive whole number`);
  return Array.from({ length: layers }, (_, layer) => KINDS[layer % (every as number) === 0 ? 0 : 1]);
}

function theta(raw: Raw, kind: Kind, { fault, real }: FormChecks): number {
  if ((raw.rope_scaling ?? null) !== null)
    throw fault(`rope_scaling is ${quoted(raw.rope_scaling)}; only plain rotary positions are known`);
  const all = (raw.rope_parameters ?? {}) as Readonly<Record<string, Raw | null | undefined>>;
  if (typeof all !== 'object' || Array.isArray(all)) throw fault(`rope_parameters is ${quoted(all)}, not an object`);
  const said: Raw = all[kind] ?? {};
  if ((said.rope_type ?? 'default') !== 'default')
    throw fault(`rope_parameters.${kind}.rope_type is ${quoted(said.rope_type)}; only "default" is known`);
  // before transformers 5, local layers that say null have the others' base
  const [key, fallback] = raw[THETAS[kind][0]] === null ? THETAS.full_attention : THETAS[kind];
  const value = said.rope_theta ?? real(key, fallback, Number.MAX_SAFE_INTEGER);
  if (typeof value !== 'number' || !(value > 0 && value <= Number.MAX_SAFE_INTEGER))
    throw fault(`the base of the rotary positions (${key}) is ${quoted(value)}, not a number above 0`);
  return value;
}

export const modernbert: Family = {
  architecture: 'ModernBertForSequenceClassification',
  keys: {
    vocabularySize: 'vocab_size',
    hiddenSize: 'hidden_size',
    layers: 'num_hidden_layers',
    heads: 'num_attention_heads',
    intermediateSize: 'intermediate_size',
    maxPositions: 'max_position_embeddings',
    hiddenDropout: 'mlp_dropout',
    attentionDropout: 'attention_dropout',
    activation: 'hidden_activation',
  },
  embeddingSize: null,
  tokenTypes: false,
  layerNormEpsilon: ['norm_eps', 1e-5],
  defaultDropout: 0,
  embeddingDropout: 'embedding_dropout',
  classifierDropout: ['classifier_dropout', 0],
  attentionOutputDropout: 'attention',
  poolerActivation: 'gelu',
  classifierInputDropout: null,
  paddingId: 50283,
  unusedPositions: () => 0,
  relativePositions: false,
  form,
  only: { classifier_activation: 'gelu' },
  constants: {},
  prefix: 'model.',
  names: [
    ['bert.embeddings.word_embeddings', 'model.embeddings.tok_embeddings'],
    ['bert.embeddings.LayerNorm', 'model.embeddings.norm'],
    [`${bertLayer}.attention.LayerNorm`, `${ownLayer}.attn_norm`],
    ...['query', 'key', 'value'].map(
      (part) => [`${bertLayer}.attention.self.${part}`, `${ownLayer}.attn.Wqkv`] as const,
    ),
    [`${bertLayer}.attention.output.dense`, `${ownLayer}.attn.Wo`],
    [`${bertLayer}.intermediate.LayerNorm`, `${ownLayer}.mlp_norm`],
    [`${bertLayer}.intermediate.dense`, `${ownLayer}.mlp.Wi`],
    [`${bertLayer}.intermediate.gate`, `${ownLayer}.mlp.Wi`],
    [`${bertLayer}.output.dense`, `${ownLayer}.mlp.Wo`],
    ['bert.encoder.LayerNorm', 'model.final_norm'],
    ['bert.pooler.dense', 'head.dense'],
    ['bert.pooler.LayerNorm', 'head.norm'],
  ],
};
