import { describe, expect, it } from 'vitest';
import type { Pushed, PushOptions } from '../../src/hub/index.ts';
import { cli } from './fake.ts';

const given = ['hub', 'push', '--model', 'runs/mails', '--to', 'me/mails'];
const pushed: Pushed = {
  url: 'https://hub/me/mails',
  commit: 'c0ffee',
  created: false,
  files: [
    { path: 'config.json', size: 2e6 },
    { path: 'model.safetensors', size: 3e6 },
  ],
  leftOut: [],
  removed: [],
};
const with_ = (more: Partial<Pushed> = {}) => {
  const calls: PushOptions[] = [];
  return {
    calls,
    async pushModel(options: PushOptions, onSend: (files: Pushed['files']) => void) {
      calls.push(options);
      onSend(pushed.files);
      return { ...pushed, ...more };
    },
  };
};

describe('hub push', () => {
  it('pushes a folder to main with a title of its own, and says where it is', async () => {
    const service = with_();
    expect(await cli(given, service)).toEqual({
      code: 0,
      stdout: 'https://hub/me/mails: uploaded\n',
      stderr: 'me/mails: uploading 2 files, 5.0 MB\n',
    });
    const message = 'Upload a model of magic-pyramid';
    expect(service.calls).toEqual([
      { dir: 'runs/mails', to: 'me/mails', private: false, revision: 'main', message, include: [] },
    ]);
  });

  it('passes on what was asked for, and says what was left out, removed and made', async () => {
    const service = with_({ created: true, leftOut: ['report.html'], removed: ['floor.safetensors'] });
    const flags = ['--private', '--revision', 'v2', '--message', 'new', '--include', 'a.csv', '--include', '*.html'];
    const { stdout, stderr } = await cli([...given, ...flags], service);
    expect(service.calls).toMatchObject([
      { private: true, revision: 'v2', message: 'new', include: ['a.csv', '*.html'] },
    ]);
    expect(stdout).toBe('https://hub/me/mails: uploaded, to a repository that is new\n');
    expect(stderr.split('\n').slice(1)).toEqual([
      'left out, since they may hold texts of rows: report.html (--include uploads them too)',
      'removed, since this model has no such file: floor.safetensors',
      '',
    ]);
  });

  it('prints one JSON object where it is asked for', async () => {
    expect(JSON.parse((await cli([...given, '--json'], with_())).stdout)).toEqual(pushed);
  });

  it.each([
    [['hub', 'push', '--to', 'me/mails'], 'error: --model is missing; give a model folder\n'],
    [['hub', 'push', '--model', 'runs/mails'], 'error: --to is missing; name the repository, OWNER/NAME\n'],
  ])('refuses %j', async (args, message) => {
    expect(await cli(args)).toEqual({ code: 2, stdout: '', stderr: message });
  });

  it('refuses a folder that is no model’s before the hub is asked', async () => {
    const { code, stderr } = await cli(['hub', 'push', '--model', 'docs', '--to', 'me/mails'], {
      pushModel: (await import('../../src/cli/real-services.ts')).realServices.pushModel,
    });
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^error: docs\/config\.json: no such .*; check the path\n$/),
    ]);
  });
});
