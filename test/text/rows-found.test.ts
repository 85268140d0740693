// What is found out about a file by itself: its columns, its separators, its encoding; and what is said of it.
import { describe, expect, test } from 'vitest';
import { readLabels, readRows } from '../support/data-file.ts';

describe('keys that the first JSON line lacks', () => {
  test('are columns: a row without one is named', async () => {
    await expect(
      readLabels('a.jsonl', '{"text":"x"}\n{"text":"y","label":"a"}\n{"text":"z","label":"b"}'),
    ).rejects.toThrow('a.jsonl:1: there is no label; fix');
    await expect(readRows('b.jsonl', '{"text":"x"}\n{"text":"y","pair":"z"}')).rejects.toThrow(
      'b.jsonl:1: there is no pair',
    );
    await expect(readRows('c.jsonl', '{"title":"x"}\n{"title":"t","text":"y"}')).rejects.toThrow(
      'c.jsonl:1: there is no text',
    );
    await expect(readRows('d.json', '[{"title":"x"},{"title":"t","text":"y"}]')).rejects.toThrow(
      'd.json:1: there is no text',
    );
    expect(await readRows('e.jsonl', '{"id":1,"text":"x"}\n{"text":"y","id":2,"note":3}')).toMatchObject([
      { text: 'x' },
      { text: 'y' },
    ]);
    expect(await readRows('f.jsonl', '{"text":"x"}\n{"text":"y","pair":"z"}', { text: 'text' })).toHaveLength(2);
  });

  test('and come late are named where they would have been chosen', async () => {
    const many = '{"text":"x","label":"a"}\n{"text":"y","label":"b"}\n'.repeat(600);
    await expect(readRows('a.jsonl', `${many}{"text":"y","pair":"z"}\n`)).rejects.toThrow(
      'a.jsonl:1201: the key "pair" comes first after 1000 rows without it; name the columns',
    );
    const unlabelled = '{"title":"x"}\n'.repeat(1100);
    await expect(readRows('b.jsonl', `${unlabelled}{"title":"y","text":"z"}`)).rejects.toThrow(
      'b.jsonl:1101: the key "text"',
    );
    await expect(readRows('c.jsonl', `${unlabelled}{"title":"y","label":"z"}`)).rejects.toThrow(
      'c.jsonl:1101: the key "label"',
    );
    expect(await readRows('d.jsonl', `${many}{"text":"y","label":"a","note":"z"}`)).toHaveLength(1201);
    expect(
      await readRows('e.jsonl', `${many}{"text":"y","pair":"z"}`, { text: 'text', label: 'label' }).catch(
        (e) => e.message,
      ),
    ).toContain('there is no label');
  });
});

describe('what separates the fields of a .csv', () => {
  const rows = [
    ['text', 'label'],
    ['Hello, world; "you"', 'a'],
    ['one | two\tthree', 'b'],
  ];
  const written = (delimiter: string, end = '\n') =>
    rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(delimiter)).join(end);
  const notes = async (content: string, options = {}) => {
    const said: string[] = [];
    const { found } = await readLabels('a.csv', content, {
      ...options,
      onNote: (note) => said.push(note.replace(/^.*: /, '')),
    });
    return { found, said };
  };

  test.each([
    [';', 'semicolons'],
    ['\t', 'tabs'],
    ['|', 'vertical bars'],
  ])('is found where it is %j, and told', async (delimiter, name) => {
    for (const end of ['\n', '\r\n']) {
      const { found, said } = await notes(written(delimiter, end));
      expect(found).toEqual(['a', 'b']);
      expect(said[0]).toBe(`separated by ${name}`);
    }
  });

  test('is a comma wherever it can be, without a note', async () => {
    expect((await notes(written(','))).said[0]).not.toContain('separated');
    // one column is one column, whatever stands in its rows
    expect(await readRows('a.csv', 'text\na;b\nc;d\n')).toMatchObject([{ text: 'a;b' }, { text: 'c;d' }]);
    expect(await readRows('b.csv', 'a;b\nc;d\n', { text: 0 })).toMatchObject([{ text: 'a;b' }, { text: 'c;d' }]);
    expect(await readRows('c.csv', 'a;b\nc;d\n', { text: 1, label: 0 })).toMatchObject([
      { text: 'b', label: 'a' },
      { text: 'd', label: 'c' },
    ]);
  });

  test('is what a first line says, as spreadsheets write it, and lines keep their numbers', async () => {
    for (const line of ['sep=;\r\n', '"sep=;"\n', 'SEP=;\n']) {
      expect(await readRows('a.csv', `${line}text;label\nx;1\n`)).toEqual([{ text: 'x', label: '1', line: 3 }]);
    }
    await expect(readRows('b.csv', 'sep=;\ntext;label\nx;1\ny\n')).rejects.toThrow('b.csv:4: the row has 1 field');
  });

  test('is what the caller says', async () => {
    expect((await notes(written('~'), { delimiter: '~' })).found).toEqual(['a', 'b']);
    expect(await readRows('a.tsv', 'text;label\nx;1\n', { delimiter: ';' })).toMatchObject([{ text: 'x', label: '1' }]);
    expect(await readRows('b.csv', 'sep=,\ntext;label\nx;1\n', { delimiter: ';' })).toMatchObject([{ text: 'x' }]);
  });

  test('is guessed at in the message where the rows do not agree', async () => {
    await expect(readRows('a.csv', 'text;label\nx;1;2\ny\n')).rejects.toThrow(
      'a.csv: no column "text"; the columns are text;label (separated by semicolons? give --delimiter)',
    );
    await expect(readRows('b.tsv', 'text,label\nx,1\n')).rejects.toThrow('(separated by commas? give --delimiter)');
  });
});

describe('the encoding', () => {
  const content = 'text,label\r\nUnïcödé 中文 😀,a\r\nzwei,b\r\n';
  const utf16 = Buffer.from(`\ufeff${content}`, 'utf16le');
  const json = Buffer.from('\ufeff{"text":"é","label":"a"}\n{"text":"😀","label":"b"}', 'utf16le');

  test('is UTF-16 where a mark says so', async () => {
    const expected = [
      { text: 'Unïcödé 中文 😀', label: 'a', line: 2 },
      { text: 'zwei', label: 'b', line: 3 },
    ];
    expect(await readRows('a.csv', utf16)).toEqual(expected);
    expect(await readRows('b.csv', Buffer.from(utf16).swap16())).toEqual(expected);
    expect(await readRows('c.csv', `\ufeff${content}`)).toEqual(expected);
    expect(await readRows('d.jsonl', json)).toMatchObject([{ text: 'é' }, { text: '😀' }]);
    expect(await readRows('e.txt', utf16)).toHaveLength(3);
  });

  test('is named where it is another one', async () => {
    for (const name of ['a.csv', 'b.txt', 'c.jsonl', 'd.json']) {
      const bytes = name.startsWith('c') || name.startsWith('d') ? json.subarray(2) : utf16.subarray(2);
      for (const order of [bytes, Buffer.from(bytes).swap16()]) {
        await expect(readRows(name, order), name).rejects.toThrow(
          `${name}: the text seems to be UTF-16 without a byte-order mark; save it as UTF-8`,
        );
      }
    }
    await expect(readRows('e.txt', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]))).rejects.toThrow('is UTF-32');
    const broken = Buffer.concat([utf16, Buffer.from([0x0a, 0, 0, 0xd8, 0x61, 0])]);
    await expect(readRows('f.txt', broken)).rejects.toThrow('f.txt:5: the text is not UTF-16LE');
  });
});

test('an ending in capitals is unpacked all the same', async () => {
  const { gzipSync } = await import('node:zlib');
  expect(await readRows('A.CSV.GZ', gzipSync('text\nx\n'))).toMatchObject([{ text: 'x' }]);
});
