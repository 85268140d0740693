/**
 * The server's options: flag, environment variables, default, meaning and range, in one table from which `--help`, the
 * check of values and the documentation are made. Names and defaults are Text Embeddings Inference's where they mean
 * the same.
 */
import {
  choiceOption,
  customOption,
  flagOption,
  integerOption,
  numberOption,
  type OptionTable,
  textOption,
  toNumber,
} from '../option.ts';
import { DTYPES, type Dtype } from '../pyramid/folder/model-folder.ts';
import { durationOption } from './duration-option.ts';
import { nameIn } from './http/hosts.ts';
import { readModels } from './model-names.ts';
import type { ModelSource } from './served-model.ts';

export interface ServerOptions {
  readonly model: readonly ModelSource[];
  readonly workers: number | null;
  readonly threads: number | null;
  /** Null: what the model folder says. */
  readonly dtype: Dtype | null;
  /** Null: the model's own. */
  readonly tau: number | 'off' | 'auto' | null;
  readonly maxTau: number | null;
  readonly maxDrop: number;
  readonly sloP95: number | null;
  /** Null: the default where the model has a certificate, else 0. */
  readonly auditRate: number | null;
  readonly auditBudget: number;
  readonly onDrift: OnDrift;
  readonly hostname: string;
  readonly port: number;
  readonly page: boolean;
  readonly corsAllowOrigin: readonly string[];
  readonly allowedHosts: readonly string[];
  readonly maxConcurrentRequests: number;
  readonly maxBatchTokens: number;
  readonly maxClientBatchSize: number;
  readonly maxTextLength: number;
  readonly payloadLimit: number;
  readonly bodyTimeout: number;
  readonly idleTimeout: number;
  readonly shutdownTimeout: number;
  readonly stallTimeout: number;
  readonly apiKey: string | null;
  readonly apiKeyFile: string | null;
  readonly adminKeyFile: string | null;
  readonly jobs: readonly string[];
  readonly queue: string | null;
  readonly logLevel: LogLevel;
  readonly otlpEndpoint: string | null;
  readonly otlpServiceName: string;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];
const ON_DRIFT = ['warn', 'safe'] as const;
type OnDrift = (typeof ON_DRIFT)[number];

const models = 'Models';
const dial = 'Speed and load';
const network = 'Network';
const limits = 'Limits';
const auditing = 'Audits';
const watching = 'Watching';

export const serveTable: OptionTable<ServerOptions> = {
  model: customOption<readonly ModelSource[]>({
    group: models,
    default: [],
    placeholder: '[NAME=]DIR',
    repeatable: true,
    expected:
      'a model folder or a name on the Hugging Face hub, with a name of its own where there are several: spam=runs/spam',
    help: 'a model folder, or its name on the Hugging Face hub; may be repeated; the first is the default model',
    aliases: ['model_id'],
    read: readModels,
  }),
  workers: integerOption<number | null>({
    group: models,
    default: null,
    min: 1,
    max: 1024,
    help: 'worker threads per model; default: one per core',
  }),
  threads: integerOption<number | null>({
    group: models,
    default: null,
    min: 1,
    max: 1024,
    help: 'threads that one worker computes with; default: 1',
  }),
  dtype: customOption<Dtype | null>({
    group: models,
    default: null,
    placeholder: DTYPES.join('|'),
    expected: `one of ${DTYPES.join(', ')}`,
    help: 'precision of matrix products: fp32 or int8; default: what the model folder says, else fp32',
    read: (raw) => (raw === null ? null : DTYPES.find((dtype) => dtype === raw)),
  }),
  tau: customOption<ServerOptions['tau']>({
    group: dial,
    default: null,
    placeholder: 'X|off|auto',
    expected: 'a number from 0 to 1, off, or auto',
    help: "uncertainty threshold for requests that give none: 0 to 1, higher exits earlier; auto follows the load; default: the model's own",
    read(raw) {
      if (raw === 'auto') return 'auto';
      if (raw === 'off' || raw === false) return 'off';
      const tau = toNumber(raw);
      return tau !== undefined && tau >= 0 && tau <= 1 ? tau : undefined;
    },
  }),
  maxTau: numberOption<number | null>({
    group: dial,
    default: null,
    min: 0,
    max: 1,
    help: "highest tau that --tau auto may use; default: the certified tau, else from --max-drop and the model's calibration",
  }),
  maxDrop: numberOption({
    group: dial,
    default: 0.01,
    min: 0,
    max: 1,
    help: 'accuracy that --tau auto may lose, by the calibration of a model without a certificate; 0.01 is one point',
  }),
  sloP95: durationOption<number | null>({
    group: dial,
    default: null,
    help: 'target: 95 of 100 answers take at most this long; requests that would take longer are rejected (429); default with --tau auto: 50ms',
  }),
  auditRate: numberOption<number | null>({
    group: auditing,
    default: null,
    min: 0,
    max: 1,
    help: "share of the texts answered at the model's tau that are run to the end as well, after their answer, to see how often the two answers differ; 0 turns audits off; default: 0.01 where the tau is certified, else 0",
  }),
  auditBudget: numberOption({
    group: auditing,
    default: 0.05,
    min: 0,
    above: true,
    help: 'what audits may cost, as a share of the work that answers are; texts beyond it are not audited',
  }),
  onDrift: choiceOption<OnDrift>({
    group: auditing,
    default: 'warn',
    choices: ON_DRIFT,
    help: 'when early and full answers differ more often than was certified: warn in the log, or also send every text through all layers (safe) until the model is reloaded',
  }),
  hostname: textOption({
    group: network,
    default: '127.0.0.1',
    placeholder: 'ADDRESS',
    help: 'the address to listen on; 0.0.0.0 (or ::) accepts remote clients; use with --api-key-file',
  }),
  port: integerOption({
    group: network,
    short: 'p',
    default: 8080,
    min: 0,
    max: 65_535,
    help: 'the port to listen on; 0 picks a free port',
  }),
  page: flagOption({ group: network, default: true, help: 'do not show the page at /' }),
  corsAllowOrigin: customOption<readonly string[]>({
    group: network,
    default: [],
    placeholder: 'ORIGIN',
    repeatable: true,
    expected: 'an origin such as https://example.com, or *',
    help: 'pages of this origin may send requests; may be repeated, * allows any; default: none',
    read(raw) {
      const origins = (Array.isArray(raw) ? raw : [raw]).flatMap((one) =>
        typeof one === 'string' ? one.split(',') : [],
      );
      return origins.length > 0 && origins.every((one) => one === '*' || /^https?:\/\/[^/\s]+$/.test(one))
        ? origins
        : undefined;
    },
  }),
  allowedHosts: customOption<readonly string[]>({
    group: network,
    default: [],
    placeholder: 'NAME',
    repeatable: true,
    expected: 'host names without a port, such as mails.example.com, or *',
    help: 'host names (Host header) that the server answers to, besides localhost; * allows any; default: any, but on a loopback address without keys only localhost',
    read(raw) {
      const names = (Array.isArray(raw) ? raw : [raw]).flatMap((one) =>
        typeof one === 'string' ? one.split(',') : [''],
      );
      return names.every((one) => one === '*' || nameIn(one) === one.toLowerCase()) ? names : undefined;
    },
  }),
  maxConcurrentRequests: integerOption({
    group: limits,
    default: 512,
    min: 1,
    max: 1_000_000,
    help: 'requests at once, and the same number of arriving bodies; more are rejected (429)',
  }),
  maxBatchTokens: integerOption({
    group: limits,
    default: 16_384,
    min: 1,
    max: 1_000_000_000,
    help: 'tokens in the queue, each counted as if it went through all layers; more are rejected (429)',
  }),
  maxClientBatchSize: integerOption({
    group: limits,
    default: 32,
    min: 1,
    max: 1_000_000,
    help: 'texts in one request',
  }),
  maxTextLength: integerOption({
    group: limits,
    default: 100_000,
    min: 1,
    help: 'characters of a text, its pair included',
  }),
  payloadLimit: integerOption({
    group: limits,
    default: 2_000_000,
    min: 100,
    help: 'bytes of a body',
  }),
  bodyTimeout: durationOption({
    group: limits,
    default: 30_000,
    help: 'how long a body may take to arrive; a stream of lines must bring 100 bytes a second over this time',
  }),
  idleTimeout: durationOption({ group: limits, default: 120_000, help: 'how long a connection may be silent' }),
  shutdownTimeout: durationOption({
    group: limits,
    default: 30_000,
    help: 'how long the server waits for requests when it is stopped',
  }),
  stallTimeout: durationOption({
    group: limits,
    default: 30_000,
    help: 'how long a worker thread may hang before it is replaced',
  }),
  apiKey: textOption<string | null>({
    group: network,
    default: null,
    placeholder: 'KEY',
    help: 'requests must have this key as "Authorization: Bearer KEY"; safer in a file or the environment than on the command line',
  }),
  apiKeyFile: textOption<string | null>({
    group: network,
    default: null,
    placeholder: 'FILE',
    help: 'a file of keys, one per line; a request needs one of them; probes, /metrics, /docs and the page need none',
  }),
  adminKeyFile: textOption<string | null>({
    group: network,
    default: null,
    placeholder: 'FILE',
    help: 'a file of keys for /admin, which loads, unloads and reloads models; without any keys /admin answers only to this machine',
  }),
  jobs: customOption<readonly string[]>({
    group: watching,
    default: [],
    placeholder: 'DIR',
    repeatable: true,
    expected: 'a folder',
    help: "the folder of a run on many machines (--out of jobs submit), with --queue; may be repeated: its progress at /admin/jobs and in the page's Live part, for those who may use /admin",
    read(raw) {
      const folders: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
      return folders.every((one) => typeof one === 'string' && one !== '') ? (folders as string[]) : undefined;
    },
  }),
  queue: textOption<string | null>({
    group: watching,
    default: null,
    placeholder: 'URL',
    help: 'the queue of the runs that --jobs names: redis://, rediss:// or postgres://',
  }),
  logLevel: choiceOption<LogLevel>({
    group: watching,
    default: 'info',
    choices: LOG_LEVELS,
    help: 'what to log on standard output, as JSON lines; debug logs each request; texts are never logged',
  }),
  otlpEndpoint: textOption<string | null>({
    group: watching,
    default: null,
    placeholder: 'URL',
    help: 'send OpenTelemetry traces to this collector, such as http://localhost:4318',
  }),
  otlpServiceName: textOption({
    group: watching,
    default: 'magic-pyramid',
    placeholder: 'NAME',
    help: 'service name in traces',
  }),
};
