/** `--tau`, the dial: a number, `off`, or (when it is not given) what the model's own training chose. */
import { customOption, toNumber } from '../option.ts';

export type TauOption = number | 'off' | null;

export const tauOption = (group: string) =>
  customOption<TauOption>({
    group,
    default: null,
    placeholder: 'X|off',
    expected: 'a number from 0 to 1, or off',
    help: "answer at the first layer no less sure than this: 0 to 1, larger is earlier and cheaper; without it the model's own",
    read(raw) {
      // YAML of the older kind reads a bare `off` as false
      if (raw === 'off' || raw === false) return 'off';
      const tau = toNumber(raw);
      return tau !== undefined && tau >= 0 && tau <= 1 ? tau : undefined;
    },
  });

/** As the engine has it: undefined is the model's own, null is off. */
export const engineTau = (tau: TauOption): number | null | undefined =>
  tau === null ? undefined : tau === 'off' ? null : tau;
