/** The protocols that classify, as the contract asks for them: a request for some texts, and what its answer says. */
export interface ProtocolCase {
  readonly title: string;
  readonly path: (model: string) => string;
  readonly request: (texts: readonly string[], model: string) => object;
  /** Of each text its label, and scores by label. */
  readonly read: (answer: never) => { label: string; scores: Record<string, number> }[];
  /** The message of the protocol's own error object; undefined where it is none. */
  readonly message: (answer: never) => unknown;
  /** Where a status is another than that of the other protocols. */
  readonly status: Readonly<Record<number, number>>;
}

type Predictions = { label: string; score: number }[];
const fromPredictions = (lists: Predictions[]) =>
  lists.map((list) => ({
    label: list[0].label,
    scores: Object.fromEntries(list.map(({ label, score }) => [label, score])),
  }));

export const protocolCases: readonly ProtocolCase[] = [
  {
    title: 'our own /v1/classify',
    path: () => '/v1/classify',
    request: (inputs, model) => ({ inputs, model, topK: 3 }),
    read: ({ results }: { results: { label: string; scores: Record<string, number> }[] }) => results,
    message: ({ error }: { error?: { code: string; message: string } }) => error?.code && error.message,
    status: {},
  },
  {
    title: 'Text Embeddings Inference',
    path: (model) => `/predict?model=${model}`,
    request: (inputs) => ({ inputs }),
    read: fromPredictions,
    message: ({ error, error_type: type }: { error?: string; error_type?: string }) => type && error,
    status: { 400: 422 },
  },
  {
    title: "the hub's text-classification task",
    path: (model) => `/?model=${model}`,
    request: (inputs) => ({ inputs, parameters: {} }),
    read: fromPredictions,
    message: ({ error, error_type: type }: { error?: string; error_type?: string }) => type && error,
    status: { 400: 422 },
  },
  {
    title: 'the Open Inference Protocol',
    path: (model) => `/v2/models/${model}/infer`,
    request: (data) => ({ inputs: [{ name: 'text', datatype: 'BYTES', shape: [data.length], data }] }),
    read: ({ outputs }: { outputs: { name: string; data: never[] }[] }) => {
      const [labels, , scores] = outputs.map(({ data }) => data as (string | number)[]);
      return labels.map((label, i) => ({
        label: label as string,
        scores: Object.fromEntries(['a', 'b', 'c'].map((name, j) => [name, scores[3 * i + j] as number])),
      }));
    },
    message: ({ error }: { error?: unknown }) => (typeof error === 'string' ? error : undefined),
    status: {},
  },
  {
    title: 'vLLM',
    path: () => '/classify',
    request: (input, model) => ({ input, model }),
    read: ({ data }: { data: { label: string; probs: number[] }[] }) =>
      data.map(({ label, probs }) => ({
        label,
        scores: Object.fromEntries(['a', 'b', 'c'].map((name, j) => [name, probs[j]])),
      })),
    message: ({ error }: { error?: { type: string; message: string } }) => error?.type && error.message,
    status: {},
  },
];
