/**
 * The errors that can be met wherever a model runs, in a browser's page too: how a call was made, files and rows that a page
 * opens, model folders, running. Those that only a machine with a disk can meet are in machine.ts.
 */
import { brief, type ErrorKind, kind, list, moreRows } from './kind.ts';

export const anywhere = {
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
  MP_DATA_ROW: kind(
    1,
    400,
    (e: { path: string; line: number; problem: string; more?: number; lines?: readonly number[] }) =>
      `${e.path}:${e.line}: ${e.problem}${moreRows(e.more, e.lines)}; fix or remove the row`,
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
  MP_DEADLINE: kind(
    1,
    503,
    (e: { deadlineMs: number }) =>
      `there was no answer within ${e.deadlineMs} ms; allow more time, a larger tau, or fewer texts at once`,
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
  MP_TEXT_LONG: kind(
    2,
    413,
    (e: { index: number; maxLength: number; unit?: 'characters' | 'bytes'; line?: number }) =>
      `${e.line === undefined ? `input ${e.index}` : `line ${e.line}`} is longer than ${e.maxLength} ${e.unit ?? 'tokens'}; shorten it${e.unit ? '' : ', or allow it to be truncated'}`,
  ),
} as const satisfies Record<string, ErrorKind>;
