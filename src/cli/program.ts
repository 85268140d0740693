/**
 * The command line: finds the command, reads its flags and configuration file, runs it and turns what goes wrong into
 * one line and an exit code. commander reads the line; values are checked by the option tables, so that a flag and a
 * configuration file are held to the same rules.
 */
import { createRequire } from 'node:module';
import { Command as Commander, Option } from 'commander';
import { PyramidError } from '../errors.ts';
import { type OptionSpec, readOption } from '../option.ts';
import { type Command, flagOf } from './command.ts';
import { commands, groups } from './commands/index.ts';
import type { Io } from './io.ts';
import { readConfigFile } from './options/config-file.ts';
import { dashedFlags } from './options/spelling.ts';
import { variableOf } from './options/variables.ts';
import { reportError } from './output/report-error.ts';
import { watchOutput } from './output/watch-output.ts';
import { realServices } from './real-services.ts';
import type { Services } from './services.ts';

type AnyCommand = Command<Record<string, unknown>>;

// each command's own option types are lost here on purpose: from here on its table speaks for them
const all = commands as readonly unknown[] as readonly AnyCommand[];

/**
 * @param args what stands after the program's name
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage
 */
export async function run(args: readonly string[], io: Io, services: Services = realServices): Promise<0 | 1 | 2> {
  const words = args.filter((arg) => !arg.startsWith('-'));
  const command = all.find(({ name }) => name === words[0] || name === words.slice(0, 2).join(' '));
  const output = watchOutput(io.stdout);
  const report = (error: unknown) => reportError(error, io, args.includes('--debug'));
  let code: 0 | 1 | 2 = 0;
  try {
    await program(io, services).parseAsync(dashedFlags(args, command?.options ?? {}), { from: 'user' });
  } catch (error) {
    code = report(error instanceof Error && error === output.lost() ? output.error() : error);
  }
  await output.end();
  return code === 0 && output.lost() !== null ? report(output.error()) : code;
}

function program(io: Io, services: Services): Commander {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  const root = new Commander('magic-pyramid')
    .description('Fine-tune BERT-family text classifiers that spend little on easy inputs, and run them')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: () => {}, // report-error.ts says it
    });
  for (const command of all) {
    const above = command.name.includes(' ') ? groupOf(root, command.name.split(' ')[0]) : root;
    above.addCommand(subcommand(command, io, services).copyInheritedSettings(root));
  }
  return root;
}

/** Of commands with two words, what their first word stands for. */
function groupOf(root: Commander, name: string): Commander {
  const there = root.commands.find((command) => command.name() === name);
  if (there) return there;
  const made = new Commander(name).description(`${groups[name]}.`).copyInheritedSettings(root);
  root.addCommand(made);
  return made;
}

function subcommand(command: AnyCommand, io: Io, services: Services): Commander {
  const sub = new Commander(command.name.split(' ').at(-1)).description(`${command.summary}.`);
  if (command.operands) sub.argument(`[${command.operands.name}...]`, command.operands.help);
  else sub.allowExcessArguments(false);
  for (const [key, spec] of Object.entries(command.options)) {
    for (const option of commanderOptions(key, spec, command.variables?.(key) ?? [])) sub.addOption(option);
  }
  sub.optionsGroup('Options:');
  sub.option('--config <FILE>', 'a JSON or YAML file of options; flags override it');
  sub.option('--debug', 'print the stack trace of an error');
  sub.addHelpText('after', examplesText(command));
  sub.action(async () => {
    const given = await givenOptions(sub, command, io);
    const options: Record<string, unknown> = {};
    for (const [key, spec] of Object.entries(command.options)) options[key] = key in given ? given[key] : spec.default;
    await command.run({ given, options, operands: sub.args, io, services });
  });
  return sub;
}

function commanderOptions(key: string, spec: OptionSpec<unknown>, variables: readonly string[]): Option[] {
  const flag = flagOf(key);
  const negated = flag.replace(/^--/, '--no-');
  if (spec.placeholder === null) {
    const [shown, hidden] = spec.default === true ? [negated, flag] : [flag, negated];
    return [new Option(shown, spec.help).helpGroup(`${spec.group}:`), new Option(hidden).hideHelp()];
  }
  const value = spec.mayBeBare ? `[${spec.placeholder}]` : `<${spec.placeholder}>`;
  const flags = spec.short === undefined ? flag : `-${spec.short}, ${flag}`;
  const option = new Option(`${flags} ${value}`, help(spec, variables)).helpGroup(`${spec.group}:`);
  if (spec.repeatable) option.argParser((one, before: unknown) => (before === undefined ? one : `${before},${one}`));
  return [option];
}

function help(spec: OptionSpec<unknown>, variables: readonly string[]): string {
  const value = spec.default;
  const text = variables.length === 0 ? spec.help : `${spec.help} [${variables.join(', ')}]`;
  if (value === null || value === '' || (Array.isArray(value) && value.length === 0)) return text;
  const shown = typeof value === 'object' ? Object.values(value).join(',') : String(value);
  return `${text} (default: ${shown})`;
}

function examplesText(command: AnyCommand): string {
  const lines = command.examples.map(({ line, what }) => `  # ${what}\n  ${line}`);
  return `\nExamples:\n${lines.join('\n')}`;
}

/** What variables, the configuration file and flags give, checked; the later win, and what they replace is not looked at. */
async function givenOptions(
  sub: Commander,
  { options: table, variables, shorthands = {} }: AnyCommand,
  io: Io,
): Promise<Record<string, unknown>> {
  const raw = sub.opts<Record<string, unknown>>();
  const file = typeof raw.config === 'string' ? await readConfigFile(raw.config, table) : {};
  const set: Record<string, unknown> = {};
  const flags: Record<string, unknown> = {};
  for (const [key, spec] of Object.entries(table)) {
    if (sub.getOptionValueSource(key) === 'cli') flags[key] = readOption(spec, raw[key], flagOf(key));
    if (key in flags || key in file) continue;
    const { name, notes } = variableOf(variables?.(key) ?? []);
    for (const note of notes) io.stderr.write(`${note}\n`);
    if (name !== null) set[key] = readOption(spec, process.env[name], name);
  }
  const full = (given: Record<string, unknown>) => withShorthands(given, shorthands);
  return { ...full(set), ...full(file), ...full(flags) };
}

/** Throws MP_USAGE where a shorthand stands beside another value of what it means. */
function withShorthands(
  given: Record<string, unknown>,
  shorthands: NonNullable<AnyCommand['shorthands']>,
): Record<string, unknown> {
  const all = { ...given };
  for (const [short, meant] of Object.entries(shorthands)) {
    if (given[short] !== true) continue;
    for (const [key, value] of Object.entries(meant ?? {})) {
      if (key in given && given[key] !== value) {
        throw new PyramidError('MP_USAGE', {
          what: `${flagOf(short)} means ${flagOf(key)} ${value}, and ${flagOf(key)} ${given[key]} was given`,
          todo: 'leave one of them out',
        });
      }
      all[key] = value;
    }
  }
  return all;
}
