/** How a command runs texts that are longer than the model reads: cut, as usual, or as windows. */
import type { ClassifyOptions } from '../../engine/index.ts';
import { PyramidError } from '../../errors.ts';
import { integerOption, type OptionTable, optionalChoice } from '../../option.ts';
import { WINDOW_RULES, type WindowRule } from '../../pyramid/exits/windows.ts';

export interface WindowOptions {
  /** Null: long texts are cut. */
  readonly stride: number | null;
  readonly windows: WindowRule | null;
}

export const windowTable = (group: string): OptionTable<WindowOptions> => ({
  stride: integerOption<number | null>({
    group,
    default: null,
    min: 0,
    placeholder: 'TOKENS',
    help: 'do not cut a text that is too long: run it as windows, each of which begins with this many tokens of the one before and exits on its own (single texts; default: cut it)',
  }),
  windows: optionalChoice<WindowRule>({
    group,
    default: null,
    choices: WINDOW_RULES,
    help: "with --stride, how the windows' answers become one: the mean of their logits, or the most certain window's (default: mean)",
  }),
});

/** As the engine takes them; null: long texts are cut. Throws MP_USAGE. */
export function windowsOf({
  stride,
  windows,
}: WindowOptions): Required<Pick<ClassifyOptions, 'stride' | 'windows'>> | null {
  if (stride !== null) return { stride, windows: windows ?? 'mean' };
  if (windows === null) return null;
  throw new PyramidError('MP_USAGE', {
    what: '--windows was given without --stride',
    todo: 'add --stride, the tokens that two windows share, or leave --windows out',
  });
}
