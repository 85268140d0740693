/** `--tau`, the dial: a number, `off`, or (when it is not given) what the model's own training chose. */
import { customOption, toNumber } from '../../option.ts';

export type TauOption = number | 'off' | null;

export const tauOption = (group: string) =>
  customOption<TauOption>({
    group,
    default: null,
    placeholder: 'X|off',
    expected: 'a number from 0 to 1, or off',
    help: "exit at the first layer whose uncertainty is at most X, 0 to 1; higher exits earlier (default: the model's own tau)",
    read(raw) {
      // YAML of the older kind reads a bare `off` as false
      if (raw === 'off' || raw === false) return 'off';
      const tau = toNumber(raw);
      return tau !== undefined && tau >= 0 && tau <= 1 ? tau : undefined;
    },
  });

/** `--tau` as a list; null in it is off. */
export const tausOption = (group: string) => {
  const { read } = tauOption(group);
  return customOption<readonly (number | null)[] | null>({
    group,
    default: null,
    placeholder: 'LIST',
    repeatable: true,
    expected: 'numbers from 0 to 1 or off, separated by commas',
    help: "values of tau to measure, 0 to 1 or off (default: the model's own tau)",
    read(raw) {
      const given =
        typeof raw === 'string' ? raw.split(',').map((part) => part.trim()) : Array.isArray(raw) ? raw : [raw];
      const taus = given.map(read);
      if (given.length === 0 || taus.includes(undefined)) return undefined;
      return taus.map((tau) => (tau === 'off' ? null : tau!));
    },
  });
};

/** As the engine has it: undefined is the model's own, null is off. */
export const engineTau = (tau: TauOption): number | null | undefined =>
  tau === null ? undefined : tau === 'off' ? null : tau;
