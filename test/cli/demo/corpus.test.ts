import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Corpus,
  corpusSentence,
  duplicateKey,
  type Mails,
  readMails,
  splitMails,
} from '../../../src/cli/demo/corpus.ts';

describe('the demo corpus', () => {
  let read: Mails;
  let corpus: Corpus;
  let seconds: number;
  const progress: number[] = [];
  beforeAll(async () => {
    const begin = process.cpuUsage();
    read = await readMails((share) => progress.push(share));
    const { user, system } = process.cpuUsage(begin); // not the clock's: others may be at work
    seconds = (user + system) / 1e6;
    corpus = splitMails(read, 0);
  });
  const parts = () => [corpus.train, corpus.validation, corpus.test];
  const texts = () => parts().flatMap((part) => part.examples.map((example) => example.text));

  test('reads all 6,046 mails, keeps most of them, and splits the rest 70 : 10 : 20', () => {
    expect(corpus.mails).toBe(6046);
    const kept = corpus.mails - corpus.duplicates;
    expect(corpus.duplicates).toBeGreaterThan(145); // those equal but for case and spaces
    expect(corpus.duplicates).toBeLessThan(400);
    expect(parts().map((part) => part.examples.length)).toEqual([
      expect.closeTo(0.7 * kept, -1.3),
      expect.closeTo(0.1 * kept, -1.3),
      expect.closeTo(0.2 * kept, -1.3),
    ]);
    expect(texts()).toHaveLength(kept);
  });

  test('has the same share of spam in every part', () => {
    for (const part of parts()) {
      expect(part).toMatchObject({ name: 'spam_assassin', labels: ['ham', 'spam'], pairs: false });
      const spam = part.examples.filter((example) => example.label === 1).length / part.examples.length;
      expect(spam).toBeCloseTo(0.297, 2);
    }
  });

  test('has no text on two sides, case, digits and punctuation aside', () => {
    const sides = parts().map((part) => new Set(part.examples.map((example) => duplicateKey(example.text))));
    for (const [i, side] of sides.entries()) {
      expect(side.size).toBe(parts()[i].examples.length);
      for (const other of sides.slice(i + 1)) expect([...side].filter((key) => other.has(key))).toEqual([]);
    }
  });

  test('shows no transport header, no attachment and little markup', () => {
    const leaking = (pattern: RegExp) => texts().filter((text) => pattern.test(text));
    expect(leaking(/^[ \t>]*(received|return-path|delivered-to|message-id|x-mailer|x-spam[a-z-]*):/im)).toEqual([]);
    expect(leaking(/^content-type:/im)).toEqual([]);
    expect(leaking(/^\s*(<!doctype|<html)/i)).toEqual([]);
    expect(leaking(/[A-Za-z0-9+/]{76}\n[A-Za-z0-9+/]{76}\n/).length).toBeLessThanOrEqual(5);
  });

  test('has texts of a readable length, none empty, all well formed', () => {
    for (const text of texts()) {
      expect(text.trim()).not.toBe('');
      expect(text.length).toBeLessThan(6000);
      expect(/\p{Cs}/u.test(text)).toBe(false);
    }
    const lengths = texts().map((text) => text.length);
    expect(lengths.sort((a, b) => a - b)[Math.floor(lengths.length / 2)]).toBeGreaterThan(500);
  });

  test('is the same for the same seed and split otherwise for another', () => {
    expect(splitMails(read, 0)).toEqual(corpus);
    const other = splitMails(read, 1);
    expect(other.test.examples[0]).not.toEqual(corpus.test.examples[0]);
    const sorted = (of: Corpus) =>
      [of.train, of.validation, of.test].flatMap((part) => part.examples.map((e) => e.text)).sort();
    expect(sorted(other)).toEqual(sorted(corpus));
  });

  // what decodes, normalises and sorts must not be Node's own where versions differ
  test('has the same texts and the same split on every version of Node', () => {
    const print = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
    expect(print(read.examples)).toBe('9eb74025e586f6e7');
    expect(print(parts().map((part) => part.examples))).toBe('0c0574942c1152ed');
  });

  test('has the counts that README.md names', () => {
    const sentence = corpusSentence(corpus);
    const [, trained, , held] = sentence.match(/([\d,]+) for training, ([\d,]+) for validation, ([\d,]+) for testing/)!;
    expect(sentence).toMatch(/^6,046 mails, \d+ of them duplicates; /);
    const readme = readFileSync('README.md', 'utf8').replace(/\s+/g, ' ');
    expect(readme).toContain(`on ${trained} e-mails of the SpamAssassin corpus and tests them on ${held} others`);
  });

  test('reports how far it is, and is read in about ten seconds', () => {
    expect(progress[0]).toBe(0);
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(seconds).toBeLessThan(20);
  });
});
