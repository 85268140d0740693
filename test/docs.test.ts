import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { flagOf } from '../src/cli/command.ts';
import { commands } from '../src/cli/commands/index.ts';
import { methods } from '../src/train/methods.ts';

const inFolder = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));

describe.each([...inFolder('.'), ...inFolder('docs'), ...inFolder('docs/results')])('%s', (page) => {
  const text = readFileSync(page, 'utf8');

  test('links only to files that exist', () => {
    const pictures = [...text.matchAll(/ src(?:set)?="(?!https?:)([^"]+)"/g)].map((match) => match[1]);
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1]).concat(pictures);
    expect(links.filter((link) => !existsSync(join(dirname(page), link)))).toEqual([]);
  });

  test('names only source files and folders that exist', () => {
    const paths = [...text.matchAll(/`((?:src|test|docs|bench|scripts|examples|web|deploy)\/[\w./-]*)`/g)].map(
      (match) => match[1],
    );
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });

  test('calls only commands and flags that exist', () => {
    for (const [, name, rest] of text.matchAll(/^ {4}(?:npx )?magic-pyramid ([a-z]+(?: [a-z]+)?)(.*)$/gm)) {
      const command = commands.find((one) => one.name === name || one.name === name.split(' ')[0]);
      expect(command, name).toBeDefined();
      expect(rest, 'a command is whole, so that it can be pasted').not.toContain('…');
      const flags = Object.keys(command!.options).map(flagOf);
      for (const [flag] of rest.matchAll(/--[a-z][a-z0-9-]*/g)) {
        expect([...flags, '--config', '--debug', '--help', '--no-serve']).toContain(flag);
      }
    }
  });
});

test('ARCHITECTURE.md names every room of src', () => {
  const text = readFileSync('ARCHITECTURE.md', 'utf8');
  const rooms = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(rooms.length).toBeGreaterThan(10);
  expect(rooms.map(({ name }) => name).filter((name) => !text.includes(`| \`src/${name}/\` |`))).toEqual([]);
});

test('README.md says what a method is before it stands in a table', () => {
  const lines = readFileSync('README.md', 'utf8').split('\n');
  for (const method of [...Object.keys(methods), 'mp+']) {
    const first = lines.findIndex((line) => line.includes(`\`${method}\``));
    expect(lines[first], method).not.toMatch(/^\|/);
  }
});
