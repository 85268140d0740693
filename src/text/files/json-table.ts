/**
 * JSON lines and JSON arrays as tables, both streamed. The columns are the keys of the first rows, all of them: a row
 * may lack a key that another has, and a key that first comes later is named with its row.
 */
import { PyramidError } from '../../errors.ts';
import type { FilePart } from './file-part.ts';
import { NOT_UTF8 } from './forgiving-utf8.ts';
import { arrayElements } from './json-elements.ts';
import type { Table, TableRow } from './table.ts';
import { fileLines, fileText } from './text-stream.ts';

type Parsed =
  | {
      readonly kind: 'object';
      readonly line: number;
      readonly value: Readonly<Record<string, unknown>>;
      readonly length: number;
    }
  | { readonly kind: 'problem'; readonly line: number; readonly problem: string };

/** Rows whose keys are columns, and characters of text that they may have together, so that they can be held. */
export const FIRST_ROWS = 1000;
const FIRST_CHARACTERS = 2 ** 24;

/** `columns`: the keys that are columns, where that is settled. @throws as `fileLines` */
export const openJsonLines = (path: string, part?: FilePart, columns?: readonly string[]): Promise<Table> =>
  tableOf(parseLines(path, part), columns);

/**
 * A `.json` file: an array of objects, or JSON lines all the same.
 * @throws as `fileText`; MP_DATA_FILE for an array that does not parse
 */
export async function openJson(path: string, columns?: readonly string[]): Promise<Table> {
  let isArray = false;
  for await (const text of fileText(path)) {
    const start = text.trimStart();
    isArray = start.startsWith('[');
    if (start) break;
  }
  return isArray ? tableOf(parseArray(path), columns) : openJsonLines(path, undefined, columns);
}

async function tableOf(parsed: AsyncGenerator<Parsed>, settled?: readonly string[]): Promise<Table> {
  const held: Parsed[] = [];
  const known = new Set<string>(settled);
  let characters = 0;
  while (!settled && held.length < FIRST_ROWS && characters < FIRST_CHARACTERS) {
    const next = await parsed.next();
    if (next.done) break;
    held.push(next.value);
    if (next.value.kind === 'problem') continue;
    characters += next.value.length;
    for (const key of Object.keys(next.value.value)) known.add(key);
  }
  const columns = [...known];
  async function* rows(): AsyncGenerator<TableRow> {
    const row = (p: Parsed): TableRow => {
      if (p.kind === 'problem') return p;
      const keys = Object.keys(p.value);
      // mostly every row has the same keys in the same order
      if (keys.length === columns.length && keys.every((key, i) => key === columns[i])) {
        return { kind: 'row', line: p.line, cells: keys.map((key) => p.value[key]) };
      }
      const others = keys.filter((key) => !known.has(key));
      const cells = columns.map((name) => own(p.value, name));
      return { kind: 'row', line: p.line, cells, ...(others.length > 0 && { others }) };
    };
    try {
      for (const p of held) yield row(p);
      for await (const p of parsed) yield row(p);
    } finally {
      await parsed.return(undefined);
    }
  }
  return { columns, rows: rows(), close: async () => void (await parsed.return(undefined)) };
}

const own = (value: Readonly<Record<string, unknown>>, name: string) =>
  Object.hasOwn(value, name) ? value[name] : undefined;

async function* parseLines(path: string, part?: FilePart): AsyncGenerator<Parsed> {
  let line = part?.line ?? 0;
  for await (const text of fileLines(path, part)) {
    line++;
    if (text === null) {
      yield { kind: 'problem', line, problem: NOT_UTF8 };
      continue;
    }
    if (!text.trim()) continue;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      yield { kind: 'problem', line, problem: `the line is not JSON (${(error as Error).message})` };
      continue;
    }
    yield objectOf(value, line, text.length);
  }
}

async function* parseArray(path: string): AsyncGenerator<Parsed> {
  let row = 0;
  for await (const text of arrayElements(fileText(path), path)) {
    row++;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      const problem = `row ${row} of the array is not JSON (${(error as Error).message})`;
      throw new PyramidError('MP_DATA_FILE', { path, problem }, { cause: error });
    }
    yield objectOf(value, row, text.length);
  }
}

function objectOf(value: unknown, line: number, length: number): Parsed {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return { kind: 'object', line, value: value as Readonly<Record<string, unknown>>, length };
  }
  const found = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
  return { kind: 'problem', line, problem: `the row is ${found}, not an object` };
}
