/**
 * The pyramid in plain float64 TypeScript, one text, without packing and without removal: every token stays to the end,
 * and a pruned one is only masked (nobody attends to it, it counts in no score and in no mean). For `cls` and `pooled`.
 */
import type { EncoderConfig } from '../../src/encoder/index.ts';
import type { PyramidModel } from '../../src/pyramid/folder/model-folder.ts';
import { type Encoding, segmentsOf } from '../../src/text/tokenizer/tokenizer.ts';

type Matrix = number[][];

export function maskedReference(model: PyramidModel, encoding: Encoding): { tokens: number[]; logits: number[][] } {
  const { config } = model;
  const { ids, types } = encoding;
  const segments = segmentsOf(encoding);
  const get = (name: string) => model.parameters.get(name) ?? model.heads.get(name)!;
  const vector = (name: string) => Array.from(get(name).data);
  const row = (name: string, i: number) => {
    const { data, shape } = get(name);
    return Array.from(data.subarray(i * shape[1], (i + 1) * shape[1]));
  };
  const linear = (name: string, x: Matrix): Matrix => {
    const { data, shape } = get(`${name}.weight`);
    const bias = vector(`${name}.bias`);
    return x.map((values) =>
      bias.map((b, out) => values.reduce((sum, value, i) => sum + value * data[out * shape[1] + i], b)),
    );
  };
  const norm = (name: string, x: Matrix) => layerNorm(x, vector(`${name}.weight`), vector(`${name}.bias`), config);
  const head = (dense: string, out: string, features: number[]) =>
    linear(
      out,
      linear(dense, [features]).map((values) => values.map(Math.tanh)),
    )[0];

  const n = ids.length;
  let x = norm(
    'bert.embeddings.LayerNorm',
    Array.from(ids, (id, i) =>
      add(
        row('bert.embeddings.word_embeddings.weight', id),
        row('bert.embeddings.position_embeddings.weight', i),
        row('bert.embeddings.token_type_embeddings.weight', types[i]),
      ),
    ),
  );
  let live = new Array<boolean>(n).fill(true);
  const tokens = [n];
  const logits: number[][] = [];
  for (let layer = 1; layer <= config.layers; layer++) {
    const name = `bert.encoder.layer.${layer - 1}`;
    const means = pooled(model, x, live, segments);
    const { context, score } = attend(
      config,
      live,
      ...(['query', 'key', 'value'].map((part) => linear(`${name}.attention.self.${part}`, x)) as [
        Matrix,
        Matrix,
        Matrix,
      ]),
    );
    const projected = linear(`${name}.attention.output.dense`, context);
    const mixed = norm(
      `${name}.attention.output.LayerNorm`,
      projected.map((values, i) => add(values, x[i])),
    );
    const inner = linear(`${name}.intermediate.dense`, mixed).map((values) => values.map(gelu));
    x = norm(
      `${name}.output.LayerNorm`,
      linear(`${name}.output.dense`, inner).map((values, i) => add(values, mixed[i])),
    );
    const threshold = model.thresholds?.[layer - 1];
    if (threshold !== undefined) live = live.map((alive, i) => alive && (i === 0 || score[i] >= threshold));
    tokens.push(live.filter(Boolean).length);
    logits.push(
      layer === config.layers
        ? head('bert.pooler.dense', 'classifier', x[0])
        : head(`pyramid.heads.${layer}.dense`, `pyramid.heads.${layer}.out`, [...x[0], ...means]),
    );
  }
  return { tokens, logits };
}

/** A(j → i) over live i only; the score of i is its mean over heads and live j. */
function attend({ heads, hiddenSize }: EncoderConfig, live: readonly boolean[], q: Matrix, k: Matrix, v: Matrix) {
  const size = hiddenSize / heads;
  const alive = live.filter(Boolean).length;
  const score = live.map(() => 0);
  const context = q.map(() => new Array<number>(hiddenSize).fill(0));
  for (let head = 0; head < heads; head++) {
    const part = (values: number[]) => values.slice(head * size, (head + 1) * size);
    for (let j = 0; j < q.length; j++) {
      const raw = k.map((key, i) => (live[i] ? Math.exp(dot(part(q[j]), part(key)) / Math.sqrt(size)) : 0));
      const total = raw.reduce((a, b) => a + b, 0);
      raw.forEach((value, i) => {
        const share = value / total;
        if (live[j]) score[i] += share / (heads * alive);
        for (let c = 0; c < size; c++) context[j][head * size + c] += share * v[i][head * size + c];
      });
    }
  }
  return { context, score };
}

function pooled(
  { headSettings: { kind, pairs } }: PyramidModel,
  x: Matrix,
  live: readonly boolean[],
  segments: Uint8Array,
) {
  if (kind !== 'pooled' && kind !== 'aligned') return [];
  const mean = (which: (i: number) => boolean) => {
    const rows = x.filter((_, i) => live[i] && which(i));
    return x[0].map((_, c) => rows.reduce((sum, values) => sum + values[c], 0) / Math.max(1, rows.length));
  };
  if (!pairs) return mean(() => true);
  const [a, b] = [0, 1].map((text) => mean((i) => segments[i] === text));
  return [
    ...(kind === 'pooled' ? [...a, ...b] : lacking(x, live, segments)),
    ...a.map((value, c) => Math.abs(value - b[c])),
    ...a.map((value, c) => value * b[c]),
  ];
}

/** What the words of each text lack in the other's: the sum of both directions, and their difference. */
function lacking(x: Matrix, live: readonly boolean[], segments: Uint8Array): number[] {
  const words = (text: number) => x.filter((_, i) => i > 0 && live[i] && segments[i] === text);
  const [a, b] = [words(0), words(1)];
  const width = x[0].length;
  const center = scaled(add(new Array(width).fill(0), ...a, ...b), 1 / Math.max(1, a.length + b.length));
  const cosine = (one: number[], other: number[]) => {
    const [u, v] = [one, other].map((row) => row.map((value, c) => value - center[c]));
    return dot(u, v) / Math.sqrt(dot(u, u) * dot(v, v));
  };
  const distance = (from: Matrix, to: Matrix) => {
    const distances = from.map((row) => {
      const weights = to.map((other) => Math.exp(10 * cosine(row, other)));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const mixed = to.length ? add(...to.map((other, j) => scaled(other, weights[j] / total))) : center;
      return row.map((value, c) => Math.abs(value - mixed[c]));
    });
    return scaled(add(new Array(width).fill(0), ...distances), 1 / Math.max(1, from.length));
  };
  const [one, other] = [distance(a, b), distance(b, a)];
  return [...one.map((value, c) => value + other[c]), ...one.map((value, c) => value - other[c])];
}

const scaled = (row: number[], factor: number): number[] => row.map((value) => value * factor);

function layerNorm(x: Matrix, weight: number[], bias: number[], { layerNormEpsilon }: EncoderConfig): Matrix {
  return x.map((values) => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return values.map((value, c) => ((value - mean) / Math.sqrt(variance + layerNormEpsilon)) * weight[c] + bias[c]);
  });
}

const add = (...rows: number[][]): number[] => rows[0].map((_, c) => rows.reduce((sum, values) => sum + values[c], 0));
const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
const gelu = (x: number): number => (x / 2) * (1 + erf(x / Math.SQRT2));

/** By its Taylor series, and 1 beyond: exact to 1e-9 for what is needed here. */
function erf(x: number): number {
  if (Math.abs(x) > 5) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; n < 120; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
