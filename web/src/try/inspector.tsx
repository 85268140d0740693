/** What is known of the piece or the layer under the pointer or the keyboard's focus. */
import type { Explanation } from '../../../src/engine/index.ts';
import { fromNumber, leaves, mayExit } from '../../../src/pyramid/exits/exit-rule.ts';
import type { EngineInfo } from '../../../src/web/page-engine.ts';
import { percent, percents, tauText } from '../format.ts';
import { Bar, SignedBar } from './bars.tsx';
import { FloorDetails } from './floor-details.tsx';
import { shownPieces } from './pieces.ts';

export type Chosen =
  | { readonly kind: 'floor' }
  | { readonly kind: 'piece'; readonly piece: number; readonly layer: number }
  | { readonly kind: 'layer'; readonly layer: number };

interface Properties {
  readonly explanation: Explanation;
  readonly info: EngineInfo;
  readonly tau: number | null;
  /** The layer that answers, from 1, or 0 for floor 0: shown where nothing is chosen. */
  readonly exit: number;
  /** The label that is answered. */
  readonly label: string;
  readonly chosen: Chosen | null;
}

/** On a phone a sheet at the window's lower edge while something is chosen, which `onClose` takes away. */
export function Inspector({ onClose, ...properties }: Properties & { readonly onClose: () => void }) {
  const { chosen, exit } = properties;
  return (
    <aside class={`card inspector${chosen ? ' open' : ''}`} aria-label="Details">
      {chosen && (
        <button type="button" class="link close" onClick={onClose}>
          Close
        </button>
      )}
      {chosen?.kind === 'piece' ? (
        <PieceDetails {...properties} piece={chosen.piece} />
      ) : chosen?.kind === 'floor' || (chosen === null && exit === 0) ? (
        <FloorDetails {...properties} />
      ) : (
        <LayerDetails {...properties} layer={chosen?.layer ?? exit - 1} />
      )}
      {chosen === null && (
        <p class="soft hint">Point at a token or a layer, tap it, or go to one with Tab and the arrow keys.</p>
      )}
    </aside>
  );
}

function PieceDetails({
  explanation: { pieces, layers, floor },
  info,
  piece,
}: Properties & { readonly piece: number }) {
  if (piece >= pieces.length) return null;
  const { text } = shownPieces(pieces)[piece];
  const largest = Math.max(...layers.map(({ importance }) => importance[piece] ?? 0));
  return (
    <>
      <h3>
        “{text}”, token {piece + 1} of {pieces.length}
      </h3>
      {floor && <PieceAtFloor info={info} logits={floor.contributions[piece]} />}
      {layers.length === 0 ? null : info.prunes ? (
        <>
          <p class="soft">The attention that it receives at each layer, of 100 % that there is.</p>
          <dl class="bars">
            {layers.map(({ importance, kept }, l) => (
              <Bar
                key={l}
                name={`layer ${l + 1}`}
                share={(importance[piece] ?? 0) / (largest || 1)}
                value={importance[piece] === null ? 'gone' : `${percent(importance[piece])}${kept[piece] ? '' : ' ×'}`}
              />
            ))}
          </dl>
          {layers.some(({ importance, kept }) => importance[piece] !== null && !kept[piece]) && (
            <p class="soft">× marks where it is removed.</p>
          )}
        </>
      ) : (
        <p class="soft">This model does not prune tokens, so they have no importance scores.</p>
      )}
    </>
  );
}

/** What a piece adds to each label at floor 0. */
function PieceAtFloor({ info, logits }: { readonly info: EngineInfo; readonly logits: readonly number[] }) {
  const largest = Math.max(...logits.map(Math.abs));
  if (largest === 0) return <p class="soft">Floor 0 has no weight for it.</p>;
  return (
    <>
      <p class="soft">What it adds to each label at floor 0, its pairs with its neighbours included.</p>
      <dl class="bars">
        {info.labels.map((name, c) => (
          <SignedBar key={name} name={name} value={logits[c]} largest={largest} />
        ))}
      </dl>
    </>
  );
}

/** Each label's score, beside the one from which on a text has the label; parts of a whole where it has one; or a number. */
function scoreTexts({ problemType, labelThresholds, labels }: EngineInfo, scores: Readonly<Record<string, number>>) {
  const all = labels.map((label) => scores[label]);
  if (problemType === 'regression') return all.map((score) => score.toFixed(3));
  return labelThresholds
    ? all.map((score, i) => `${percent(score)}, from ${percent(labelThresholds[i])}`)
    : percents(all);
}

function LayerDetails({ explanation: { pieces, layers }, info, tau, layer }: Properties & { readonly layer: number }) {
  const { kept, scores, uncertainty } = layers[layer];
  const left = kept.filter(Boolean).length;
  const isLast = layer === layers.length - 1;
  const texts = scores ? scoreTexts(info, scores) : [];
  return (
    <>
      <h3>Layer {layer + 1}</h3>
      <p class="soft">
        {left} of {pieces.length} tokens left.{' '}
        {scores === null
          ? 'No exit head is asked here.'
          : isLast
            ? 'The main classifier: it always answers.'
            : uncertainty !== null && tau !== null
              ? `Its exit head is ${leaves(fromNumber(uncertainty), tau) ? 'sure enough' : 'not sure enough'} for tau ${tauText(tau)}.`
              : 'What its exit head would answer.'}
      </p>
      {scores && (
        <dl class="bars">
          {info.labels.map((label, i) => (
            <Bar
              key={label}
              name={label}
              share={info.problemType === 'regression' ? 0 : scores[label]}
              value={texts[i]}
            />
          ))}
        </dl>
      )}
      {uncertainty !== null && mayExit(info) && (
        <p>
          Uncertainty <b class="number">{uncertainty.toFixed(3)}</b>
          <span class="soft">: from 0 (certain) to 1 (knows nothing).</span>
        </p>
      )}
    </>
  );
}
