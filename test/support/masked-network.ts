/**
 * The pruned network of one text in plain float64: nothing is removed, removed tokens are masked out of attention,
 * scores and means. Written from the definitions alone, one token at a time, to be held against the graphs.
 */
import type { EncoderConfig, Parameters } from '../../src/encoder/index.ts';
import { THRESHOLDS } from '../../src/pyramid/network.ts';
import { erf } from './nd.ts';

type Row = readonly number[];

export interface MaskedResult {
  /** Live tokens entering layer 1, then left after each layer. */
  readonly tokens: readonly number[];
  /** Logits of the pooled pair heads of layers 1 … L−1, then of the main classifier. */
  readonly logits: readonly Row[];
  /** Smallest distance of a live token's score to its threshold, [CLS] left out. */
  readonly gap: number;
}

const sum = (values: Row) => values.reduce((a, b) => a + b, 0);
const plus = (a: Row, b: Row) => a.map((value, i) => value + b[i]);
const gelu = (x: number) => (x / 2) * (1 + erf(x / Math.SQRT2));

/** `headName` gives the name of a head's tensor. */
export function maskedNetwork(
  config: EncoderConfig,
  parameters: Parameters,
  { ids, types }: { readonly ids: readonly number[]; readonly types: readonly number[] },
  headName: (layer: number, part: string) => string,
): MaskedResult {
  const { hiddenSize: d, heads: h, layers } = config;
  const size = d / h;
  const data = (name: string) => parameters.get(name)!.data;
  const table = (name: string, row: number): Row =>
    Array.from(data(`bert.embeddings.${name}_embeddings.weight`).subarray(row * d, (row + 1) * d));
  const linear = (name: string, x: Row): Row => {
    const weight = data(`${name}.weight`);
    return Array.from(data(`${name}.bias`), (bias, o) =>
      x.reduce((total, value, i) => total + value * weight[o * x.length + i], bias),
    );
  };
  const norm = (name: string, x: Row): Row => {
    const mean = sum(x) / d;
    const variance = sum(x.map((value) => (value - mean) ** 2)) / d;
    const [weight, bias] = [data(`${name}.weight`), data(`${name}.bias`)];
    return x.map((value, i) => ((value - mean) / Math.sqrt(variance + config.layerNormEpsilon)) * weight[i] + bias[i]);
  };
  const twoLayers = (dense: string, out: string, x: Row) => linear(out, linear(dense, x).map(Math.tanh));

  let x: Row[] = ids.map((id, i) =>
    norm(
      'bert.embeddings.LayerNorm',
      plus(plus(table('word', id), table('token_type', types[i])), table('position', i)),
    ),
  );
  let live = ids.map(() => true);
  const tokens = [ids.length];
  const logits: Row[] = [];
  let gap = Number.POSITIVE_INFINITY;
  for (let l = 0; l < layers; l++) {
    const name = `bert.encoder.layer.${l}`;
    const entering = x;
    const enters = live;
    const count = enters.filter(Boolean).length;
    const part = (of: string) => entering.map((row) => linear(`${name}.attention.self.${of}`, row));
    const [query, key, value] = [part('query'), part('key'), part('value')];
    const score = ids.map(() => 0);
    const context: number[][] = ids.map(() => new Array<number>(d).fill(0));
    for (let head = 0; head < h; head++) {
      const of = (row: Row) => row.slice(head * size, (head + 1) * size);
      for (let j = 0; j < ids.length; j++) {
        if (!enters[j]) continue;
        const weights = ids.map((_, i) =>
          enters[i] ? Math.exp(sum(of(query[j]).map((q, k) => q * of(key[i])[k])) / Math.sqrt(size)) : 0,
        );
        const total = sum(weights);
        weights.forEach((weight, i) => {
          score[i] += weight / total / (h * count);
          of(value[i]).forEach((v, k) => {
            context[j][head * size + k] += (weight / total) * v;
          });
        });
      }
    }
    const threshold = data(THRESHOLDS)[l];
    score.forEach((s, i) => {
      if (enters[i] && i > 0) gap = Math.min(gap, Math.abs(s - threshold));
    });
    live = enters.map((alive, i) => alive && (i === 0 || score[i] >= threshold));
    x = entering.map((row, i) => {
      const attended = norm(
        `${name}.attention.output.LayerNorm`,
        plus(linear(`${name}.attention.output.dense`, context[i]), row),
      );
      const inner = linear(`${name}.intermediate.dense`, attended).map(gelu);
      return norm(`${name}.output.LayerNorm`, plus(linear(`${name}.output.dense`, inner), attended));
    });
    tokens.push(live.filter(Boolean).length);
    if (l + 1 === layers) break;
    const mean = (type: number): Row => {
      const members = entering.filter((_, i) => enters[i] && types[i] === type);
      return entering[0].map((_, k) => sum(members.map((row) => row[k])) / Math.max(1, members.length));
    };
    const [a, b] = [mean(0), mean(1)];
    const features = [...x[0], ...a, ...b, ...a.map((v, k) => Math.abs(v - b[k])), ...a.map((v, k) => v * b[k])];
    logits.push(twoLayers(headName(l + 1, 'dense'), headName(l + 1, 'out'), features));
  }
  logits.push(twoLayers('bert.pooler.dense', 'classifier', x[0]));
  return { tokens, logits, gap };
}
