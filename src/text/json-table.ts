/**
 * JSON lines (streamed) and JSON arrays (read whole) as tables. The columns are the keys of the first object.
 */
import { PyramidError } from '../errors.ts';
import type { Table, TableRow } from './table.ts';
import { utf8Lines, utf8Stream } from './utf8-stream.ts';

type Parsed =
  | { readonly kind: 'object'; readonly line: number; readonly value: Readonly<Record<string, unknown>> }
  | { readonly kind: 'problem'; readonly line: number; readonly problem: string };

/** @throws as `utf8Stream` */
export const openJsonLines = (path: string): Promise<Table> => tableOf(parseLines(path));

/**
 * A `.json` file: an array of objects, or JSON lines all the same.
 * @throws as `utf8Stream`; MP_DATA_FILE for an array that does not parse
 */
export async function openJson(path: string): Promise<Table> {
  let start = '';
  for await (const text of utf8Stream(path)) {
    start += text;
    if (start.trim()) break;
  }
  return start.trimStart().startsWith('[') ? tableOf(parseArray(path)) : openJsonLines(path);
}

async function tableOf(parsed: AsyncGenerator<Parsed>): Promise<Table> {
  const held: Parsed[] = [];
  let columns: readonly string[] = [];
  // rows before the first good one are handed on with the others
  for (;;) {
    const next = await parsed.next();
    if (next.done) break;
    held.push(next.value);
    if (next.value.kind === 'object') {
      columns = Object.keys(next.value.value);
      break;
    }
  }
  async function* rows(): AsyncGenerator<TableRow> {
    const row = (p: Parsed): TableRow =>
      p.kind === 'problem' ? p : { kind: 'row', line: p.line, cells: columns.map((name) => own(p.value, name)) };
    for (const p of held) yield row(p);
    for await (const p of parsed) yield row(p);
  }
  return { columns, rows: rows() };
}

const own = (value: Readonly<Record<string, unknown>>, name: string) =>
  Object.hasOwn(value, name) ? value[name] : undefined;

async function* parseLines(path: string): AsyncGenerator<Parsed> {
  let line = 0;
  for await (const text of utf8Lines(path)) {
    line++;
    if (!text.trim()) continue;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      yield { kind: 'problem', line, problem: `the line is not JSON (${(error as Error).message})` };
      continue;
    }
    yield objectOf(value, line);
  }
}

async function* parseArray(path: string): AsyncGenerator<Parsed> {
  let values: unknown[];
  try {
    const texts: string[] = [];
    for await (const text of utf8Stream(path)) texts.push(text);
    values = JSON.parse(texts.join('')) as unknown[];
  } catch (error) {
    if (error instanceof PyramidError) throw error;
    const problem = `the array is not JSON (${(error as Error).message})`;
    throw new PyramidError('MP_DATA_FILE', { path, problem }, { cause: error });
  }
  for (const [i, value] of values.entries()) yield objectOf(value, i + 1);
}

function objectOf(value: unknown, line: number): Parsed {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return { kind: 'object', line, value: value as Readonly<Record<string, unknown>> };
  }
  const found = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
  return { kind: 'problem', line, problem: `the row is ${found}, not an object` };
}
