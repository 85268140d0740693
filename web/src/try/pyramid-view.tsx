// biome-ignore-all lint/a11y/useSemanticElements: the rows wrap like text, which no table does
// biome-ignore-all lint/a11y/useFocusableInteractive: tabIndex comes with the attributes of `cell`
/**
 * The pyramid: one row per layer, in it the tokens that enter, those that leave struck out; at its right what the layer's
 * head made of it. For screen readers and the keyboard it is a grid: one stop of the Tab key, arrows within.
 */
import type { Signal } from '@preact/signals';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { ExplainedLayer, Explanation } from '../../../src/engine/index.ts';
import { mayExit } from '../../../src/pyramid/exits/exit-rule.ts';
import type { EngineInfo } from '../../../src/web/page-engine.ts';
import { percent, tauText } from '../format.ts';
import type { Chosen } from './inspector.tsx';
import { type ShownPiece, shownPieces } from './pieces.ts';

interface Properties {
  readonly explanation: Explanation;
  readonly info: EngineInfo;
  readonly tau: number | null;
  /** The layer that answers, from 1. */
  readonly exit: number;
  readonly chosen: Signal<Chosen | null>;
}

/** A cell of the grid: the layer's name, then its tokens, then its head. */
interface Place {
  readonly row: number;
  readonly column: number;
}

export function PyramidView({ explanation, info, tau, exit, chosen }: Properties) {
  const { pieces, layers } = explanation;
  const shown = useMemo(() => shownPieces(pieces), [pieces]);
  const entering = useMemo(
    () => layers.map((_, l) => pieces.map((_, i) => i).filter((i) => l === 0 || layers[l - 1].kept[i])),
    [layers, pieces],
  );
  const [place, setPlace] = useState<Place>({ row: 0, column: 0 });
  const grid = useRef<HTMLDivElement>(null);

  const columns = (row: number) => entering[row].length + 2;
  const held: Place = { row: Math.min(place.row, layers.length - 1), column: 0 };
  const focusable: Place = { ...held, column: Math.min(place.column, columns(held.row) - 1) };
  const go = (row: number, column: number) => {
    const next = { row: clamp(row, layers.length - 1), column: 0 };
    const target = { ...next, column: clamp(column, columns(next.row) - 1) };
    setPlace(target);
    grid.current?.querySelector<HTMLElement>(`[data-cell="${target.row}.${target.column}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { row, column } = focusable;
    const steps: Readonly<Record<string, readonly [number, number]>> = {
      ArrowRight: [row, column + 1],
      ArrowLeft: [row, column - 1],
      ArrowDown: [row + 1, column],
      ArrowUp: [row - 1, column],
      Home: [row, 0],
      End: [row, Number.MAX_SAFE_INTEGER],
    };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    go(...step);
  };
  const cell = (row: number, column: number, choice: Chosen) => ({
    'data-cell': `${row}.${column}`,
    tabIndex: focusable.row === row && focusable.column === column ? 0 : -1,
    onFocus: () => {
      chosen.value = choice;
      setPlace({ row, column });
    },
    onMouseEnter: () => {
      chosen.value = choice;
    },
  });

  return (
    <div>
      <div
        ref={grid}
        class="pyramid"
        role="grid"
        aria-label="The pyramid, one row per layer"
        tabIndex={-1}
        onKeyDown={onKeyDown}
      >
        {layers.map((layer, l) => {
          const state = l + 1 === exit ? 'exit' : l + 1 > exit ? 'skipped' : 'run';
          const largest = Math.max(...layer.importance.map((score) => score ?? 0)) || 1;
          const left = layer.kept.filter(Boolean).length;
          const layerChoice: Chosen = { kind: 'layer', layer: l };
          const isChosen = chosen.value?.kind === 'layer' && chosen.value.layer === l;
          return (
            <div key={l} class={`layer ${state}`} role="row" aria-label={rowText(layer, l, { exit, left, info })}>
              <div class={`name${isChosen ? ' chosen' : ''}`} role="rowheader" {...cell(l, 0, layerChoice)}>
                <b>Layer {l + 1}</b> {left} {left === 1 ? 'token' : 'tokens'}
              </div>
              <div
                class="tokens"
                role="presentation"
                style={{ '--share': Math.sqrt(entering[l].length / pieces.length).toFixed(3) }}
              >
                {entering[l].map((i, at) => (
                  <Token
                    key={i}
                    piece={shown[i]}
                    joined={shown[i].joined && entering[l][at - 1] === i - 1}
                    score={layer.importance[i]}
                    heat={Math.sqrt((layer.importance[i] ?? 0) / largest)}
                    leaving={!layer.kept[i]}
                    second={explanation.types[i] === 1}
                    chosen={chosen.value?.kind === 'piece' && chosen.value.piece === i}
                    attributes={cell(l, at + 1, { kind: 'piece', piece: i, layer: l })}
                  />
                ))}
              </div>
              <Head
                layer={layer}
                info={info}
                tau={tau}
                exits={l + 1 === exit}
                attributes={cell(l, entering[l].length + 1, layerChoice)}
              />
            </div>
          );
        })}
      </div>
      <p class="legend-line">
        {info.prunes && (
          <>
            <span>Darker: receives more attention.</span>
            <span>Struck out: removed here.</span>
          </>
        )}
        {mayExit(info) && tau !== null && <span>Bar: the exit head's uncertainty; the mark is tau.</span>}
        {exit < layers.length && <span>Grey rows: not needed at tau {tauText(tau)}.</span>}
      </p>
    </div>
  );
}

interface TokenProperties {
  readonly piece: ShownPiece;
  /** The piece before it, on which it goes, is there too. */
  readonly joined: boolean;
  readonly score: number | null;
  /** 0 to 1. */
  readonly heat: number;
  readonly leaving: boolean;
  readonly second: boolean;
  readonly chosen: boolean;
  readonly attributes: object;
}

function Token({
  piece: { text, special },
  joined,
  score,
  heat,
  leaving,
  second,
  chosen,
  attributes,
}: TokenProperties) {
  const classes = [
    'token',
    joined && 'joined',
    special && 'special',
    leaving && 'leaving',
    second && 'second',
    chosen && 'chosen',
  ];
  const spoken = `${text}${score === null ? '' : `, ${percent(score)}`}${leaving ? ', removed' : ''}`;
  return (
    <span
      role="gridcell"
      class={classes.filter(Boolean).join(' ')}
      style={{ '--heat': heat.toFixed(3) }}
      aria-label={spoken}
      {...attributes}
    >
      {text}
    </span>
  );
}

interface HeadProperties {
  readonly layer: ExplainedLayer;
  readonly info: EngineInfo;
  readonly tau: number | null;
  readonly exits: boolean;
  readonly attributes: object;
}

function Head({ layer: { scores, uncertainty }, info, tau, exits, attributes }: HeadProperties) {
  const best = scores && bestOf(scores);
  return (
    <div class="head" role="gridcell" aria-label={headText(scores, uncertainty, exits)} {...attributes}>
      {best ? (
        <>
          {exits ? 'answers ' : ''}
          <b class="best">{best.label}</b> <span class="number">{best.score.toFixed(2)}</span>
        </>
      ) : (
        'no head'
      )}
      {uncertainty !== null && mayExit(info) && (
        <span class="meter" aria-hidden="true">
          <span class="fill" style={{ width: `${100 * uncertainty}%` }} />
          {tau !== null && <span class="mark-tau" style={{ left: `${100 * tau}%` }} />}
        </span>
      )}
    </div>
  );
}

function bestOf(scores: Readonly<Record<string, number>>): { readonly label: string; readonly score: number } {
  const [label, score] = Object.entries(scores).reduce((best, one) => (one[1] > best[1] ? one : best));
  return { label, score };
}

function headText(scores: ExplainedLayer['scores'], uncertainty: number | null, exits: boolean): string {
  if (!scores) return 'No exit head is asked here';
  const { label, score } = bestOf(scores);
  const sure = uncertainty === null ? '' : `, uncertainty ${uncertainty.toFixed(2)}`;
  return `${exits ? 'Answers' : 'Exit head says'} ${label}, ${score.toFixed(2)}${sure}`;
}

function rowText(
  layer: ExplainedLayer,
  index: number,
  { exit, left, info }: { readonly exit: number; readonly left: number; readonly info: EngineInfo },
): string {
  const fate = index + 1 === exit ? ', the text leaves here' : index + 1 > exit ? ', not needed' : '';
  const tokens = info.prunes ? `, ${left} of ${layer.kept.length} tokens left` : '';
  return `Layer ${index + 1}${tokens}${fate}`;
}

const clamp = (value: number, most: number) => Math.max(0, Math.min(most, value));
