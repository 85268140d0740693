import { expect, test } from 'vitest';
import type { ClockFigures } from '../../../src/evaluate/clock-figures.ts';
import { adviceSentences } from '../../../src/train/output/advice.ts';
import { figureSentences } from '../../../src/train/output/figures.ts';
import { chosenDial } from '../../../src/train/trace/set-dial.ts';

const clock: ClockFigures = {
  machine: { cpu: 'A Processor', threads: 1 },
  rows: 'validation',
  texts: 400,
  msPerText: 2,
  msPerTextToTheEnd: 10,
  msPerTextFloor: 0.05,
  msPerTextBert: null,
};
const reached = { floor: 0.863, network: 0.895, pyramid: 0.894, unlabelled: 0 };

test('what each part reaches stands beside its speed, where that was measured', () => {
  const sentence = adviceSentences(reached, { tau: 0.2, clock }, 'runs/a')[0];
  expect(sentence).toBe(
    'On the validation rows floor 0 alone is right on 86.3 % (20,000 texts a second), the network alone, run to the end, on 89.5 % (100 texts a second), both together at tau 0.2 on 89.4 % (500 texts a second).',
  );
  expect(adviceSentences(reached, { tau: 0.2, clock: null }, 'runs/a')[0]).not.toContain('a second');
});

test('where the network is ahead of floor 0, texts without labels are advised, once', () => {
  expect(adviceSentences(reached, { tau: 0.2, clock }, 'runs/a')[1]).toContain(
    'magic-pyramid refit --model runs/a --unlabelled FILE',
  );
  expect(adviceSentences({ ...reached, unlabelled: 9 }, { tau: 0.2, clock }, 'runs/a')).toHaveLength(1);
  expect(adviceSentences({ ...reached, floor: 0.888 }, { tau: 0.2, clock }, 'runs/a')).toHaveLength(1);
});

test('where floor 0 is as good, the network does not pay', () => {
  const near = adviceSentences({ ...reached, floor: 0.8925 }, { tau: 0.2, clock }, 'a')[1];
  expect(near).toBe(
    'The network does not pay here: floor 0 alone is within 0.3 points, and `--method linear` gives the same at 40 times the speed.',
  );
  const above = adviceSentences({ ...reached, floor: 0.9 }, { tau: 0.2, clock: null }, 'a')[1];
  expect(above).toBe(
    'The network does not pay here: floor 0 alone is as good as the rest, and `--method linear` gives the same.',
  );
  expect(adviceSentences({ ...reached, floor: 0.891 }, { tau: 0.2, clock }, 'a')).toHaveLength(1);
});

test('the sentences at the end of a run have it before the way to compare, and none without floor 0', () => {
  const metrics = { accuracy: 0.9, accuracyAtTau: 0.9, meanExit: 1 };
  const figures = { metrics, tau: 0.2, dial: chosenDial(0.2), judgedOn: 'test', clock } as const;
  const sentences = figureSentences({ ...figures, reached }, 'runs/a');
  expect(sentences.findIndex((one) => one.startsWith('On the validation rows'))).toBe(sentences.length - 3);
  expect(figureSentences({ ...figures, reached: null }, 'runs/a').join()).not.toContain('floor 0');
});
