import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { catalogue, type ErrorCode, PyramidError } from '../src/errors.ts';

type Details<C extends ErrorCode> = Parameters<(typeof catalogue)[C]['sentence']>[0];

// Each code with the forms its details can take: an error without an example does not compile, and fails below.
const path = 'data/train.csv';
const examples: { readonly [C in ErrorCode]: readonly [Details<C>, ...Details<C>[]] } = {
  MP_USAGE: [{ what: '--out is missing', todo: 'give a folder' }],
  MP_OPTION_VALUE: [{ option: '--batch-size', value: '0', expected: 'a whole number from 1 to 4096' }],
  MP_OPTION_UNKNOWN: [
    { path, key: 'bachSize', nearest: 'batchSize' },
    { path: null, key: 'zzz', nearest: null },
  ],
  MP_CONFIG_FILE: [{ path, problem: 'holds no options' }],
  MP_TAU_RANGE: [{ tau: 2 }, { tau: '0.5' }],
  MP_TEXT_TYPE: [{ index: 3, got: 'a number' }],
  MP_CLOSED: [{ what: 'model' }],
  MP_FILE_MISSING: [
    { path, what: 'file' },
    { path, what: 'file', found: 'a folder' },
  ],
  MP_DATA_EMPTY: [{ path }],
  MP_DATA_ROW: [
    { path, line: 7, problem: 'there is no label' },
    { path, line: 7, problem: 'there is no label', more: 0 },
    { path, line: 7, problem: 'there is no label', more: 2 },
    { path, line: 7, problem: 'there is no label', more: 9, lines: [8, 9, 12] },
  ],
  MP_DATA_COLUMN: [
    { path, column: 'body', columns: ['text', 'label'] },
    { path, column: 'text', columns: ['text;label'], separator: 'semicolons' },
  ],
  MP_DATA_FILE: [
    { path, problem: 'is no parquet file' },
    { path, problem: 'the text is UTF-32', todo: 'save it as UTF-8' },
  ],
  MP_DATA_FORMAT: [{ path, known: ['csv', 'tsv'] }],
  MP_DATA_LABEL: [
    { path, line: 7, label: 'Spam', labels: ['ham', 'spam'] },
    { path, line: 7, label: 'Spam', labels: ['ham', 'spam'], more: 1, lines: [9] },
  ],
  MP_DATA_ONE_CLASS: [{ path, label: 'ham' }],
  MP_DATA_FEW: [{ path, rows: 3, batchSize: 32 }],
  MP_TASK_UNKNOWN: [{ task: 'sst3', tasks: ['qqp', 'rte'] }],
  MP_MODEL_ARCHITECTURE: [{ path, found: 't5', known: ['bert'] }],
  MP_MODEL_CONFIG: [
    { path, problem: 'hidden_size is missing' },
    { path, problem: 'id2label is a list', todo: 'write it as an object' },
  ],
  MP_MODEL_FILE: [
    { path, problem: 'the header is 9 bytes long' },
    { path, problem: 'it is a folder, no file', todo: 'put the file in its place' },
  ],
  MP_MODEL_TOKENIZER: [
    { path, part: 'the normalizer "Precompiled"' },
    { path, part: 'a byte order mark', todo: 'save the file without it' },
  ],
  MP_MODEL_TENSOR_MISSING: [{ path, name: 'classifier.weight' }],
  MP_MODEL_TENSOR_SHAPE: [{ path, name: 'classifier.weight', found: [2, 8], expected: [3, 8] }],
  MP_MODEL_VOCABULARY: [{ path, pieces: 101, rows: 100 }],
  MP_MODEL_LABELS: [{ path, problem: 'there is no id2label' }],
  MP_MODEL_LOGITS: [{ layer: 2, logits: [Number.NaN, 1.5] }],
  MP_MODEL_HEADS: [{ method: 'ltp' }, { method: 'linear' }],
  MP_TRAIN_LOSS: [
    { stage: 'soft', step: 12, loss: Number.NaN, checkpoint: null },
    { stage: 'soft', step: 12, loss: Number.POSITIVE_INFINITY, checkpoint: 'runs/a/checkpoint' },
  ],
  MP_RESUME_MISMATCH: [{ path, option: 'seed', before: '0', now: '1' }],
  MP_OUT_EXISTS: [
    { path, found: 'already holds a run' },
    { path, found: 'holds a finished run' },
    { path, found: 'is not empty' },
    { path, found: 'is a file' },
    { path, found: 'is not a folder' },
    { path, found: 'is there already' },
  ],
  MP_OUT_BUSY: [
    { path, holder: null },
    { path, holder: { pid: 12, host: 'box', since: '2026-01-02T03:04:05.678Z' } },
  ],
  MP_TRAIN_STOPPED: [
    { stage: 'soft', step: 12, checkpoint: null },
    { stage: 'soft', step: 12, checkpoint: 'runs/a.checkpoint.safetensors' },
  ],
  MP_WRITE: [
    { path, reason: 'ENOSPC' },
    { path: 'standard output', reason: 'ENOSPC', partly: true },
  ],
  MP_RUNS_FAILED: [
    { failed: 1, out: path },
    { failed: 3, out: path },
  ],
  MP_RUN_LOST: [
    { run: 'mrpc, mp', how: 'was killed by SIGKILL' },
    { run: 'mrpc', how: 'ended with exit code 134' },
  ],
  MP_CALIBRATION: [{ speedup: 9, most: 2.5 }],
  MP_QUANTIZE: [{ disagreement: 0.034, most: 0.01, rows: 500 }],
  MP_HUB_OFFLINE: [
    { repo: 'org/name', kind: 'model', cache: '/home/me/.cache', reason: 'HF_HUB_OFFLINE is set' },
    { repo: 'org/name', kind: 'data set', cache: '/home/me/.cache', reason: 'HF_HUB_OFFLINE is set' },
  ],
  MP_HUB_MISSING: [{ repo: 'org/name', endpoint: 'https://hub', problem: 'there is no such model' }],
  MP_HUB_ACCESS: [
    { repo: 'org/name', kind: 'model', endpoint: 'https://hub', status: 401, token: false },
    { repo: 'org/name', kind: 'data set', endpoint: 'https://hub', status: 403, token: true },
  ],
  MP_HUB_FAILED: [{ what: 'org/name', problem: 'the connection ended early' }],
  MP_HUB_DISK: [{ path, reason: 'the disk is full' }],
  MP_HUB_PUSH: [{ repo: 'org/name', problem: 'https://hub refuses the token (status 401)', todo: 'set HF_TOKEN' }],
  MP_WEB_FETCH: [{ url: 'https://example.org/model/config.json', problem: 'the server did not answer' }],
  MP_WEB_DEVICE: [{ device: 'webgpu', reason: 'no adapter' }],
  MP_WEB_RUNTIME: [{ reason: 'WebAssembly is not allowed' }],
  MP_SYSTEM_LIMIT: [
    {
      what: 'a worker thread cannot be started',
      why: 'there is not enough memory',
      reason: 'ENOMEM',
      todo: 'free some',
    },
  ],
  MP_DEMO_PACKAGE: [{ packages: ['a', 'b'] }],
  MP_BENCH_PEER: [
    { peer: 'pytorch', problem: 'python3 has no torch', todo: 'python3 -m pip install torch transformers' },
  ],
  MP_DEADLINE: [{ deadlineMs: 250 }],
  MP_RUNTIME: [{ reason: 'onnxruntime-node is not installed', todo: 'run npm install onnxruntime-node' }],
  MP_WORKER_LOST: [{ tries: 3 }],
  MP_TEXT_STALLED: [{ stallMs: 30_000 }],
  MP_MODEL_STALLED: [{ path, stallMs: 30_000 }],
  MP_MODEL_UNKNOWN: [{ name: 'spam', names: ['mails', 'topics'] }],
  MP_BATCH_LARGE: [{ inputs: 300, most: 32 }],
  MP_TEXT_LONG: [
    { index: 0, line: 7, maxLength: 128 },
    { index: 0, line: 7, maxLength: 2_000_000, unit: 'bytes' },
    { index: 3, maxLength: 128 },
    { index: 0, maxLength: 100_000, unit: 'characters' },
  ],
  MP_OVERLOADED: [{ retryAfterS: 2 }],
  MP_DEADLINE_EARLY: [{ deadlineMs: 20, expectedMs: 120.3, retryAfterS: 1 }],
  MP_CLIENT_GONE: [{}],
  MP_REQUEST: [{ problem: 'the body is not JSON' }],
  MP_MEDIA_TYPE: [{ what: 'Content-Type is "text/csv"', todo: 'send application/json' }],
  MP_KEY: [{ header: 'Authorization' }],
  MP_ADMIN_CLOSED: [{ why: 'without an admin key /admin answers only to this machine' }],
  MP_HOST: [{ host: 'evil.example:8080' }],
  MP_BODY_SLOW: [{ seconds: 30, least: 100 }],
  MP_LISTEN: [{ hostname: '127.0.0.1', port: 80, reason: 'EACCES' }],
  MP_OTEL_PACKAGE: [{ packages: ['@opentelemetry/api', '@opentelemetry/sdk-node'] }],
  MP_QUEUE_PACKAGE: [{ packages: ['bullmq', 'ioredis'] }],
  MP_QUEUE: [{ queue: 'redis://127.0.0.1:6379', reason: 'connect ECONNREFUSED' }],
  MP_S3_PACKAGE: [{ packages: ['@aws-sdk/client-s3'] }],
  MP_S3: [{ path: 's3://bucket/a.csv', problem: 'there is no bucket "bucket"', todo: 'check its name' }],
  MP_JOBS_MODEL: [{ path, expected: '0123456789ab', model: 'runs/mails', found: 'ba9876543210' }],
  MP_JOBS_FAILED: [{ path, failed: 1, shards: 40 }],
};
const codes = Object.keys(catalogue) as ErrorCode[];

describe('the error catalogue', () => {
  test.each(codes)('%s renders as one sentence with its values in it', (code) => {
    for (const details of examples[code] ?? [undefined as never]) {
      const error = new PyramidError(code, details as Details<typeof code>);
      expect(error).toMatchObject({ code, details, name: 'PyramidError', exitCode: catalogue[code].exitCode });
      expect(error.message).not.toMatch(/undefined|null,|\[object|\n|\.$/);
      expect(error.message.length).toBeGreaterThan(20);
      for (const value of Object.values(details).flat()) {
        if (typeof value === 'string') expect(error.message).toContain(value);
      }
    }
  });

  test('shortens long lists and says how much is missing', () => {
    const columns = Array.from({ length: 30 }, (_, i) => `c${i}`);
    expect(new PyramidError('MP_DATA_COLUMN', { path, column: 'x', columns }).message).toContain('c11 and 18 more');
  });

  test('shows of a value out of a file its beginning, on one line', () => {
    const label = `first line\nsecond ${'x'.repeat(1000)}`;
    const { message } = new PyramidError('MP_DATA_LABEL', { path, line: 2, label, labels: [label, 'ham'] });
    expect(message).toContain('label "first line second xxx');
    expect(message).not.toContain('\n');
    expect(message.length).toBeLessThan(300);
  });

  test('keeps the cause', () => {
    const cause = new Error('ENOSPC');
    expect(new PyramidError('MP_WRITE', { path, reason: 'ENOSPC' }, { cause }).cause).toBe(cause);
  });

  test('has a section for each code in docs/errors.md, with its exit code and HTTP status, and no other', () => {
    const sections = readFileSync('docs/errors.md', 'utf8').split(/^### /m).slice(1);
    expect(sections.map((section) => section.split('\n')[0]).sort()).toEqual([...codes].sort()); // docs/errors.md is by subject
    for (const section of sections) {
      const { exitCode, httpStatus } = catalogue[section.split('\n')[0] as ErrorCode];
      expect(section).toContain(`Exit code ${exitCode}, HTTP status ${httpStatus}.`);
      for (const part of ['Meaning', 'Likely causes', 'What to do']) {
        expect(section).toMatch(new RegExp(`^- \\*\\*${part}\\*\\*: \\S.{20,}\\.$`, 'm'));
      }
    }
  });
});
