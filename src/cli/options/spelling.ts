/**
 * The spellings of an option: `--batch-size` on the command line, `batchSize` in the library, and both of them and
 * Hugging Face's underscored names (`per_device_train_batch_size`) on the command line and in configuration files.
 */
import type { OptionSpec } from '../../option.ts';
import { flagOf } from '../command.ts';

export type Table = Readonly<Record<string, OptionSpec<unknown>>>;

/** The key of the option that `name` spells, or undefined. */
export function keyOf(table: Table, name: string): string | undefined {
  const dashed = `--${name.replaceAll('_', '-')}`;
  return Object.keys(table).find((key) => key === name || flagOf(key) === dashed || table[key].aliases.includes(name));
}

/** Every other name of a flag before a lone `--` as the flag it stands for; an underscored one that stands for none gets dashes. */
export function dashedFlags(args: readonly string[], table: Table): string[] {
  const end = args.indexOf('--');
  return args.map((arg, i) => {
    const flag = /^--([a-z][a-z0-9]*(?:_[a-z0-9]+)*)(=.*)?$/s.exec(arg);
    if (!flag || (end >= 0 && i > end)) return arg;
    const key = keyOf(table, flag[1]);
    return `${key === undefined ? `--${flag[1].replaceAll('_', '-')}` : flagOf(key)}${flag[2] ?? ''}`;
  });
}
