import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { hubSettings } from '../../src/hub/index.ts';
import { modelRepo } from '../../src/hub/repo.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const home = temporaryFolder();
const VARIABLES = [
  'HF_ENDPOINT',
  'HF_TOKEN',
  'HF_TOKEN_PATH',
  'HF_HOME',
  'HF_HUB_CACHE',
  'HUGGINGFACE_HUB_CACHE',
  'HF_HUB_OFFLINE',
  'XDG_CACHE_HOME',
];
const settingsWith = (variables: Record<string, string>) => {
  for (const name of VARIABLES) vi.stubEnv(name, variables[name]);
  return hubSettings();
};
afterEach(() => vi.unstubAllEnvs());

describe('the settings of the hub', () => {
  test('are Hugging Face’s own by default', () => {
    expect(settingsWith({ HF_TOKEN_PATH: join(home, 'absent') })).toMatchObject({
      endpoint: 'https://huggingface.co',
      token: null,
      cache: join(homedir(), '.cache/huggingface/hub'),
      offline: false,
    });
  });

  test('follow HF_HOME, which HF_HUB_CACHE overrides, with the token that was stored there', () => {
    mkdirSync(join(home, 'hf'));
    writeFileSync(join(home, 'hf/token'), 'stored\n');
    const HF_HOME = join(home, 'hf');
    expect(settingsWith({ HF_HOME })).toMatchObject({ cache: join(HF_HOME, 'hub'), token: 'stored' });
    expect(settingsWith({ HF_HOME, HF_HUB_CACHE: '/elsewhere', HF_TOKEN: 'mine' })).toMatchObject({
      cache: '/elsewhere',
      token: 'mine',
    });
    expect(settingsWith({ XDG_CACHE_HOME: home }).cache).toBe(join(home, 'huggingface/hub'));
  });

  test('take a mirror with or without a slash at its end', () => {
    expect(settingsWith({ HF_ENDPOINT: 'http://mirror:8080/hf/' }).endpoint).toBe('http://mirror:8080/hf');
  });

  test.each([
    ['1', true],
    ['true', true],
    ['ON', true],
    ['0', false],
    ['', false],
  ])('HF_HUB_OFFLINE=%s is %s', (value, expected) => {
    expect(settingsWith({ HF_HUB_OFFLINE: value }).offline).toBe(expected);
  });
});

describe('an id', () => {
  test.each([
    ['bert-base-uncased', 'bert-base-uncased', 'main'],
    ['org/Name_1.5', 'org/Name_1.5', 'main'],
    ['org/name@v1.0', 'org/name', 'v1.0'],
    ['org/name@refs/pr/1', 'org/name', 'refs/pr/1'],
  ])('%s is the model %s at %s', (id, name, revision) => {
    expect(modelRepo(id)).toEqual({ kind: 'model', name, revision });
  });

  test.each([
    '',
    '.',
    '..',
    '/a',
    'a/',
    'a/b/c',
    '../a',
    'a/../b',
    'a b',
    'a@',
    'a@../b',
    'a@b//c',
    '-a',
    'a\\b',
    'C:\\a',
    'a--b',
  ])('"%s" is none', (id) => expect(modelRepo(id)).toBeNull());
});
