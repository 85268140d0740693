// biome-ignore-all lint/a11y/useSemanticElements: the rows wrap like text, which no table does
// biome-ignore-all lint/a11y/useFocusableInteractive: tabIndex comes with the attributes of `cell`
/**
 * The pyramid, drawn from the ground up: its ground floor where the model has one, above it one row per layer, in it the tokens
 * that enter, those that leave struck out; at its right what the layer's head made of it. For screen readers and the keyboard it is a grid: one stop of the Tab key, arrows within.
 */
import type { Signal } from '@preact/signals';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { ExplainedLayer, Explanation } from '../../../src/engine/index.ts';
import { mayExit } from '../../../src/pyramid/exits/exit-rule.ts';
import type { EngineInfo } from '../../../src/web/page-engine.ts';
import { percent, tauText } from '../format.ts';
import { Head } from './exit-head.tsx';
import { FloorRow } from './floor-row.tsx';
import type { Chosen } from './inspector.tsx';
import { type ShownPiece, shownPieces } from './pieces.ts';

interface Properties {
  readonly explanation: Explanation;
  readonly info: EngineInfo;
  readonly tau: number | null;
  /** The layer that answers, from 1; 0: floor 0. */
  readonly exit: number;
  /** The label that is answered. */
  readonly label: string;
  readonly chosen: Signal<Chosen | null>;
}

/** A cell of the grid: the layer's name, then its tokens, then its head. */
interface Place {
  readonly row: number;
  readonly column: number;
}

export function PyramidView({ explanation, info, tau, exit, label, chosen }: Properties) {
  const { pieces, layers } = explanation;
  const shown = useMemo(() => shownPieces(pieces), [pieces]);
  const entering = useMemo(
    () => layers.map((_, l) => pieces.map((_, i) => i).filter((i) => l === 0 || layers[l - 1].kept[i])),
    [layers, pieces],
  );
  const [place, setPlace] = useState<Place>({ row: 0, column: 0 });
  const grid = useRef<HTMLDivElement>(null);

  /** Rows of the grid before layer 1's. */
  const floors = info.hasFloor ? 1 : 0;
  const last = floors + layers.length - 1;
  const columns = (row: number) => (row < floors ? pieces.length : entering[row - floors].length) + 2;
  const held: Place = { row: Math.min(place.row, last), column: 0 };
  const focusable: Place = { ...held, column: Math.min(place.column, columns(held.row) - 1) };
  const go = (row: number, column: number) => {
    const next = { row: clamp(row, last), column: 0 };
    const target = { ...next, column: clamp(column, columns(next.row) - 1) };
    setPlace(target);
    grid.current?.querySelector<HTMLElement>(`[data-cell="${target.row}.${target.column}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { row, column } = focusable;
    const steps: Readonly<Record<string, readonly [number, number]>> = {
      ArrowRight: [row, column + 1],
      ArrowLeft: [row, column - 1],
      ArrowUp: [row + 1, column],
      ArrowDown: [row - 1, column],
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
    onClick: () => {
      chosen.value = choice;
    },
  });

  return (
    <div>
      <div
        ref={grid}
        class="pyramid"
        role="grid"
        aria-label={floors > 0 ? 'The pyramid, its floor 0, then one row per layer' : 'The pyramid, one row per layer'}
        tabIndex={-1}
        onKeyDown={onKeyDown}
      >
        {floors > 0 && (
          <FloorRow
            explanation={explanation}
            shown={shown}
            info={info}
            tau={tau}
            exit={exit}
            label={label}
            chosen={chosen.value}
            cell={(column, choice) => cell(0, column, choice)}
          />
        )}
        {layers.map((layer, l) => {
          const row = floors + l;
          const state = l + 1 === exit ? 'exit' : l + 1 > exit ? 'skipped' : 'run';
          const largest = Math.max(...layer.importance.map((score) => score ?? 0)) || 1;
          const left = layer.kept.filter(Boolean).length;
          const layerChoice: Chosen = { kind: 'layer', layer: l };
          const isChosen = chosen.value?.kind === 'layer' && chosen.value.layer === l;
          return (
            <div key={l} class={`layer ${state}`} role="row" aria-label={rowText(layer, l, { exit, left, info })}>
              <div class={`name${isChosen ? ' chosen' : ''}`} role="rowheader" {...cell(row, 0, layerChoice)}>
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
                    attributes={cell(row, at + 1, { kind: 'piece', piece: i, layer: l })}
                  />
                ))}
              </div>
              <Head
                exit={layer}
                name="Exit head"
                none="no head"
                info={info}
                tau={tau}
                answers={l + 1 === exit}
                attributes={cell(row, entering[l].length + 1, layerChoice)}
              />
            </div>
          );
        })}
      </div>
      <p class="legend-line">
        {explanation.floor && (
          <>
            <span>
              At floor 0, <b class="key for">blue</b> words speak for {label},
            </span>
            <span>
              <b class="key against">orange</b> ones with a dashed line against it.
            </span>
          </>
        )}
        {info.prunes && (
          <>
            <span>Darker: receives more attention.</span>
            <span>Struck out: removed here.</span>
          </>
        )}
        {mayExit(info) && tau !== null && <span>Bar: the uncertainty; the mark is tau.</span>}
        <span>The text enters at the bottom.</span>
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
