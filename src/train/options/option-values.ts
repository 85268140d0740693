/**
 * Values of training options that are no plain number or text: epochs by stage, class weights, a threshold or `auto`, a
 * separator. Each is read from a flag, a configuration file or a call; undefined where it is none. defaults.ts has the table.
 */
import { toNumber } from '../../option.ts';
import { SCHEDULES, type ScheduleName } from '../step/schedule.ts';

/** Passes over the training rows, by stage; a stage that the method does not have is not run. */
export interface Epochs {
  /** Of the network as it is. */
  readonly regular: number;
  /** While the thresholds of pruning are learned. */
  readonly soft: number;
  /** With tokens removed. */
  readonly hard: number;
  /** Of the exit heads, from the finished network. */
  readonly heads: number;
}

/** For all stages, or by stage in their order or by name; of a stage that is left out the default. */
export type GivenEpochs = number | readonly number[] | Partial<Epochs>;

export const DEFAULT_EPOCHS: Epochs = { regular: 3, soft: 1, hard: 2, heads: 10 };

/** Weights of the labels in the loss: none, by how rare each is, or by name. */
export type ClassWeights = 'none' | 'auto' | Readonly<Record<string, number>>;

const stageNames = ['regular', 'soft', 'hard', 'heads'] as const;

export function readDelta(raw: unknown): number | 'auto' | undefined {
  if (raw === 'auto') return raw;
  const value = toNumber(raw);
  return value !== undefined && value >= 0 && value <= 1 ? value : undefined;
}

const delimiters: Readonly<Record<string, string>> = {
  comma: ',',
  semicolon: ';',
  tab: '\t',
  '\\t': '\t',
  pipe: '|',
};

export function readDelimiter(raw: unknown): string | undefined {
  if (typeof raw !== 'string') return undefined;
  if (Object.hasOwn(delimiters, raw)) return delimiters[raw];
  return raw.length === 1 && !/["\r\n]/.test(raw) ? raw : undefined;
}

/** `3`, `3,1,2,10`, [3, 1, 2, 10] or {regular: 3, …}. */
export function readEpochs(raw: unknown): Epochs | undefined {
  const given = typeof raw === 'string' ? raw.split(',') : typeof raw === 'number' ? [raw] : raw;
  if (typeof given !== 'object' || given === null) return undefined;
  const entries: (readonly [string, unknown])[] = Array.isArray(given)
    ? given.map((value, i) => [stageNames[i] ?? '', value])
    : Object.entries(given);
  const epochs: Record<string, number> = { ...DEFAULT_EPOCHS };
  for (const [stage, value] of entries) {
    if (value === undefined) continue; // left out, as any option that is undefined
    const count = toNumber(value);
    if (!stageNames.some((name) => name === stage) || !Number.isInteger(count) || count! < 0 || count! > 1000) {
      return undefined;
    }
    epochs[stage] = count!;
  }
  return entries.length === 0 ? undefined : (epochs as unknown as Epochs);
}

/** `true` and `false` are of Hugging Face's load_best_model_at_end. */
export function readKeep(raw: unknown): 'best' | 'last' | undefined {
  if (raw === 'best' || raw === true || raw === 'true') return 'best';
  return raw === 'last' || raw === false || raw === 'false' ? 'last' : undefined;
}

/** One of ours, or transformers' name of one. */
export const readSchedule = (raw: unknown): ScheduleName | undefined =>
  raw === 'constant_with_warmup' ? 'constant' : SCHEDULES.find((name) => name === raw);

/** `none`, `auto`, `ham=1,spam=2`, or {ham: 1, spam: 2} as JSON or as an object. */
export function readClassWeights(raw: unknown): ClassWeights | undefined {
  if (raw === 'none' || raw === 'auto') return raw;
  let entries: (readonly [string, unknown])[];
  if (typeof raw === 'string') {
    const json = raw.trimStart().startsWith('{') ? parseJson(raw) : undefined;
    // a label may hold an equals sign itself, a weight cannot
    entries = json
      ? Object.entries(json)
      : raw.split(',').map((part) => [part.slice(0, part.lastIndexOf('=')), part.slice(part.lastIndexOf('=') + 1)]);
  } else if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) {
    entries = Object.entries(raw);
  } else return undefined;
  const weights: (readonly [string, number])[] = [];
  for (const [name, value] of entries) {
    const label = name.trim(); // as labels of rows are read
    const weight = toNumber(value);
    if (label === '' || weight === undefined || !(weight > 0 && Number.isFinite(weight))) return undefined;
    if (weights.some(([other]) => other === label)) return undefined;
    weights.push([label, weight]);
  }
  // not by assignment, which has a meaning of its own for the label __proto__
  return entries.length === 0 ? undefined : Object.fromEntries(weights);
}

function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** `a.csv,b/*.jsonl`, or a list of names. */
export function readFiles(raw: unknown): readonly string[] | undefined {
  const names = typeof raw === 'string' ? raw.split(',').map((name) => name.trim()) : raw;
  return Array.isArray(names) && names.every((name) => typeof name === 'string' && name !== '') ? names : undefined;
}
