import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { realServices } from '../../src/cli/real-services.ts';

const folder = mkdtempSync(join(tmpdir(), 'services-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const config = {
  model_type: 'bert',
  vocab_size: 100,
  hidden_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 32,
  max_position_embeddings: 64,
  type_vocab_size: 2,
  id2label: { 0: 'spam', 1: 'ham' },
};

const ignore = () => {};

describe('rows for the commands', () => {
  write('config.json', JSON.stringify(config));
  const mails = write('mails.csv', 'body,folder\n"a, b",ham\nc,spam\n');
  const none = { task: null, dataDir: null, file: null, text: null, pair: null, label: null };

  test("are numbered by the model's labels, not by the file's", async () => {
    const rows = await realServices.labelledRows(
      { ...none, file: mails, text: 'body', label: 'folder' },
      folder,
      ignore,
    );
    expect(rows.labels).toEqual(['spam', 'ham']);
    expect(rows.examples).toEqual([
      { text: 'a, b', label: 1 },
      { text: 'c', label: 0 },
    ]);
  });

  test('with a label that the model does not have are refused, with file and line', async () => {
    const odd = write('odd.csv', 'text,label\na,ham\nb,Spam\n');
    const reading = realServices.labelledRows({ ...none, file: odd }, folder, ignore);
    await expect(reading).rejects.toMatchObject({
      code: 'MP_DATA_LABEL',
      details: { path: odd, line: 3, label: 'Spam' },
    });
  });

  test('may be numbered 0, 1 for a model with LABEL_0, LABEL_1, with a note', async () => {
    const dir = mkdtempSync(join(folder, 'unnamed-'));
    const { id2label: _, ...unnamed } = config;
    const architectures = ['BertForSequenceClassification'];
    writeFileSync(join(dir, 'config.json'), JSON.stringify({ ...unnamed, architectures, num_labels: 3 }));
    const numbered = write('numbered.csv', 'text,label\na,2\nb,0\n');
    const notes: string[] = [];
    const rows = await realServices.labelledRows({ ...none, file: numbered }, dir, (event) => {
      if (event.kind === 'note') notes.push(event.text);
    });
    expect(rows.labels).toEqual(['LABEL_0', 'LABEL_1', 'LABEL_2']);
    expect(rows.examples.map(({ label }) => label)).toEqual([2, 0]);
    expect(notes.join('\n')).toContain('the labels 2 are LABEL_2, 0 are LABEL_0');
    const beyond = write('beyond.csv', 'text,label\na,3\nb,0\n');
    await expect(realServices.labelledRows({ ...none, file: beyond }, dir, ignore)).rejects.toMatchObject({
      code: 'MP_DATA_LABEL',
      details: { line: 2, label: '3' },
    });
    // names are never taken for numbers of others
    const mixed = write('mixed.csv', 'text,label\na,LABEL_0\nb,1\n');
    await expect(realServices.labelledRows({ ...none, file: mixed }, dir, ignore)).rejects.toMatchObject({
      code: 'MP_DATA_LABEL',
      details: { line: 3, label: '1' },
    });
    await expect(realServices.labelledRows({ ...none, file: numbered }, folder, ignore)).rejects.toMatchObject({
      code: 'MP_DATA_LABEL',
      details: { line: 2, label: '2' },
    });
  });

  test('are separated as the caller says, or as detected in the file, with a note', async () => {
    const semicolons = write('semicolons.csv', 'body;folder\na, b;ham\nc, d;spam\n');
    const tildes = write('tildes.csv', 'body~folder\na~ham\nc~spam\n');
    const said: string[] = [];
    const columns = { ...none, text: 'body', label: 'folder' };
    const found = await realServices.labelledRows({ ...columns, file: semicolons }, folder, (event) => {
      if (event.kind === 'note') said.push(event.text);
    });
    expect(found.examples.map(({ text }) => text)).toEqual(['a, b', 'c, d']);
    const given = await realServices.labelledRows({ ...columns, file: tildes, delimiter: '~' }, folder, ignore);
    expect(given.examples.map(({ text }) => text)).toEqual(['a', 'c']);
    const texts = [];
    const source = { file: semicolons, text: 'body', pair: null };
    for await (const text of realServices.texts(source, (guess) => said.push(guess))) texts.push(text);
    expect(texts).toEqual(['a, b', 'c, d']);
    expect(said).toEqual([`${semicolons}: separated by semicolons`, `${semicolons}: separated by semicolons`]);
  });

  test('come with all columns of their rows where these are asked for', async () => {
    const file = write('ids.csv', 'id,body,folder\n9007199254740993,"a, b",ham\n2,c,\n');
    const found = [];
    for await (const one of realServices.textRows({ file, text: 'body', pair: null })) found.push(one);
    expect(found).toEqual([
      { input: 'a, b', row: { id: '9007199254740993', body: 'a, b', folder: 'ham' } },
      { input: 'c', row: { id: '2', body: 'c', folder: '' } },
    ]);
    const json = write('ids.jsonl', '{"id":1,"body":"a","tags":["x"]}\n{"id":2,"body":"b"}\n');
    const rows = [];
    for await (const { row } of realServices.textRows({ file: json, text: 'body', pair: null })) rows.push(row);
    expect(rows).toEqual([
      { id: 1, body: 'a', tags: ['x'] },
      { id: 2, body: 'b', tags: null },
    ]);
  });

  test('without labels are texts or pairs', async () => {
    const all = async (file: string, text: string | null, pair: string | null) => {
      const found = [];
      for await (const input of realServices.texts({ file, text, pair })) found.push(input);
      return found;
    };
    expect(await all(mails, 'body', null)).toEqual(['a, b', 'c']);
    expect(await all(mails, 'body', 'folder')).toEqual([
      { text: 'a, b', pair: 'ham' },
      { text: 'c', pair: 'spam' },
    ]);
  });
});
