/** What is known of the piece or the layer under the pointer or the keyboard's focus. */
import type { Explanation } from '../../../src/engine/index.ts';
import { fromNumber, leaves, mayExit } from '../../../src/pyramid/exits/exit-rule.ts';
import type { EngineInfo } from '../../../src/web/page-engine.ts';
import { percent, tauText } from '../format.ts';
import { shownPieces } from './pieces.ts';

export type Chosen =
  | { readonly kind: 'piece'; readonly piece: number; readonly layer: number }
  | { readonly kind: 'layer'; readonly layer: number };

interface Properties {
  readonly explanation: Explanation;
  readonly info: EngineInfo;
  readonly tau: number | null;
  /** The layer that answers, from 1: shown where nothing is chosen. */
  readonly exit: number;
  readonly chosen: Chosen | null;
}

export function Inspector(properties: Properties) {
  const { chosen, exit } = properties;
  return (
    <aside class="card inspector" aria-label="Details">
      {chosen?.kind === 'piece' ? (
        <PieceDetails {...properties} piece={chosen.piece} />
      ) : (
        <LayerDetails {...properties} layer={chosen?.layer ?? exit - 1} />
      )}
      {chosen === null && (
        <p class="soft hint">Point at a token or a layer, or go to one with Tab and the arrow keys.</p>
      )}
    </aside>
  );
}

function PieceDetails({ explanation: { pieces, layers }, info, piece }: Properties & { readonly piece: number }) {
  if (piece >= pieces.length) return null;
  const { text } = shownPieces(pieces)[piece];
  const largest = Math.max(...layers.map(({ importance }) => importance[piece] ?? 0));
  return (
    <>
      <h3>
        “{text}”, token {piece + 1} of {pieces.length}
      </h3>
      {info.prunes ? (
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

function LayerDetails({ explanation: { pieces, layers }, info, tau, layer }: Properties & { readonly layer: number }) {
  const { kept, scores, uncertainty } = layers[layer];
  const left = kept.filter(Boolean).length;
  const isLast = layer === layers.length - 1;
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
          {info.labels.map((label) => (
            <Bar
              key={label}
              name={label}
              share={info.problemType === 'regression' ? 0 : scores[label]}
              value={info.problemType === 'regression' ? scores[label].toFixed(3) : percent(scores[label])}
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

function Bar({ name, share, value }: { readonly name: string; readonly share: number; readonly value: string }) {
  return (
    <>
      <dt title={name}>{name}</dt>
      <dd aria-hidden="true">
        <span class="bar-track">
          <span class="bar-fill" style={{ display: 'block', width: `${100 * Math.min(1, share)}%` }} />
        </span>
      </dd>
      <dd class="value">{value}</dd>
    </>
  );
}
