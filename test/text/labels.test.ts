import { type BasicType, parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { readLabels } from '../support/data-file.ts';

const csv = (...labels: string[]) => ['text,label', ...labels.map((label, i) => `text ${i},${label}`)].join('\n');
const jsonl = (...labels: unknown[]) =>
  labels.map((label, i) => JSON.stringify({ text: `text ${i}`, label })).join('\n');
const parquet = (type: BasicType, label: unknown[], feature?: object) =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'text', data: label.map((_, i) => `text ${i}`), type: 'STRING' },
        { name: 'label', data: label, type },
      ],
      ...(feature && {
        kvMetadata: [{ key: 'huggingface', value: JSON.stringify({ info: { features: { label: feature } } }) }],
      }),
    }),
  );

describe('labels that are numbers', () => {
  test.each([
    ['a.csv', csv('0.0', '1.0', '1')],
    ['b.csv', csv('0', '1', '1.00')],
    ['c.csv', csv('-0', '+1', '1.')],
    ['d.jsonl', jsonl(0, 1, 1)],
    ['e.jsonl', jsonl('0.0', 1, '1')],
    ['f.jsonl', '{"text":"a","label":0.0}\n{"text":"a","label":1.0}\n{"text":"a","label":1}'],
    ['g.json', `[${jsonl(0, 1, '1.0').replaceAll('\n', ',')}]`],
    ['h.parquet', parquet('DOUBLE', [0, 1, 1])],
    ['i.parquet', parquet('INT64', [0n, 1n, 1n])],
    ['j.parquet', parquet('INT32', [0, 1, 1])],
    ['k.parquet', parquet('STRING', ['0.0', '1.0', '1'])],
  ])('are the same however they are written: %s', async (name, content) => {
    const expected = { labels: ['0', '1'], found: ['0', '1', '1'] };
    expect(await readLabels(name, content)).toEqual(expected);
    expect(await readLabels(name, content, { labels: ['0', '1'] })).toEqual(expected);
    // a model that an older version trained on 0.0 and 1.0
    expect((await readLabels(name, content, { labels: ['0.0', '1.0'] })).found).toEqual(['0.0', '1.0', '1.0']);
  });

  test('keep what tells them apart, and all their digits', async () => {
    expect((await readLabels('a.csv', csv('1.50', '-1.5', '10', '1.5'))).labels).toEqual(['-1.5', '1.5', '10']);
    const long = ['12345678901234567890', '12345678901234567891'];
    expect((await readLabels('b.csv', csv(...long))).labels.toSorted()).toEqual(long);
  });

  test('are names if other labels are not numbers, or if they begin with a zero', async () => {
    expect((await readLabels('a.csv', csv('1', '1.0', 'spam'))).labels).toEqual(['1', '1.0', 'spam']);
    expect((await readLabels('b.csv', csv('01', '1'))).labels.toSorted()).toEqual(['01', '1']);
    await expect(readLabels('c.csv', csv('01', '1'), { labels: ['0', '1'] })).rejects.toMatchObject({
      code: 'MP_DATA_LABEL',
    });
  });
});

test('true and True are one label, in every format', async () => {
  const expected = { labels: ['false', 'true'], found: ['true', 'false', 'true'] };
  expect(await readLabels('a.csv', csv('True', 'False', 'TRUE'))).toEqual(expected);
  expect(await readLabels('b.jsonl', jsonl(true, false, 'True'))).toEqual(expected);
  expect(await readLabels('c.parquet', parquet('BOOLEAN', [true, false, true]))).toEqual(expected);
  expect((await readLabels('d.jsonl', jsonl(true, false), { labels: ['True', 'False'] })).found).toEqual([
    'True',
    'False',
  ]);
  expect((await readLabels('e.csv', csv('True', 'true', 'maybe'))).labels).toEqual(['True', 'maybe', 'true']);
});

describe('a missing label', () => {
  const classes = { _type: 'ClassLabel', names: ['ham', 'spam'] };
  test.each([
    ['empty', 'a.csv', csv('a', '')],
    ['blanks', 'b.csv', csv('a', '  ')],
    ['null', 'c.jsonl', jsonl('a', null)],
    ['an empty text', 'd.jsonl', jsonl('a', '')],
    ['no key', 'e.jsonl', jsonl('a', undefined)],
    ['null', 'f.parquet', parquet('STRING', ['a', null])],
    ['null in numbers', 'g.parquet', parquet('INT64', [1n, null])],
    ['NaN', 'h.parquet', parquet('DOUBLE', [1, Number.NaN])],
    ['null in numbered classes', 'i.parquet', parquet('INT64', [1n, null], classes)],
    ['-1 in numbered classes', 'j.parquet', parquet('INT64', [1n, -1n], classes)],
    ['an empty text in numbered classes', 'k.parquet', parquet('STRING', ['a', ''], classes)],
    ['NaN in numbered classes', 'l.parquet', parquet('DOUBLE', [1, Number.NaN], classes)],
  ])('is refused with its row: %s, %s', async (_, name, content) => {
    const line = name.endsWith('.csv') ? 3 : 2;
    await expect(readLabels(name, content)).rejects.toMatchObject({ code: 'MP_DATA_ROW', details: { line } });
    await expect(readLabels(name, content, { labels: ['a', '1', 'ham', 'spam'] })).rejects.toThrow(
      /there is no label|the label is (empty|not)/,
    );
  });

  test('is not what a class without a name is called, nor a name where numbers were expected', async () => {
    await expect(readLabels('a.parquet', parquet('INT64', [0n, 7n], classes))).rejects.toThrow(
      'a.parquet:2: the label is 7, where the classes are 0 to 1',
    );
    await expect(readLabels('b.parquet', parquet('DOUBLE', [0, 0.5], classes))).rejects.toThrow('the label is 0.5');
    expect(await readLabels('c.parquet', parquet('STRING', ['ham', 'eggs'], classes))).toMatchObject({
      found: ['ham', 'eggs'],
    });
    expect(await readLabels('d.parquet', parquet('BOOLEAN', [true, false], classes))).toMatchObject({
      found: ['true', 'false'],
    });
  });
});

test('words of JavaScript are labels and columns like others, in every format', async () => {
  const words = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
  const labels = [...words].sort();
  expect(await readLabels('a.csv', csv(...words))).toEqual({ labels, found: words });
  expect(await readLabels('b.jsonl', jsonl(...words))).toEqual({ labels, found: words });
  expect(await readLabels('c.parquet', parquet('STRING', words))).toEqual({ labels, found: words });
  const json = words.map((word) => `{"text":"x","__proto__":"${word}"}`);
  expect((await readLabels('d.jsonl', json.join('\n'), { label: '__proto__' })).found).toEqual(words);
  expect((await readLabels('e.json', `[${json}]`, { label: '__proto__' })).found).toEqual(words);
  const columns = new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'constructor', data: words, type: 'STRING' },
        { name: '__proto__', data: words, type: 'STRING' },
      ],
    }),
  );
  const named = { text: 'constructor', label: '__proto__' };
  expect((await readLabels('f.parquet', columns, named)).found).toEqual(words);
  // a row that lacks the key does not have what every object inherits
  await expect(
    readLabels('g.jsonl', '{"text":"x","constructor":"a"}\n{"text":"x"}', { label: 'constructor' }),
  ).rejects.toThrow('g.jsonl:2: there is no label');
});
