/**
 * A configuration file: the options of one command, one `name: value` a line, as YAML or JSON. Names may be spelled as
 * on the command line, as in the library or as Hugging Face has them; values are checked as those of flags are.
 */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { PyramidError } from '../../errors.ts';
import { nearest } from '../../nearest.ts';
import { readOption } from '../../option.ts';
import { systemLimit } from '../../system-limit.ts';
import { keyOf, type Table } from './spelling.ts';

/** @throws MP_FILE_MISSING, MP_CONFIG_FILE, MP_OPTION_UNKNOWN, MP_OPTION_VALUE */
export async function readConfigFile(path: string, table: Table): Promise<Record<string, unknown>> {
  const config: Record<string, unknown> = {};
  for (const [name, raw] of Object.entries(await readMap(path))) {
    const key = keyOf(table, name);
    if (key === undefined) {
      throw new PyramidError('MP_OPTION_UNKNOWN', { path, key: name, nearest: nearest(name, Object.keys(table)) });
    }
    if (key in config) throw new PyramidError('MP_CONFIG_FILE', { path, problem: `gives ${key} more than once` });
    config[key] = readOption(table[key], raw, `${path}: ${name}`);
  }
  return config;
}

async function readMap(path: string): Promise<object> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw systemLimit(cause) ?? new PyramidError('MP_FILE_MISSING', { path, what: 'configuration file' }, { cause });
  }
  let value: unknown;
  try {
    value = parse(text, { logLevel: 'error' }); // JSON is YAML too
  } catch (cause) {
    const problem = (cause as Error).message.split('\n')[0].replace(/:$/, '');
    throw new PyramidError('MP_CONFIG_FILE', { path, problem: `is neither JSON nor YAML (${problem})` }, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PyramidError('MP_CONFIG_FILE', { path, problem: 'holds no options' });
  }
  return value;
}
