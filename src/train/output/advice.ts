/**
 * What floor 0, the network and the pyramid of both reach on the validation rows, in words for the end of `train`, and what
 * to do about it: when the network does not pay, and when texts without labels may. Knows nothing of how it was measured.
 */
import type { ClockFigures } from '../../evaluate/clock-figures.ts';

/** Accuracies, 0 to 1, on the validation rows. */
export interface Reached {
  /** Floor 0 alone. */
  readonly floor: number;
  /** The network alone, run to the end. */
  readonly network: number;
  /** Both, at the tau that was chosen. */
  readonly pyramid: number;
  /** Texts without labels that floor 0 learned from. */
  readonly unlabelled: number;
}

/** Accuracy that is as good as none. */
const SAME = 0.003;
/** What the network must be ahead of floor 0 by for it to have something to teach. */
const AHEAD = 0.01;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** `dir`: the model folder. */
export function adviceSentences(
  { floor, network, pyramid, unlabelled }: Reached,
  { tau, clock }: { readonly tau: number | null; readonly clock: ClockFigures | null },
  dir: string,
): string[] {
  const [floorMs, endMs, ms] = [clock?.msPerTextFloor, clock?.msPerTextToTheEnd, clock?.msPerText];
  const pace = (msPerText: number | null | undefined) =>
    msPerText ? ` (${Math.round(1000 / msPerText).toLocaleString('en-US')} texts a second)` : '';
  const reached = `On the validation rows floor 0 alone is right on ${percent(floor)}${pace(floorMs)}, the network alone, run to the end, on ${percent(network)}${pace(endMs)}, both together${tau === null ? '' : ` at tau ${tau}`} on ${percent(pyramid)}${pace(ms)}.`;
  if (floor >= Math.max(network, pyramid) - SAME) {
    const lost = Math.max(network, pyramid) - floor;
    const near =
      lost <= 0 ? 'as good as the rest' : `within ${Math.max(0.1, Math.ceil(1000 * lost - 1e-9) / 10)} points`;
    const speed = floorMs && ms && ms > 1.05 * floorMs ? ` at ${faster(ms / floorMs)} times the speed` : '';
    return [
      reached,
      `The network does not pay here: floor 0 alone is ${near}, and \`--method linear\` gives the same${speed}.`,
    ];
  }
  if (unlabelled > 0 || network < floor + AHEAD) return [reached];
  return [
    reached,
    `The network knows more than floor 0: with texts without labels it can teach it, and more texts may then be answered before the network. Give them to \`--unlabelled\`, or later: magic-pyramid refit --model ${dir} --unlabelled FILE`,
  ];
}

const faster = (ratio: number): string => (ratio < 10 ? ratio.toFixed(1) : ratio.toFixed(0));
