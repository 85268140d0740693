import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { diskFolder } from '../../../src/disk-folder.ts';
import { examplesOf } from '../../../src/pyramid/folder/examples.ts';

const folderWith = async (content: string | null) => {
  const dir = await mkdtemp(join(tmpdir(), 'examples-'));
  if (content !== null) await writeFile(join(dir, 'examples.json'), content);
  return diskFolder(dir);
};

test('a folder without examples has none', async () => {
  expect(await examplesOf(await folderWith(null))).toBeNull();
});

test('rows may have a label, a second text, both or neither', async () => {
  const examples = [{ text: 'a' }, { text: 'b', label: 'ham' }, { text: 'c', pair: 'd', label: 'same' }];
  expect(await examplesOf(await folderWith(JSON.stringify({ examples })))).toEqual({ about: null, examples });
});

test.each([
  ['no list', '{"examples": {"text": "a"}}', 'its "examples" are no list'],
  ['a row that is a text', '{"examples": ["a"]}', 'its "examples" are no list of objects with a text'],
  ['an empty text', '{"examples": [{"text": " "}]}', 'its "examples" are no list of objects with a text'],
  ['a label that is a number', '{"examples": [{"text": "a", "label": 1}]}', 'that are texts'],
  ['an about that is no text', '{"about": 3, "examples": []}', 'its "about" is no text'],
])('says what is wrong with %s', async (_, content, problem) => {
  const folder = await folderWith(content);
  await expect(examplesOf(folder)).rejects.toMatchObject({
    code: 'MP_MODEL_FILE',
    message: expect.stringContaining(problem),
  });
});
