/** Which exit heads a run's network gets, and whether it can have any. Knows nothing of how they learn. */
import { PyramidError } from '../../errors.ts';
import { defaultExit, type ExitKind, exits, headSettings } from '../../pyramid/exits/exits.ts';
import { initialHeads } from '../../pyramid/exits/heads.ts';
import { methods } from '../methods.ts';
import type { TrainOptions } from '../options/defaults.ts';
import type { ModelState } from '../state.ts';

/** The kind of exit that `--exit-head` asks for. Throws MP_USAGE where it needs pairs and the rows have single texts. */
export function exitHeadKind(asked: TrainOptions['exitHead'], pairs: boolean): ExitKind {
  if (asked === 'auto') return defaultExit(pairs);
  if (exits[asked].needsPairs && !pairs) {
    throw new PyramidError('MP_USAGE', {
      what: `--exit-head ${asked} compares two texts, but the rows have one`,
      todo: 'give --exit-head pooled, or auto',
    });
  }
  return asked;
}

/** Gives the state fresh exit heads of a kind. `mean`: of the training rows' numbers, which each begins by answering; null: labels. */
export function addHeads(
  state: ModelState,
  kind: ExitKind,
  pairs: boolean,
  seed: number,
  mean: number | null = null,
): void {
  state.headSettings = headSettings(kind, pairs);
  state.heads = initialHeads(state.config, state.headSettings, seed, state.parameters);
  if (mean === null) return;
  for (const [name, { data }] of state.heads) if (name.endsWith('.out.bias')) data.fill(mean);
}

/** Throws MP_USAGE for a method with early exit on a network of one layer. */
export function checkDepth(method: TrainOptions['method'], layers: number): void {
  if (!methods[method].exits || layers > 1) return;
  throw new PyramidError('MP_USAGE', {
    what: `a network of one layer has no earlier layer to exit at, which --method ${method} needs`,
    todo: 'give --layers 2 or more, or another method',
  });
}
