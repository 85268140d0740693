// biome-ignore-all lint/a11y/useSemanticElements: a cell of a grid whose rows wrap like text
// biome-ignore-all lint/a11y/useFocusableInteractive: tabIndex comes with the attributes
/** What an exit made of the text, at the right of its row: its likeliest label, and its uncertainty beside tau. */
import type { ExplainedLayer } from '../../../src/engine/index.ts';
import { mayExit } from '../../../src/pyramid/exits/exit-rule.ts';
import type { EngineInfo } from '../../../src/web/page-engine.ts';

interface Properties {
  readonly exit: Pick<ExplainedLayer, 'scores' | 'uncertainty'>;
  /** For screen readers: what speaks. */
  readonly name: string;
  /** Shown where it was not asked. */
  readonly none: string;
  readonly info: EngineInfo;
  readonly tau: number | null;
  readonly answers: boolean;
  readonly attributes: object;
}

export function Head({ exit: { scores, uncertainty }, name, none, info, tau, answers, attributes }: Properties) {
  const best = scores && bestOf(scores);
  const sure = uncertainty === null ? '' : `, uncertainty ${uncertainty.toFixed(2)}`;
  const spoken = best
    ? `${answers ? 'Answers' : `${name} says`} ${best.label}, ${best.score.toFixed(2)}${sure}`
    : `${name}: ${none}`;
  return (
    <div class="head" role="gridcell" aria-label={spoken} {...attributes}>
      {best ? (
        <>
          {answers ? 'answers ' : ''}
          <b class="best">{best.label}</b> <span class="number">{best.score.toFixed(2)}</span>
        </>
      ) : (
        none
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
