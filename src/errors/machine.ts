/**
 * The errors that only a machine with a disk can meet: files of rows, training, the hub, the server, many machines. The build for
 * browsers leaves this file out (scripts/without-machine.mjs): what a page can meet stands in anywhere.ts.
 */
import { brief, type ErrorKind, kind, list, moreRows } from './kind.ts';

export const machine = {
  // how the call was made
  MP_CONFIG_FILE: kind(
    2,
    400,
    (e: { path: string; problem: string }) =>
      `${e.path}: ${e.problem}; give a JSON or YAML file of options, one "name: value" a line`,
  ),

  // files and rows
  MP_DATA_EMPTY: kind(
    1,
    400,
    (e: { path: string }) => `${e.path}: the file holds no rows; give one with at least one example`,
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

  // running
  MP_SYSTEM_LIMIT: kind(
    1,
    503,
    (e: { what: string; why: string; reason: string; todo: string }) => `${e.what}: ${e.why} (${e.reason}); ${e.todo}`,
  ),
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
  MP_RUNTIME: kind(
    1,
    503,
    (e: { reason: string; todo: string }) =>
      `the native ONNX Runtime was asked for, and ${e.reason}; ${e.todo}, or leave the choice of device out`,
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
