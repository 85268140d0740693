/**
 * Parquet files as tables, read in a thread that is stopped if it makes no progress. Numbered labels get the names that
 * the metadata of Hugging Face's `datasets` (ClassLabel) has for them.
 */
import { PyramidError } from '../../errors.ts';
import { unreadable } from './data-file.ts';
import type { FilePart } from './file-part.ts';
import type { FromParquet, ToParquet } from './parquet-messages.ts';
import { giveThread, takeThread } from './parquet-thread.ts';
import { type Table, type TableRow, UnreadableCell } from './table.ts';

/** `part`: numbers of row groups. @throws MP_DATA_FILE if it is no parquet file, or a truncated or corrupt one; MP_FILE_MISSING if it cannot be read; MP_SYSTEM_LIMIT */
export async function openParquet(path: string, part?: FilePart): Promise<Table> {
  const thread = takeThread();
  let open = true;
  const close = async () => {
    if (!open) return;
    open = false;
    if (thread.lost) return;
    // what it is computing now is wanted no more, and may be long
    await thread.end();
  };
  const ask = async (message: ToParquet): Promise<FromParquet> => {
    let answer: FromParquet;
    try {
      answer = await thread.ask(message);
    } catch (error) {
      if (error instanceof PyramidError) throw error; // the thread did not start: there is nothing to give back
      answer = { kind: 'failed', problem: (error as Error).message, code: null };
    }
    if (answer.kind === 'end' || answer.kind === 'failed') {
      if (open) await giveThread(thread);
      open = false;
    }
    if (answer.kind !== 'failed') return answer;
    const { problem, code } = answer;
    if (code !== null) throw unreadable(path, code, new Error(problem));
    throw new PyramidError('MP_DATA_FILE', { path, problem: `it cannot be read as parquet (${problem})` });
  };

  const opened = await ask({ kind: 'open', path });
  if (opened.kind !== 'opened') throw new Error(`internal: "${opened.kind}" instead of an opened file`);
  const { columns, groups } = opened;
  const names = classNames(opened.huggingface);
  let wanted = columns.map((_, i) => i);

  async function* rows(): AsyncGenerator<TableRow> {
    try {
      let coming = ask({ kind: 'columns', wanted, groups: part ? [part.from, part.to] : null });
      for (;;) {
        const said = await coming;
        if (said.kind !== 'slice') return;
        // the next one is cut while this one is worked on
        coming = ask({ kind: 'next' });
        coming.catch(() => {});
        const { line, rows, cells, unreadable } = said.slice;
        const odd = new Map(unreadable.map(([row, column, problem]) => [row * columns.length + column, problem]));
        const classes = columns.map((name) => names.get(name));
        for (let row = 0; row < rows; row++) {
          const found = cells.map((column, i) => {
            const problem = odd.size > 0 ? odd.get(row * columns.length + i) : undefined;
            if (problem !== undefined) return new UnreadableCell(problem);
            return classes[i] ? namesOf(column[row], classes[i]) : column[row];
          });
          yield { kind: 'row', line: line + row, cells: found };
        }
      }
    } finally {
      await close();
    }
  }
  return {
    columns,
    groups,
    rows: rows(),
    want: (some) => {
      wanted = [...new Set(some)];
    },
    close,
  };
}

/** As `nameOf`, of a list too. */
const namesOf = (cell: unknown, names: readonly string[]): unknown =>
  Array.isArray(cell) ? cell.map((one) => nameOf(one, names)) : nameOf(cell, names);

/** A cell of a ClassLabel column: a class's number as its name; -1 is how `datasets` writes that there is none. */
function nameOf(cell: unknown, names: readonly string[]): unknown {
  if (typeof cell !== 'number' && typeof cell !== 'bigint') return cell;
  const at = Number(cell);
  if (at === -1) return null;
  if (Number.isNaN(at)) return cell;
  if (Object.hasOwn(names, at)) return names[at];
  return new UnreadableCell(`${cell}, where the classes are 0 to ${names.length - 1}`);
}

interface Feature {
  readonly _type?: string;
  readonly names?: unknown;
  readonly feature?: Feature;
}

/** Column to class names, from the `huggingface` entry of the file's metadata. */
function classNames(entry: string | null): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, readonly string[]>();
  if (!entry) return names;
  let features: Readonly<Record<string, Feature>> = {};
  try {
    features = JSON.parse(entry)?.info?.features ?? {};
  } catch {
    // another program's entry under this key: the numbers stay numbers
  }
  for (const [column, found] of Object.entries(features)) {
    // a list of classes, as newer and older versions write it
    const feature = found?.feature ?? (Array.isArray(found) ? found[0] : found);
    if (feature?._type === 'ClassLabel' && Array.isArray(feature.names)) names.set(column, feature.names.map(String));
  }
  return names;
}
