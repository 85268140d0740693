/**
 * A model by path or by hub id: a folder that exists is taken as it is, else the id's files are fetched into the cache
 * (configuration, safetensors weights, floor 0's tables, tokeniser; nothing else of the repository).
 */
import { stat } from 'node:fs/promises';
import { PyramidError } from '../errors.ts';
import { OTHER_WEIGHTS } from '../other-weights.ts';
import { type Choose, type HubCallbacks, Unfit } from './choose.ts';
import { modelRepo } from './repo.ts';
import { type HubSettings, hubSettings } from './settings.ts';

export interface ResolveModelOptions extends HubCallbacks {
  readonly hub?: HubSettings;
}

const TOKENIZER = [
  'tokenizer.json',
  'vocab.txt',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
];
const WEIGHTS = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
/** Floor 0's tables; all that a model without a network has. */
const FLOOR = 'floor.safetensors';

/**
 * The folder of the model `dirOrId`: a path, `name`, `org/name`, or an id with `@revision`.
 * Throws MP_FILE_MISSING, MP_HUB_OFFLINE, MP_HUB_MISSING, MP_HUB_ACCESS, MP_HUB_FAILED, MP_HUB_DISK.
 *
 * @example
 * const dir = await resolveModel('distilbert/distilbert-base-uncased', { onProgress: console.log });
 */
export async function resolveModel(dirOrId: string, { hub, ...callbacks }: ResolveModelOptions = {}): Promise<string> {
  const found = await stat(dirOrId).catch(() => null);
  if (found?.isDirectory()) return dirOrId;
  const repo = found ? null : modelRepo(dirOrId);
  if (!repo) throw new PyramidError('MP_FILE_MISSING', { path: dirOrId, what: 'model folder' });
  const { snapshot } = await import('./snapshot.ts'); // loads the hub's client
  return (await snapshot(repo, modelFiles(repo.name), hub ?? hubSettings(), callbacks)).dir;
}

/** What is downloaded of the model `id`, and all that it needs to be opened. */
export const modelFiles =
  (id: string): Choose =>
  async (paths, read) => {
    const needed = (name: string): string => {
      if (!paths.includes(name)) throw new Unfit(`the model has no ${name}`);
      return name;
    };
    const tokenizer = TOKENIZER.filter((name) => paths.includes(name));
    if (!tokenizer.includes('tokenizer.json') && !tokenizer.includes('vocab.txt'))
      throw new Unfit('the model has neither tokenizer.json nor vocab.txt');
    const other = OTHER_WEIGHTS.find(({ name }) => paths.includes(name));
    const safe = paths.includes(WEIGHTS) || paths.includes(INDEX);
    if (!safe && other) {
      const todo = other.todo.replaceAll('DIR', id);
      throw new Unfit(`the model has no ${WEIGHTS}, only ${other.name}: ${other.what}; ${todo}`);
    }
    const floor = paths.includes(FLOOR) ? [FLOOR] : [];
    const files = [needed('config.json'), ...tokenizer, ...floor];
    if (!safe && floor.length > 0) return files;
    if (!paths.includes(INDEX) || paths.includes(WEIGHTS)) return [...files, needed(WEIGHTS)];
    return [...files, INDEX, ...shards(await read(INDEX)).map(needed)];
  };

function shards(index: string): string[] {
  let map: unknown;
  try {
    map = (JSON.parse(index) as { weight_map?: unknown }).weight_map;
  } catch {
    map = null;
  }
  const names = [...new Set(typeof map === 'object' && map !== null ? Object.values(map as object) : [])];
  if (names.length === 0 || !names.every((name) => typeof name === 'string'))
    throw new Unfit(`the model's ${INDEX} names no files`);
  return names.sort() as string[];
}
