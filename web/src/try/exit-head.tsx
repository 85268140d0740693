// biome-ignore-all lint/a11y/useSemanticElements: a cell of a grid whose rows wrap like text
// biome-ignore-all lint/a11y/useFocusableInteractive: tabIndex comes with the attributes
/** What an exit made of the text, at the right of its row: its labels, and its uncertainty beside tau. */
import { Fragment } from 'preact';
import type { ExplainedLayer } from '../../../src/engine/index.ts';
import { mayExit } from '../../../src/pyramid/exits/exit-rule.ts';
import type { EngineInfo } from '../../../src/web/page-engine.ts';
import { said, saidText } from './said.ts';

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
  const found = scores && said(scores, info);
  const sure = uncertainty === null ? '' : `, uncertainty ${uncertainty.toFixed(2)}`;
  const spoken = found ? `${answers ? 'Answers' : `${name} says`} ${saidText(found)}${sure}` : `${name}: ${none}`;
  return (
    <div class="head" role="gridcell" aria-label={spoken} {...attributes}>
      {found ? (
        <>
          {answers ? 'answers ' : ''}
          {found.map(({ label, score }, i) => (
            <Fragment key={label}>
              {i > 0 && ', '}
              <b class="best">{label}</b> {score !== null && <span class="number">{score.toFixed(2)}</span>}
            </Fragment>
          ))}
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
