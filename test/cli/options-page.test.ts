import { describe, expect, test } from 'vitest';
import { flagOf } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/index.ts';
import type { OptionSpec } from '../../src/option.ts';

// docs/options.md is written from the commands' own tables: `npx vitest run options-page -u` brings it up to date.
const cell = (text: string) => text.replaceAll('|', '\\|');
const code = (text: string) => `\`${text}\``;

function row(key: string, spec: OptionSpec<unknown>): string {
  const long = spec.default === true ? `--no-${flagOf(key).slice(2)}` : flagOf(key);
  const flag = spec.short === undefined ? long : `-${spec.short}, ${long}`;
  const value = spec.default;
  const shown =
    typeof value === 'boolean' || value === null || value === '' || (Array.isArray(value) && value.length === 0)
      ? ''
      : code(typeof value === 'object' ? Object.values(value).join(',') : String(value));
  const names = spec.aliases.map((alias) => code(`--${alias}`)).join(', ');
  const usage = spec.placeholder === null ? flag : `${flag} ${spec.placeholder}`;
  return `| ${cell(code(usage))} | ${shown} | ${cell(spec.help)}${names && ` (also ${names})`} |`;
}

function page(): string {
  const lines = [
    '# Commands and options',
    '',
    'Written from the tables that `--help` and the check of configuration files are made from. In a configuration file',
    '(`--config FILE`, YAML or JSON) an option is spelt `batchSize`, `batch-size`, or by its other name. Every command also',
    'has `--config`, `--debug` (shows where an error came from) and `--help`.',
  ];
  for (const command of commands) {
    const table = command.options as unknown as Readonly<Record<string, OptionSpec<unknown>>>;
    const operands = command.operands ? ` [${command.operands.name}…]` : '';
    lines.push('', `## magic-pyramid ${command.name}${operands}`, '', `${command.summary}.`, '', '```sh');
    for (const { line, what } of command.examples) lines.push(`# ${what}`, line);
    lines.push('```');
    for (const group of new Set(Object.values(table).map((spec) => spec.group))) {
      lines.push('', `### ${group}`, '', '| option | default | meaning |', '|---|---|---|');
      for (const [key, spec] of Object.entries(table)) if (spec.group === group) lines.push(row(key, spec));
    }
  }
  return `${lines.join('\n')}\n`;
}

describe('docs/options.md', () => {
  test('lists every option of every command as it is', () =>
    expect(page()).toMatchFileSnapshot('../../docs/options.md'));
});
