/**
 * A command as data: its name, its options as a table, its examples and what it does. `--help`, the reading of flags
 * and of configuration files are made from it (program.ts); a command knows nothing of how it was called.
 */
import type { OptionTable } from '../option.ts';
import type { Io } from './io.ts';
import type { Services } from './services.ts';

export interface Command<T extends object> {
  /** One word, or two of which the first stands for a group of commands (commands/index.ts). */
  readonly name: string;
  /** One sentence, without a full stop. */
  readonly summary: string;
  /** What stands on the line beside options, or null. */
  readonly operands: { readonly name: string; readonly help: string } | null;
  readonly options: OptionTable<T>;
  readonly examples: readonly Example[];
  /** Environment variables that stand for a flag, the first that is set counts; flags and configuration files win. */
  readonly variables?: (key: keyof T & string) => readonly string[];
  /** Flags that stand for values of other options, at the place where they are given: a flag's for a configuration file's. */
  readonly shorthands?: { readonly [K in keyof T & string]?: Partial<T> };
  run(call: Call<T>): Promise<void>;
}

interface Example {
  readonly line: string;
  readonly what: string;
}

export interface Call<T> {
  /** What the caller gave by flag or configuration file, checked one by one. */
  readonly given: Partial<T>;
  /** `given` with the defaults filled in. */
  readonly options: T;
  readonly operands: readonly string[];
  readonly io: Io;
  readonly services: Services;
}

/** `batchSize` as `--batch-size`. */
export const flagOf = (key: string): string => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
