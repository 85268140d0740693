// biome-ignore-all lint/a11y/useFocusableInteractive: the buttons in the heads are, and rows are only read
// biome-ignore-all lint/a11y/useSemanticElements: a table of 100,000 rows of which some are drawn, placed by hand
/** The results: a table of which only what is in sight is drawn. A head sorts; texts are texts, whatever is in them. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { percent, whole } from '../format.ts';
import { NO_LABEL, type Results, type SortKey, type View } from './results.ts';
import { visibleRows } from './visible-rows.ts';

interface Properties {
  readonly results: Results;
  /** Numbers of the rows that are shown, in their order. */
  readonly selected: Uint32Array;
  readonly view: View;
  /** 'Sure' is a share of 1, 'Score' one that says how likely the likeliest label is, 'Number' is an answer. */
  readonly scoreName: ScoreName;
  readonly onSort: (key: SortKey) => void;
}

export type ScoreName = 'Sure' | 'Score' | 'Number';

const ROW_HEIGHT = 36;
const heads: readonly { readonly key: SortKey | 'text'; readonly name: string }[] = [
  { key: 'row', name: 'Row' },
  { key: 'text', name: 'Text' },
  { key: 'label', name: 'Label' },
  { key: 'score', name: '' },
  { key: 'exit', name: 'Exit' },
];
/** Longer texts are cut for the table; the whole one is in the cell's title. */
const MOST_TEXT = 300;

export function ResultsTable({ results, selected, view, scoreName, onSort }: Properties) {
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ top: 0, height: 480 });
  useEffect(() => {
    const element = box.current!;
    const follow = () => setPlace({ top: element.scrollTop, height: element.clientHeight });
    follow();
    element.addEventListener('scroll', follow, { passive: true });
    const size = new ResizeObserver(follow);
    size.observe(element);
    return () => {
      element.removeEventListener('scroll', follow);
      size.disconnect();
    };
  }, []);
  const { first, end } = visibleRows(selected.length, ROW_HEIGHT, place.top, place.height);
  return (
    <div class="results card" role="table" aria-label="Results" aria-rowcount={selected.length + 1}>
      <div role="rowgroup">
        <div class="result head-row" role="row" aria-rowindex={1}>
          {heads.map(({ key, name }) => {
            if (key === 'text')
              return (
                <div key={key} role="columnheader" class="cell-text">
                  {name}
                </div>
              );
            const sorted = view.sort === key;
            return (
              <div
                key={key}
                role="columnheader"
                class={`cell-${key}`}
                aria-sort={sorted ? (view.descending ? 'descending' : 'ascending') : 'none'}
              >
                <button type="button" onClick={() => onSort(key)}>
                  {name || scoreName}
                  <span aria-hidden="true">{sorted ? (view.descending ? ' ↓' : ' ↑') : ''}</span>
                </button>
              </div>
            );
          })}
        </div>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must be reachable by keyboard */}
      <div ref={box} class="result-rows" role="rowgroup" tabIndex={0} aria-label={`${whole(selected.length)} rows`}>
        <div class="result-space" role="presentation" style={{ height: `${selected.length * ROW_HEIGHT}px` }}>
          {Array.from(selected.subarray(first, end), (index, i) => (
            <ResultRow key={index} results={results} index={index} place={first + i} scoreName={scoreName} />
          ))}
        </div>
      </div>
    </div>
  );
}

function ResultRow({
  results,
  index,
  place,
  scoreName,
}: {
  readonly results: Results;
  readonly index: number;
  readonly place: number;
  readonly scoreName: ScoreName;
}) {
  const { label, labels, score, exit, truncated } = results.at(index);
  const text = results.text(index);
  return (
    <div
      class="result"
      role="row"
      aria-rowindex={place + 2}
      style={{ transform: `translateY(${place * ROW_HEIGHT}px)` }}
    >
      <div role="cell" class="cell-row">
        {whole(index + 1)}
      </div>
      <div role="cell" class="cell-text" title={truncated ? `${text}\n(cut: the model reads less)` : text}>
        {text.slice(0, MOST_TEXT)}
      </div>
      <div role="cell" class="cell-label">
        {labels?.length === 0 ? NO_LABEL : label}
      </div>
      <div role="cell" class="cell-score">
        {scoreName === 'Number' ? score.toFixed(3) : percent(score)}
      </div>
      <div role="cell" class="cell-exit">
        {exit}
      </div>
    </div>
  );
}
