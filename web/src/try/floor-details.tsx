/** What floor 0 made of the text, and what its answer is made of: words, overlap of a pair, bias. */
import type { ExplainedFloor, Explanation } from '../../../src/engine/index.ts';
import { fromNumber, leaves, mayExit } from '../../../src/pyramid/exits/exit-rule.ts';
import type { EngineInfo } from '../../../src/web/page-engine.ts';
import { percent, percents, tauText } from '../format.ts';
import { Bar, SignedBar } from './bars.tsx';
import { supportFor } from './support.ts';

interface Properties {
  readonly explanation: Explanation;
  readonly info: EngineInfo;
  readonly tau: number | null;
  /** The label that is answered. */
  readonly label: string;
}

export function FloorDetails({ explanation: { floor, layers }, info, tau, label }: Properties) {
  if (!floor)
    return (
      <>
        <h3>Floor 0</h3>
        <p class="soft">It knows no word of this text, so it is not asked, at any tau.</p>
      </>
    );
  const parts = partsOf(floor, info.labels.indexOf(label));
  const largest = Math.max(...parts.map(({ support }) => Math.abs(support))) || 1;
  const all = info.labels.map((name) => floor.scores[name]);
  const texts = info.labelThresholds ? all.map(percent) : percents(all);
  const knowsNothing = parts.every(({ name, support }) => name === 'bias' || support === 0);
  return (
    <>
      <h3>Floor 0</h3>
      <p class="soft">
        A linear model of the words, before the network.{' '}
        {layers.length === 0
          ? knowsNothing
            ? 'It knows no word of this text and answers by its bias alone.'
            : 'There is no network: it answers every text.'
          : tau !== null && mayExit(info)
            ? `It is ${leaves(fromNumber(floor.uncertainty), tau) ? 'sure enough' : 'not sure enough'} for tau ${tauText(tau)}.`
            : 'What it would answer.'}
      </p>
      <dl class="bars">
        {info.labels.map((name, i) => (
          <Bar key={name} name={name} share={all[i]} value={texts[i]} />
        ))}
      </dl>
      <p>
        Uncertainty <b class="number">{floor.uncertainty.toFixed(3)}</b>
        <span class="soft">: from 0 (certain) to 1 (knows nothing).</span>
      </p>
      <p class="soft">What speaks for {label} (+) and against it (−):</p>
      <dl class="bars">
        {parts.map(({ name, support }) => (
          <SignedBar key={name} name={name} value={support} largest={largest} />
        ))}
      </dl>
    </>
  );
}

/** What the logit of a label is made of, in rows. */
function partsOf(floor: ExplainedFloor, label: number): { readonly name: string; readonly support: number }[] {
  const words = floor.contributions.reduce((sum, logits) => sum + supportFor(logits, label), 0);
  const beyond = supportFor(floor.beyond, label);
  return [
    { name: 'words', support: words },
    ...(beyond === 0 ? [] : [{ name: 'words that were cut off', support: beyond }]),
    ...floor.figures.map(({ name, logits }) => ({ name, support: supportFor(logits, label) })),
    { name: 'bias', support: supportFor(floor.bias, label) },
  ];
}
