import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join('src', name));

/** The opening comment's lines. A hash-bang may stand before it. */
const opening = (text: string): string[] => /^(?:#!.*\n)?\/\*\*([\s\S]*?)\*\//.exec(text)?.[1].trim().split('\n') ?? [];

describe('every file in src', () => {
  test('opens with a block comment of one to eight lines, but for an index', () => {
    const lines = (path: string) => opening(readFileSync(path, 'utf8')).length;
    const own = sources.filter((path) => !path.endsWith('/index.ts'));
    expect(own.filter((path) => lines(path) < 1 || lines(path) > 8)).toEqual([]);
  });

  test('is named in kebab case and stays below 500 lines', () => {
    expect(sources.filter((path) => !/^src(\/[a-z0-9]+(-[a-z0-9]+)*)+\.ts$/.test(path))).toEqual([]);
    expect(sources.filter((path) => readFileSync(path, 'utf8').split('\n').length > 500)).toEqual([]);
  });
});
