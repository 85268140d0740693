/** Every route that takes a body, with a good one, and how its protocol refuses: for tests that hold for all of them. */
export interface BodyRoute {
  readonly path: string;
  /** JSON with this text in it, or a stream of one line. */
  readonly body: (text: string) => string;
  readonly type: 'application/json' | 'application/x-ndjson';
  /** The status of a body that is at fault. */
  readonly faulty: number;
  /** The message of the protocol's own error object; undefined where it is none. */
  readonly message: (payload: string) => unknown;
}

const parsed = (payload: string) => JSON.parse(payload.split('\n')[0]);
const own = (payload: string) => {
  const { error } = parsed(payload);
  return typeof error?.code === 'string' ? error.message : undefined;
};
const tei = (payload: string) => {
  const { error, error_type: type } = parsed(payload);
  return typeof type === 'string' ? error : undefined;
};
const oip = (payload: string) => {
  const { error, ...rest } = parsed(payload);
  return typeof error === 'string' && Object.keys(rest).length === 0 ? error : undefined;
};
const vllm = (payload: string) => {
  const { error } = parsed(payload);
  return typeof error?.type === 'string' && typeof error.code === 'number' ? error.message : undefined;
};
const json = 'application/json' as const;

/** Of a server whose first model is named `mails`. */
export const bodyRoutes: readonly BodyRoute[] = [
  { path: '/v1/classify', body: (inputs) => JSON.stringify({ inputs }), type: json, faulty: 400, message: own },
  { path: '/v1/explain', body: (inputs) => JSON.stringify({ inputs }), type: json, faulty: 400, message: own },
  { path: '/predict', body: (inputs) => JSON.stringify({ inputs }), type: json, faulty: 422, message: tei },
  { path: '/', body: (inputs) => JSON.stringify({ inputs }), type: json, faulty: 422, message: tei },
  {
    path: '/v2/models/mails/infer',
    body: (text) => JSON.stringify({ inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', data: [text] }] }),
    type: json,
    faulty: 400,
    message: oip,
  },
  { path: '/classify', body: (input) => JSON.stringify({ input }), type: json, faulty: 400, message: vllm },
  // a stream has begun to answer when a line is at fault: the line's answer is the error
  {
    path: '/v1/classify',
    body: (text) => JSON.stringify(text),
    type: 'application/x-ndjson',
    faulty: 200,
    message: own,
  },
];
