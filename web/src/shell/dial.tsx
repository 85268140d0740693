/** The one dial: tau, from sure answers only to the first layer's, or off. */
import { useId } from 'preact/hooks';
import { mayExit } from '../../../src/pyramid/exits/exit-rule.ts';
import { tauInWords } from '../../../src/pyramid/folder/tau-words.ts';
import { exitName, tauText } from '../format.ts';
import type { Session } from '../session.ts';
import type { TurningPoint } from '../try/turning-points.ts';
import { positionOf, STEPS, tauAtStep } from './dial-scale.ts';

interface Properties {
  readonly session: Session;
  /** Told when the slider is let go. */
  readonly onSettled?: () => void;
  /** Where the text that is looked at begins to leave earlier. */
  readonly marks?: readonly TurningPoint[];
}

export function Dial({ session, onSettled, marks = [] }: Properties) {
  const id = useId();
  const { info } = session.engine;
  const { tau } = session;
  if (!mayExit(info))
    return (
      <p class="lead">
        {info.shape.layers === 0
          ? 'This model has no network: floor 0, a linear model of the words, answers every text.'
          : 'This model has no exit heads, so every text goes through all layers.'}
      </p>
    );
  const off = tau.value === null;
  const set = (value: number | null, settled: boolean) => {
    tau.value = value;
    if (settled) onSettled?.();
  };
  return (
    <div class="dial">
      <label for={id}>tau</label>
      <div class="slider">
        <input
          id={id}
          type="range"
          min="0"
          max={STEPS}
          step="1"
          value={STEPS * positionOf(tau.value ?? 0)}
          aria-valuetext={off ? 'off' : tauText(tau.value)}
          onInput={(event) => set(tauAtStep(Number(event.currentTarget.value), tau.value), false)}
          onChange={() => onSettled?.()}
        />
        {marks.map((mark) => (
          <span
            key={mark.exit}
            class="turn"
            aria-hidden="true"
            style={{ '--at': positionOf(mark.tau).toFixed(4) }}
            title={`from ${tauText(mark.tau)} on this text leaves at ${exitName(mark.exit)}`}
          />
        ))}
      </div>
      <output for={id}>{tauText(tau.value)}</output>
      <label class="off">
        <input
          type="checkbox"
          checked={!off}
          onChange={(event) => set(event.currentTarget.checked ? (info.tau ?? 0.5) : null, true)}
        />
        early exit
      </label>
      <p>
        A text exits at {info.hasFloor ? 'floor 0, or the first layer,' : 'the first layer'} whose uncertainty is at
        most tau; a higher tau exits earlier and costs less.
        {marks.length > 0 && ' Each mark under the slider is where this text begins to leave earlier.'}
        {info.tau === null && info.tauFrom && ` The model's default is ${tauInWords(info)}.`}
        {info.tau !== null && (
          <>
            {' '}
            The model's default is {tauInWords(info)}.
            {tau.value !== info.tau && (
              <>
                {' '}
                <button type="button" class="link" onClick={() => set(info.tau, true)}>
                  Back to {info.tau}
                </button>
              </>
            )}
          </>
        )}
      </p>
    </div>
  );
}
