/**
 * Answers as tensors of the Open Inference Protocol: which outputs there are, as JSON or as binary data, and the
 * `classification` form ("value:index:label") of the scores. Knows nothing of HTTP. Source: the specification, and the
 * binary data and classification extensions.
 */
import { answeredLabel } from '../../engine/answer.ts';
import { PyramidError } from '../../errors.ts';
import { ranking } from '../../pyramid/logits.ts';
import type { Classified, ModelCard } from '../served-model.ts';
import type { InferRequest, InferResponse, RequestOutput } from './oip-schemas.ts';

type Datatype = 'BYTES' | 'FP32' | 'INT32' | 'BOOL';
interface Tensor {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: readonly (string | number | boolean)[];
}

/** Each output: its datatype, the sides after the first (which is the number of texts), and its elements. */
const OUTPUTS: Readonly<
  Record<
    string,
    {
      readonly datatype: Datatype;
      readonly sides: (card: ModelCard) => number[];
      readonly data: (classified: Classified) => (string | number | boolean)[];
      /** It is there for models that give a text any number of labels alone. */
      readonly ofSeveral?: true;
    }
  >
> = {
  label: {
    datatype: 'BYTES',
    sides: () => [],
    data: ({ model, results }) => results.map((result) => answeredLabel(model.labels, result)),
  },
  score: { datatype: 'FP32', sides: () => [], data: ({ results }) => results.map(({ scores, best }) => scores[best]) },
  scores: {
    datatype: 'FP32',
    sides: ({ labels }) => [labels.length],
    data: ({ results }) => results.flatMap(({ scores }) => scores),
  },
  applies: {
    datatype: 'BOOL',
    sides: ({ labels }) => [labels.length],
    data: ({ model, results }) =>
      results.flatMap(({ labels = [] }) => model.labels.map((name) => labels.includes(name))),
    ofSeveral: true,
  },
  exit: { datatype: 'INT32', sides: () => [], data: ({ results }) => results.map(({ exit }) => exit) },
};

const namesFor = ({ problemType }: Pick<ModelCard, 'problemType'>): string[] =>
  Object.keys(OUTPUTS).filter((name) => !OUTPUTS[name].ofSeveral || problemType === 'multi_label_classification');

export const outputMetadata = (card: ModelCard) =>
  namesFor(card)
    .map((name) => [name, OUTPUTS[name]] as const)
    .map(([name, { datatype, sides }]) => ({ name, datatype, shape: [-1, ...sides(card)] }));

interface Wanted {
  readonly name: string;
  readonly isBinary: boolean;
  /** Labels a text in the `classification` form; null: the tensor itself. */
  readonly classes: number | null;
}

/** Checked before anything is computed. Throws MP_USAGE. */
export function wantedOutputs(card: Pick<ModelCard, 'problemType'>, { outputs, parameters }: InferRequest): Wanted[] {
  const names = namesFor(card);
  const list = outputs?.length ? outputs : names.map((name) => ({ name }));
  return list.map(({ name, parameters: own = {} }: RequestOutput) => {
    const refuse = (what: string, todo: string) => new PyramidError('MP_USAGE', { what, todo });
    if (!names.includes(name)) throw refuse(`there is no output "${name.slice(0, 60)}"`, `ask for ${names.join(', ')}`);
    const { classification = null, binary_data: isBinary = parameters?.binary_data_output } = own;
    if (classification !== null && name !== 'scores')
      throw refuse(`classification is asked for output "${name}"`, 'ask it for scores');
    return { name, isBinary: isBinary === true, classes: classification };
  });
}

/** The `outputs` of a response, and the binary data that follows it: no buffer where none was asked for. */
export function packOutputs(
  wanted: readonly Wanted[],
  classified: Classified,
): { outputs: InferResponse['outputs']; buffers: Buffer[] } {
  const buffers: Buffer[] = [];
  const outputs = wanted.map(({ name, isBinary, classes }) => {
    const { datatype, shape, data } = tensorOf(name, classes, classified);
    if (!isBinary) return { name, datatype, shape: [...shape], data: [...data] };
    const bytes = pack(datatype, data);
    buffers.push(bytes);
    return { name, datatype, shape: [...shape], parameters: { binary_data_size: bytes.length } };
  });
  return { outputs, buffers };
}

function tensorOf(name: string, classes: number | null, classified: Classified): Tensor {
  const { model, results } = classified;
  const { datatype, sides, data } = OUTPUTS[name];
  if (classes === null) return { datatype, shape: [results.length, ...sides(model)], data: data(classified) };
  const count = Math.min(classes, model.labels.length);
  const described = results.flatMap(({ scores }) =>
    ranking(scores)
      .slice(0, count)
      .map((i) => `${scores[i].toFixed(6)}:${i}:${model.labels[i]}`),
  );
  return { datatype: 'BYTES', shape: [results.length, count], data: described };
}

/** Little-endian; a string is 4 bytes of length and UTF-8. */
function pack(datatype: Datatype, data: Tensor['data']): Buffer {
  if (datatype === 'BYTES')
    return Buffer.concat(
      data.flatMap((value) => {
        const text = Buffer.from(value as string);
        const length = Buffer.alloc(4);
        length.writeUInt32LE(text.length);
        return [length, text];
      }),
    );
  if (datatype === 'BOOL') return Buffer.from(data.map(Number));
  const bytes = Buffer.alloc(4 * data.length);
  for (const [i, value] of data.entries())
    if (datatype === 'FP32') bytes.writeFloatLE(value as number, 4 * i);
    else bytes.writeInt32LE(value as number, 4 * i);
  return bytes;
}
