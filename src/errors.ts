/**
 * Every error a user can meet: its code, its sentence (what, where, what to do), the exit code of the command
 * line and the HTTP status of the server. `docs/errors.md` explains each; a test holds the two together.
 * A broken invariant of our own is not in here: it throws a plain `Error('internal: …')`.
 */
interface ErrorKind {
  readonly sentence: (details: never) => string;
  /** 1: the work failed. 2: the call was wrong. */
  readonly exitCode: 1 | 2;
  readonly httpStatus: number;
}

const kind = <D extends object>(exitCode: 1 | 2, httpStatus: number, sentence: (details: D) => string) =>
  ({ sentence, exitCode, httpStatus }) satisfies ErrorKind;

/** A value out of a file or a command line, for a sentence: one line, its beginning. */
const brief = (value: string): string => {
  const line = value.replace(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
};

/** A value out of a JSON file, as JSON writes it: its beginning, where it is long. */
export const quoted = (value: unknown): string => brief(JSON.stringify(value) ?? String(value));

/** A list for a sentence: at most `most` entries, then how many more there are. */
const list = (names: readonly string[], most = 12): string =>
  names.slice(0, most).map(brief).join(', ') + (names.length > most ? ` and ${names.length - most} more` : '');

/** Rows beside the first that have the same fault: how many, and the lines of the first few. */
const moreRows = (more = 0, lines: readonly number[] = []): string => {
  if (more === 0) return '';
  const named = lines.length > 0 ? `: ${lines.length > 1 ? 'lines' : 'line'} ${lines.join(', ')}` : '';
  const rest = lines.length > 0 && more > lines.length ? ', …' : '';
  return ` (and ${more} more such ${more === 1 ? 'row' : 'rows'}${named}${rest})`;
};

/** Each code with its sentence, exit code and HTTP status. */
export const catalogue = {
  // how the call was made
  MP_USAGE: kind(2, 400, (e: { what: string; todo: string }) => `${e.what}; ${e.todo}`),
  MP_OPTION_VALUE: kind(
    2,
    400,
    (e: { option: string; value: string; expected: string }) =>
      `${e.option} is "${brief(e.value)}": give ${e.expected}`,
  ),
  MP_OPTION_UNKNOWN: kind(
    2,
    400,
    (e: { path: string | null; key: string; nearest: string | null }) =>
      `${e.path === null ? '' : `${e.path}: `}there is no option "${brief(e.key)}"; ${e.nearest === null ? 'see --help for all options' : `did you mean "${e.nearest}"?`}`,
  ),
  MP_CONFIG_FILE: kind(
    2,
    400,
    (e: { path: string; problem: string }) =>
      `${e.path}: ${e.problem}; give a JSON or YAML file of options, one "name: value" a line`,
  ),
  MP_TAU_RANGE: kind(
    2,
    400,
    (e: { tau: unknown }) => `tau is ${String(e.tau)}: give a number from 0 to 1, or null to switch early exit off`,
  ),
  MP_TEXT_TYPE: kind(
    2,
    400,
    (e: { index: number; got: string }) =>
      `input ${e.index} is ${e.got}: give a string, or {text, pair} with two strings`,
  ),
  MP_CLOSED: kind(1, 503, (e: { what: string }) => `this ${e.what} is closed: load it again to use it`),

  // files and rows
  MP_FILE_MISSING: kind(2, 400, (e: { path: string; what: string; found?: string }) =>
    e.found === undefined
      ? `${e.path}: no such ${e.what}; check the path`
      : `${e.path} is ${e.found}, not a ${e.what}; check the path`,
  ),
  MP_DATA_EMPTY: kind(
    1,
    400,
    (e: { path: string }) => `${e.path}: the file holds no rows; give one with at least one example`,
  ),
  MP_DATA_ROW: kind(
    1,
    400,
    (e: { path: string; line: number; problem: string; more?: number; lines?: readonly number[] }) =>
      `${e.path}:${e.line}: ${e.problem}${moreRows(e.more, e.lines)}; fix or remove the row`,
  ),
  MP_DATA_COLUMN: kind(
    2,
    400,
    (e: { path: string; column: string; columns: readonly string[]; separator?: string; flag?: string }) =>
      `${e.path}: no column "${brief(e.column)}"; the columns are ${list(e.columns)} (${e.separator ? `separated by ${e.separator}? give --delimiter` : `${e.flag ? `give ${e.flag} COLUMN; ` : ''}if the file has no header line, give column numbers from 0`})`,
  ),
  MP_DATA_FILE: kind(
    1,
    400,
    (e: { path: string; problem: string; todo?: string }) =>
      `${e.path}: ${e.problem}; ${e.todo ?? 'the file is truncated or corrupt, copy it again'}`,
  ),
  MP_DATA_FORMAT: kind(
    2,
    400,
    (e: { path: string; known: readonly string[] }) =>
      `${e.path}: the file name does not tell the format; use one of ${list(e.known)}`,
  ),
  MP_DATA_LABEL: kind(
    1,
    400,
    (e: {
      path: string;
      line: number;
      label: string;
      labels: readonly string[];
      more?: number;
      lines?: readonly number[];
    }) =>
      `${e.path}:${e.line}: label "${brief(e.label)}" does not occur in the training data; the labels are ${list(e.labels)}${moreRows(e.more, e.lines)}`,
  ),
  MP_DATA_ONE_CLASS: kind(
    1,
    400,
    (e: { path: string; label: string }) =>
      `${e.path}: every row has the label "${brief(e.label)}"; training needs at least two labels`,
  ),
  MP_DATA_FEW: kind(
    1,
    400,
    (e: { path: string; rows: number; batchSize: number }) =>
      `${e.path}: ${e.rows} rows are fewer than one batch of ${e.batchSize}; add rows or lower --batch-size`,
  ),
  MP_TASK_UNKNOWN: kind(
    2,
    400,
    (e: { task: string; tasks: readonly string[] }) => `there is no task "${e.task}"; the tasks are ${list(e.tasks)}`,
  ),

  // model folders
  MP_MODEL_ARCHITECTURE: kind(
    1,
    400,
    (e: { path: string; found: string; known: readonly string[] }) =>
      `${e.path}: model_type is "${e.found}"; this version reads ${list(e.known)}`,
  ),
  MP_MODEL_CONFIG: kind(
    1,
    400,
    (e: { path: string; problem: string; todo?: string }) =>
      `${e.path}: ${e.problem}; ${e.todo ?? 'take the config.json that belongs to the weights'}`,
  ),
  MP_MODEL_FILE: kind(
    1,
    400,
    (e: { path: string; problem: string; todo?: string }) =>
      `${e.path}: ${e.problem}; ${e.todo ?? 'the file is truncated or corrupt, copy it again'}`,
  ),
  MP_MODEL_TOKENIZER: kind(
    1,
    400,
    (e: { path: string; part: string; todo?: string }) =>
      `${e.path}: this version does not read ${e.part} exactly as transformers does, so token ids could differ; ${e.todo ?? 'take a model with a tokenizer that is read (WordPiece, byte-level BPE or Unigram)'}`,
  ),
  MP_MODEL_TENSOR_MISSING: kind(
    1,
    400,
    (e: { path: string; name: string }) =>
      `${e.path}: there is no tensor "${e.name}"; take weights that fit config.json`,
  ),
  MP_MODEL_TENSOR_SHAPE: kind(
    1,
    400,
    (e: { path: string; name: string; found: readonly number[]; expected: readonly number[] }) =>
      `${e.path}: tensor "${e.name}" is [${list(e.found.map(String))}] but config.json requires [${e.expected.join(', ')}]; take weights that fit config.json`,
  ),
  MP_MODEL_VOCABULARY: kind(
    1,
    400,
    (e: { path: string; pieces: number; rows: number }) =>
      `${e.path}: the vocabulary's ids go up to ${e.pieces - 1}, but the word embeddings have ${e.rows} rows; take the tokenizer that belongs to the weights`,
  ),
  MP_MODEL_LABELS: kind(
    1,
    400,
    (e: { path: string; problem: string }) =>
      `${e.path}: ${e.problem}; save the labels' names with the model (id2label)`,
  ),
  MP_MODEL_LOGITS: kind(
    1,
    500,
    (e: { layer: number; logits: readonly number[] }) =>
      `the model's layer ${e.layer} gives logits that are not numbers (${list(e.logits.map(String))}): its weights are too large or damaged; take other weights`,
  ),
  MP_MODEL_HEADS: kind(2, 400, (e: { method: string }) =>
    e.method === 'linear'
      ? 'this model is linear: it has floor 0 alone, which answers every text whatever tau is; leave tau out'
      : `this model has no exit heads (it was trained with --method ${e.method}), so it cannot exit early; leave tau out, or train with --method fastbert or mp`,
  ),

  // training
  MP_TRAIN_LOSS: kind(
    1,
    500,
    (e: { stage: string; step: number; loss: number; checkpoint: string | null }) =>
      `the loss is ${e.loss} at step ${e.step} of the ${e.stage} stage; ${e.checkpoint ? `the last good checkpoint is ${e.checkpoint}` : 'there is no earlier checkpoint'}; lower --learning-rate`,
  ),
  MP_RESUME_MISMATCH: kind(
    2,
    400,
    (e: { path: string; option: string; before: string; now: string }) =>
      `${e.path}: the run there used ${e.option} ${e.before}, this one uses ${e.now}; give the same arguments, or another --out`,
  ),
  MP_OUT_EXISTS: kind(
    2,
    400,
    (e: {
      path: string;
      found:
        | 'already holds a run'
        | 'holds a finished run'
        | 'is not empty'
        | 'is a file'
        | 'is not a folder'
        | 'is there already';
    }) =>
      `${e.path} ${e.found}; ${e.found === 'already holds a run' ? 'add --resume to continue it' : e.found === 'is not empty' ? 'empty it' : e.found === 'is there already' ? 'delete it' : e.found === 'holds a finished run' ? 'use or delete it' : 'give a folder'}, or give another --out`,
  ),
  MP_OUT_BUSY: kind(
    1,
    409,
    (e: { path: string; holder: { pid: number; host: string; since: string } | null }) =>
      `${e.path}: another run is writing there${e.holder ? ` (process ${e.holder.pid} on ${e.holder.host}, since ${e.holder.since})` : ''}; wait until it ends, stop it, or give another --out`,
  ),
  MP_TRAIN_STOPPED: kind(
    1,
    503,
    (e: { stage: string; step: number; checkpoint: string | null }) =>
      `the run was stopped at step ${e.step} of the ${e.stage} stage; ${e.checkpoint ? `its checkpoint is ${e.checkpoint}: run the same command with --resume to finish it` : 'no checkpoint was written: start it again'}`,
  ),
  MP_WRITE: kind(
    1,
    500,
    (e: { path: string; reason: string; partly?: boolean }) =>
      `${e.path}: cannot write (${e.reason}); ${e.partly ? 'the output is incomplete, free some space and try again' : 'no partial file was left behind'}`,
  ),
  MP_RUNS_FAILED: kind(
    1,
    500,
    (e: { failed: number; out: string }) =>
      `${e.failed} ${e.failed === 1 ? 'run' : 'runs'} failed (the table gives the reasons); fix that, and continue with --out ${e.out} --resume`,
  ),
  MP_RUN_LOST: kind(
    1,
    500,
    (e: { run: string; how: string }) =>
      `the process of ${e.run} ${e.how} before it finished; if memory ran out, free some or lower --batch-size, then continue with --resume`,
  ),
  MP_CALIBRATION: kind(
    1,
    400,
    (e: { speedup: number; most: number }) =>
      `no tau makes this model ${e.speedup} times faster on these rows (at most ${e.most.toFixed(2)} times); ask for less`,
  ),
  MP_QUANTIZE: kind(
    1,
    400,
    (e: { disagreement: number; most: number; rows: number }) =>
      `int8 and fp32 disagree on ${(100 * e.disagreement).toFixed(2)} % of the ${e.rows} texts, more than the ${(100 * e.most).toFixed(2)} % allowed; allow more with --max-disagreement, or keep fp32`,
  ),

  // the hub
  MP_HUB_OFFLINE: kind(
    1,
    503,
    (e: { repo: string; kind: 'model' | 'data set'; cache: string; reason: string }) =>
      `${e.repo}: this ${e.kind} is neither on this disk nor in the cache ${e.cache}, and ${e.reason}; go online, or check the name`,
  ),
  MP_HUB_MISSING: kind(
    2,
    404,
    (e: { repo: string; endpoint: string; problem: string }) =>
      `${e.repo}: ${e.problem} (asked: ${e.endpoint}); check the name, or name files that are on disk`,
  ),
  MP_HUB_ACCESS: kind(
    1,
    403,
    (e: { repo: string; kind: 'model' | 'data set'; endpoint: string; status: number; token: boolean }) =>
      `${e.repo}: ${e.endpoint} refuses this ${e.kind} (status ${e.status}): it does not exist, is private, or requires its terms to be accepted; check the name, accept the terms on its page, and ${e.token ? 'check that the token in use (HF_TOKEN) may read it' : 'set HF_TOKEN'}`,
  ),
  MP_HUB_FAILED: kind(
    1,
    502,
    (e: { what: string; problem: string }) =>
      `${e.what}: the download failed: ${e.problem}; try again, the part that arrived is kept`,
  ),
  MP_HUB_DISK: kind(
    1,
    507,
    (e: { path: string; reason: string }) =>
      `${e.path}: the download cannot be written (${e.reason}); free some space, or set HF_HOME to a folder elsewhere`,
  ),
  MP_HUB_PUSH: kind(
    1,
    502,
    (e: { repo: string; problem: string; todo: string }) =>
      `${e.repo}: the model was not uploaded: ${e.problem}; ${e.todo}`,
  ),

  // the browser
  MP_WEB_FETCH: kind(
    1,
    502,
    (e: { url: string; problem: string }) =>
      `${e.url}: the file cannot be read (${e.problem}); check the address, and that its server lets this page read it`,
  ),
  MP_WEB_DEVICE: kind(
    2,
    400,
    (e: { device: string; reason: string }) =>
      `this browser has no ${e.device} (${e.reason}); leave device out to compute in WebAssembly`,
  ),
  MP_WEB_RUNTIME: kind(
    1,
    500,
    (e: { reason: string }) =>
      `the engine does not start in this page (${brief(e.reason)}); serve all its files from the page's own origin, and allow 'wasm-unsafe-eval' in script-src`,
  ),

  // running
  MP_DEMO_PACKAGE: kind(
    1,
    500,
    (e: { packages: readonly string[] }) =>
      `the demo needs ${list(e.packages)}, not installed here; run npm install ${e.packages.join(' ')}`,
  ),
  MP_BENCH_PEER: kind(
    1,
    400,
    (e: { peer: string; problem: string; todo: string }) => `${e.peer} cannot be measured: ${e.problem}; ${e.todo}`,
  ),
  MP_DEADLINE: kind(
    1,
    503,
    (e: { deadlineMs: number }) =>
      `there was no answer within ${e.deadlineMs} ms; allow more time, a larger tau, or fewer texts at once`,
  ),
  MP_RUNTIME: kind(
    1,
    503,
    (e: { reason: string; todo: string }) =>
      `the native ONNX Runtime was asked for, and ${e.reason}; ${e.todo}, or leave the choice of device out`,
  ),
  MP_WORKER_LOST: kind(
    1,
    503,
    (e: { tries: number }) => `a worker thread crashed ${e.tries} times on the same texts; report these texts`,
  ),
  MP_TEXT_STALLED: kind(
    1,
    503,
    (e: { stallMs: number }) =>
      `a text could not be tokenised within ${e.stallMs} ms, so it was given up; shorten it, or check the model's tokenizer.json`,
  ),
  MP_MODEL_STALLED: kind(
    1,
    400,
    (e: { path: string; stallMs: number }) =>
      `${e.path}: loading the model got stuck and was stopped (nothing happened for ${e.stallMs} ms, or it took 20 times as long); check its files, above all tokenizer.json, or allow more time (stallMs, --stall-timeout)`,
  ),
  // serving
  MP_MODEL_UNKNOWN: kind(
    2,
    404,
    (e: { name: string; names: readonly string[] }) =>
      `there is no model "${brief(e.name)}"; the models are ${list(e.names)}`,
  ),
  MP_BATCH_LARGE: kind(
    2,
    413,
    (e: { inputs: number; most: number }) =>
      `the request has ${e.inputs} inputs, and at most ${e.most} are allowed; send fewer at once, or raise --max-client-batch-size`,
  ),
  MP_TEXT_LONG: kind(
    2,
    413,
    (e: { index: number; maxLength: number; unit?: 'characters' | 'bytes'; line?: number }) =>
      `${e.line === undefined ? `input ${e.index}` : `line ${e.line}`} is longer than ${e.maxLength} ${e.unit ?? 'tokens'}; shorten it${e.unit ? '' : ', or allow it to be truncated'}`,
  ),
  MP_OVERLOADED: kind(
    1,
    429,
    (e: { retryAfterS: number }) => `the queue is full; try again in ${e.retryAfterS} s, or send fewer requests`,
  ),
  MP_DEADLINE_EARLY: kind(
    1,
    429,
    (e: { deadlineMs: number; expectedMs: number; retryAfterS: number }) =>
      `an answer would take about ${Math.round(e.expectedMs)} ms, more than the ${e.deadlineMs} ms allowed; allow more time, or try again in ${e.retryAfterS} s`,
  ),
  MP_CLIENT_GONE: kind(
    1,
    499,
    (_: object) => 'the client disconnected before the answer was ready; its work was dropped',
  ),
  MP_REQUEST: kind(2, 400, (e: { problem: string }) => `${e.problem}; see /docs for what a request looks like`),
  MP_MEDIA_TYPE: kind(2, 415, (e: { what: string; todo: string }) => `${e.what}; ${e.todo}`),
  MP_KEY: kind(
    2,
    401,
    (e: { header: string }) => `the request has no valid key; send the header "${e.header}: Bearer KEY"`,
  ),
  MP_ADMIN_CLOSED: kind(
    2,
    403,
    (e: { why: string }) => `${e.why}; set --admin-key-file, and send one of its keys as "Authorization: Bearer KEY"`,
  ),
  MP_HOST: kind(
    2,
    403,
    (e: { host: string }) =>
      `the request is for the host "${brief(e.host)}", which this server does not answer to; use localhost, or allow the name with --allowed-hosts`,
  ),
  MP_BODY_SLOW: kind(
    2,
    408,
    (e: { seconds: number; least: number }) =>
      `the body had not arrived after ${e.seconds} s; send it without pauses, at least ${e.least} bytes a second`,
  ),
  MP_LISTEN: kind(
    1,
    500,
    (e: { hostname: string; port: number; reason: string }) =>
      `cannot listen on ${e.hostname}:${e.port} (${e.reason}); give another --port or --hostname`,
  ),
  MP_OTEL_PACKAGE: kind(
    1,
    500,
    (e: { packages: readonly string[] }) =>
      `--otlp-endpoint needs ${list(e.packages)}, not installed here; run npm install ${e.packages.join(' ')}`,
  ),

  // many machines
  MP_QUEUE_PACKAGE: kind(
    1,
    500,
    (e: { packages: readonly string[] }) =>
      `this queue needs ${list(e.packages)}, not installed here; run npm install ${e.packages.join(' ')}`,
  ),
  MP_QUEUE: kind(
    1,
    503,
    (e: { queue: string; reason: string }) =>
      `the queue at ${e.queue} is not reached (${e.reason}); start it, or give its address with --queue`,
  ),
  MP_S3_PACKAGE: kind(
    1,
    500,
    (e: { packages: readonly string[] }) =>
      `s3:// addresses need ${list(e.packages)}, not installed here; run npm install ${e.packages.join(' ')}`,
  ),
  MP_S3: kind(1, 503, (e: { path: string; problem: string; todo: string }) => `${e.path}: ${e.problem}; ${e.todo}`),
  MP_JOBS_MODEL: kind(
    2,
    409,
    (e: { path: string; expected: string; model: string; found: string }) =>
      `${e.path} is answered by the model ${e.expected}, and ${e.model} is another one (${e.found}); give --model with the model that the run was submitted with`,
  ),
  MP_JOBS_FAILED: kind(
    1,
    500,
    (e: { path: string; failed: number; shards: number; noun?: string }) =>
      `${e.failed} of ${e.shards} ${e.noun ?? 'shard'}s failed ("jobs status ${e.path}" gives the reasons); fix that, and run "jobs retry ${e.path}"`,
  ),
} as const satisfies Record<string, ErrorKind>;

/** The code of an error that a user can meet; docs/errors.md explains each. */
export type ErrorCode = keyof typeof catalogue;
type Details<C extends ErrorCode> = Parameters<(typeof catalogue)[C]['sentence']>[0];

/** An error of the catalogue. `details` are the values its sentence was made from. */
export class PyramidError<C extends ErrorCode = ErrorCode> extends Error {
  /** Says which error it is; it stays when the sentence changes. */
  readonly code: C;
  /** What the sentence is made of. */
  readonly details: Details<C>;
  /** 1: the work failed. 2: the call was wrong. */
  readonly exitCode: 1 | 2;
  /** What the server answers with. */
  readonly httpStatus: number;

  constructor(code: C, details: Details<C>, options?: { cause?: unknown }) {
    const entry = catalogue[code];
    super((entry.sentence as (d: Details<C>) => string)(details), options);
    this.name = 'PyramidError';
    this.code = code;
    this.details = details;
    this.exitCode = entry.exitCode;
    this.httpStatus = entry.httpStatus;
  }
}
