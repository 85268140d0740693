import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTask, TASKS, type TaskName, type TaskSplit } from '../../src/text/tasks.ts';

const shared = '../shared/data';
const missing = existsSync(shared) ? '' : ` (no ${shared})`;

/** Rows by task as the table of the data's README has them: `| \`folder/\` | … | train / test | … |`. */
const documented = (name: TaskName): Record<TaskSplit, number> => {
  const folder = name === 'yelp_polarity' ? 'yelp' : name;
  const line = readFileSync(`${shared}/README.md`, 'utf8')
    .split('\n')
    .find((row) => row.startsWith(`| \`${folder}/\``))!;
  const [train, test] = line.split('|')[4].replaceAll(',', '').split('/').map(Number);
  return { train, test };
};

describe.skipIf(missing)(`tasks on disk${missing}`, () => {
  for (const name of Object.keys(TASKS) as TaskName[]) {
    it(`${name} has the documented number of rows, all labels, and pairs where it should`, async () => {
      for (const split of ['train', 'test'] as const) {
        const set = await readTask(name, shared, split);
        expect(set.examples.length).toBe(documented(name)[split]);
        expect([...new Set(set.examples.map((e) => e.label))].sort()).toEqual(set.labels.map((_, i) => i));
        expect(set.examples.every((e) => (e.pair !== undefined) === set.pairs)).toBe(true);
        expect(set).toMatchObject({ name, labels: TASKS[name].labels, pairs: TASKS[name].pair !== null });
      }
    });
  }

  it('agree row by row with a plain reading of the GLUE files', async () => {
    const places = { qqp: [3, 4, 5], mrpc: [3, 4, 0], rte: [1, 2, 3] } as const;
    for (const name of ['qqp', 'mrpc', 'rte'] as const) {
      const [text, pair, label] = places[name];
      const lines = readFileSync(`${shared}/${name}/dev.tsv`, 'utf8').split(/\r?\n/).slice(1).filter(Boolean);
      const expected = lines.map((line) => {
        const cells = line.split('\t');
        return { text: cells[text], pair: cells[pair], label: TASKS[name].labelCells.indexOf(cells[label]) };
      });
      expect((await readTask(name, shared, 'test')).examples).toEqual(expected);
    }
  });

  it('have the classes of AG News in the order of classes.txt', () => {
    const classes = readFileSync(`${shared}/ag_news/classes.txt`, 'utf8').trim().split('\n');
    expect(TASKS.ag_news.labels).toEqual(classes);
  });

  it('join title and description of AG News, and break no line of Yelp', async () => {
    const news = (await readTask('ag_news', shared, 'test')).examples[0];
    expect(news.text).toMatch(/^Fears for T N pension after talks Unions representing workers/);
    expect(news.label).toBe(2);
    const joined = (await readTask('ag_news', shared, 'train')).examples[0];
    expect(joined.text).toMatch(/^ Iran: Bullying Won't Stop Nuke Program \(AP\) AP - Iran/);
    const review = (await readTask('yelp_polarity', shared, 'test')).examples[1];
    expect(review.text).toMatch(/^"If you buy half a duck, you don't get to pick which duck\." {2}I lived/);
  });
});

describe('readTask', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tasks-'));
    await mkdir(join(dir, 'RTE'));
    await mkdir(join(dir, 'ag_news'));
  });
  afterAll(() => rm(dir, { recursive: true }));
  const put = (name: string, content: string) => writeFile(join(dir, name), content);

  it('reads quotes, a byte-order mark and ## as they stand', async () => {
    const rows = '0\t"One, he said.\t##2 "x"\tentailment\r\n1\ta\tb\tnot_entailment\r\n';
    await put('RTE/train.tsv', `\ufeffindex\tsentence1\tsentence2\tlabel\r\n${rows}`);
    expect((await readTask('rte', dir, 'train')).examples).toEqual([
      { text: '"One, he said.', pair: '##2 "x"', label: 0 },
      { text: 'a', pair: 'b', label: 1 },
    ]);
  });

  it('names the first bad row and counts the others', async () => {
    await put('ag_news/test.csv', '"1","t","d"\n"5","t","d"\n"2","t"\n"0","",""\n"4","",""\n');
    await expect(readTask('ag_news', dir, 'test')).rejects.toThrow(
      'test.csv:2: the label is "5", not one of 1, 2, 3, 4 (and 2 more such rows)',
    );
  });

  it('names the file, column or task that is not there', async () => {
    await expect(readTask('mrpc', dir, 'test')).rejects.toMatchObject({ code: 'MP_FILE_MISSING' });
    await expect(readTask('sst2', dir, 'test')).rejects.toThrow('no task "sst2"; the tasks are ag_news, yelp_polarity');
    await put('RTE/dev.tsv', 'index\tsentence1\tlabel\n0\ta\tentailment\n');
    await expect(readTask('rte', dir, 'test')).rejects.toThrow(
      'no column "sentence2"; the columns are index, sentence1',
    );
    await put('RTE/dev.tsv', '');
    await expect(readTask('rte', dir, 'test')).rejects.toMatchObject({ code: 'MP_DATA_EMPTY' });
  });
});
