// biome-ignore-all lint/a11y/useSemanticElements: the rows wrap like text, which no table does
// biome-ignore-all lint/a11y/useFocusableInteractive: tabIndex comes with the attributes of the cells
/** The pyramid's ground floor: the words of the text, coloured by what they speak for, before anything of the network runs. */
import type { Explanation } from '../../../src/engine/index.ts';
import type { EngineInfo } from '../../../src/web/page-engine.ts';
import { Head } from './exit-head.tsx';
import type { Chosen } from './inspector.tsx';
import type { ShownPiece } from './pieces.ts';
import { sideOf, signed, supportFor } from './support.ts';

interface Properties {
  readonly explanation: Explanation;
  readonly shown: readonly ShownPiece[];
  readonly info: EngineInfo;
  readonly tau: number | null;
  /** The layer that answers; 0 is this floor. */
  readonly exit: number;
  /** The label that is answered. */
  readonly label: string;
  readonly chosen: Chosen | null;
  /** Attributes of a cell of the row, by its column. */
  readonly cell: (column: number, choice: Chosen) => object;
}

const FLOOR: Chosen = { kind: 'floor' };

export function FloorRow({ explanation, shown, info, tau, exit, label, chosen, cell }: Properties) {
  const { floor, types } = explanation;
  const answer = info.labels.indexOf(label);
  const supports = floor?.contributions.map((logits) => supportFor(logits, answer)) ?? [];
  const largest = supports.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const isExit = exit === 0;
  return (
    <div
      class={`layer floor ${isExit ? 'exit' : 'run'}`}
      role="row"
      aria-label={`Floor 0, the words alone${isExit ? ', the text leaves here' : ''}`}
    >
      <div class={`name${chosen?.kind === 'floor' ? ' chosen' : ''}`} role="rowheader" {...cell(0, FLOOR)}>
        <b>Floor 0</b> words alone
      </div>
      <div class="tokens" role="presentation">
        {shown.map(({ text, joined, special }, i) => {
          const support = supports[i] ?? 0;
          const side = sideOf(support);
          const isChosen = chosen?.kind === 'piece' && chosen.piece === i;
          const marks = [side, joined && 'joined', special && 'special', types[i] === 1 && 'second'];
          return (
            <span
              key={i}
              role="gridcell"
              class={['token', ...marks, isChosen && 'chosen'].filter(Boolean).join(' ')}
              style={{ '--heat': Math.sqrt(Math.abs(support) / largest).toFixed(3) }}
              aria-label={side === '' ? text : `${text}, ${side} ${label}, ${signed(support)}`}
              {...cell(i + 1, { kind: 'piece', piece: i, layer: -1 })}
            >
              {text}
            </span>
          );
        })}
      </div>
      <Head
        exit={floor ?? { scores: null, uncertainty: null }}
        name="Floor 0"
        none="knows none of it"
        info={info}
        tau={tau}
        answers={isExit}
        attributes={cell(shown.length + 1, FLOOR)}
      />
    </div>
  );
}
