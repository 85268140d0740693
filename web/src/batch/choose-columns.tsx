/** Which column holds the text (and, for pairs, the other one), with the first rows to choose by. */
import { useSignal } from '@preact/signals';
import { Labelled } from '../shell/labelled.tsx';
import { Table } from '../tradeoff/figure-view.tsx';
import type { RowSource } from './row-source.ts';
import type { Columns } from './running.ts';

interface Properties {
  readonly source: RowSource;
  readonly pairs: boolean;
  readonly onStart: (columns: Columns) => void;
  readonly onDiscard: () => void;
}

const LIKELY = /^(text|sentence|content|body|message|title|review|comment|question)(_?\d)?$/i;

export function ChooseColumns({ source, pairs, onStart, onDiscard }: Properties) {
  const likely = likelyColumns(source, pairs);
  const text = useSignal(likely[0]);
  const pair = useSignal(likely[1]);
  const select = (name: string, chosen: { value: number }) => (
    <Labelled name={name}>
      {(id) => (
        <select
          id={id}
          class="field"
          value={String(chosen.value)}
          onChange={(event) => {
            chosen.value = Number(event.currentTarget.value);
          }}
        >
          {source.columns.map((column, i) => (
            <option key={column} value={String(i)}>
              {column || `column ${i + 1}`}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
  return (
    <div class="card chooser">
      <h2>{source.name}</h2>
      <Table
        label="The first rows"
        heads={source.columns}
        align={source.columns.map(() => 'left')}
        rows={source.sample.map((row) => row.map((cell) => (cell.length > 80 ? `${cell.slice(0, 80)}…` : cell)))}
      />
      <div class="row">
        {select(pairs ? 'First text' : 'Text', text)}
        {pairs && select('Second text', pair)}
        <button
          type="button"
          class="button main"
          onClick={() => onStart({ text: text.value, pair: pairs ? pair.value : null })}
        >
          Classify
        </button>
        <button type="button" class="button" onClick={onDiscard}>
          Another file
        </button>
      </div>
    </div>
  );
}

/** By name, else by the length of what is in them; for pairs, the one that stands first is the first. */
function likelyColumns({ columns, sample }: RowSource, pairs: boolean): readonly [number, number] {
  const length = (i: number) => sample.reduce((sum, row) => sum + row[i].length, 0);
  const likely = (i: number) => Number(LIKELY.test(columns[i]));
  const order = columns.map((_, i) => i).sort((a, b) => likely(b) - likely(a) || length(b) - length(a) || a - b);
  const [first, second = first] = order;
  return pairs && first > second ? [second, first] : [first, second];
}
