/** What a server says and counts of strangers: no text, key or path of theirs or ours, and no more values than before. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bodyRoutes } from '../support/body-routes.ts';
import { randomModel } from '../support/random-model.ts';
import { serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const KEY = 'kq7-a-key-that-is-right';
const WRONG = 'wx9-a-key-that-is-wrong';
const TEXT = 'zqxjkvb-of-a-text';

const root = temporaryFolder();
const { dir } = await randomModel(root, 'mails', { seed: 11, kind: 'pooled', prunes: true, layers: 2, hiddenSize: 16 });

/** Names of the values of /metrics, without Node's own, which come and go with what the process holds open. */
const series = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('te_'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')));

test('metrics have no more values whatever models, routes, methods and codes strangers ask for', async () => {
  const it = await serve({ mails: dir }, { page: false });
  const ask = async (name: string) => {
    for (const { path, body } of bodyRoutes) {
      await it.send('POST', path, JSON.stringify({ ...JSON.parse(body('w1').split('\n')[0]), model: name }));
      await it.send('POST', path.replace('mails', name), '{', { 'x-request-id': name, 'user-agent': name });
      await it.send('PUT', `${path}/${name}`, body(name));
    }
    for (const path of [`/v1/models/${name}`, `/v2/models/${name}/versions/${name}`, `/${name}?${name}=${name}`])
      await it.get(path, { host: name });
    await it.post('/v1/classify', { inputs: name, [name]: 1 });
    await it.post('/v1/classify', { inputs: 'w1', tau: name });
  };
  await ask('first');
  const before = series((await it.get('/metrics')).body);
  for (let i = 0; i < 30; i++) await ask(`stranger-${i}`);
  const { body } = await it.get('/metrics');
  expect(body).not.toContain('stranger');
  expect(series(body)).toEqual(before);
  expect(before.some((name) => /^te_request_failure\{err="MP_/.test(name))).toBe(true);
});

test('no error gives back a text, a key or where the model lies, and none of them is in the log', async () => {
  const apiKeyFile = join(root, 'keys');
  await writeFile(apiKeyFile, `${KEY}\n`);
  const lines: string[] = [];
  const log = { write: (line: string) => lines.push(line) };
  const it = await serve({ mails: dir }, { page: false, apiKeyFile, logLevel: 'debug', log });
  const long = `${TEXT} `.repeat(20_000);
  const bad = (body: string): string[] => [
    body,
    body.slice(0, -2),
    body.replace('{', `{"${TEXT}":1,`),
    `${body}${TEXT}`,
    body.replaceAll(`"${TEXT}"`, '7'),
    body.replace(TEXT, long),
    body.replace('}', ',"tau":"2","top_k":-1,"model":"none"}'),
    `"${TEXT}"`,
    `[${body}]`,
    '',
  ];
  let errors = 0;
  for (const { path, body, type } of bodyRoutes)
    for (const [i, payload] of bad(body(TEXT)).entries())
      for (const key of [KEY, WRONG]) {
        const authorization = `Bearer ${key}`;
        const { status, body: said } = await it.send('POST', path, payload, { 'content-type': type, authorization });
        const answer = typeof said === 'string' ? said : JSON.stringify(said);
        if (status < 400) continue;
        errors++;
        for (const word of [KEY, WRONG, root, '    at '])
          expect([path, i, answer.includes(word)]).toEqual([path, i, false]);
        // the name of a field that is not known is named, its text is not
        if (i !== 2) expect([path, i, answer.includes(TEXT)]).toEqual([path, i, false]);
      }
  expect(errors).toBeGreaterThan(bodyRoutes.length * 10);
  expect(lines.length).toBeGreaterThan(errors);
  for (const word of [KEY, WRONG, TEXT, root])
    expect([word, lines.find((line) => line.includes(word))]).toEqual([word, undefined]);
});
