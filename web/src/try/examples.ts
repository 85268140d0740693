/** Texts to begin with: those that lie with the model, else some that are chosen by its labels. */
import type { ModelExamples } from '../../../src/pyramid/folder/examples.ts';
import type { EngineInfo } from '../../../src/web/page-engine.ts';

export interface ExampleText {
  readonly name: string;
  readonly text: string;
  readonly pair?: string;
  /** What it is, by the row's own label. */
  readonly label?: string;
}

/** Characters of a name. */
const NAME = 28;

interface ExampleSet {
  /** Labels, in lower case, of which the model has one. */
  readonly labels: readonly string[];
  readonly texts: readonly ExampleText[];
}

const sets: readonly ExampleSet[] = [
  {
    labels: ['sports', 'sci/tech', 'business', 'world'],
    texts: [
      {
        name: 'Markets',
        text: "Shares of the world's largest chip maker fell six percent on Thursday after it cut its sales forecast for the third quarter, blaming weak demand for personal computers in Europe.",
      },
      {
        name: 'Match report',
        text: 'Two late goals took the home side from certain defeat to the semi-final, where they will meet the champions of the last three seasons.',
      },
      {
        name: 'Probe',
        text: 'A probe launched on Tuesday will spend two years mapping the surface of Mercury with a laser, looking for ice in craters that never see the sun.',
      },
      {
        name: 'Talks',
        text: 'Ministers of both countries met in Geneva on Sunday for a second round of talks on a ceasefire, without agreeing on a date for the withdrawal of troops.',
      },
      {
        name: 'Hard one',
        text: 'The search engine will pay the football league to stream its cup final, betting that the match will sell its new set-top box.',
      },
    ],
  },
  {
    labels: ['spam', 'ham'],
    texts: [
      {
        name: 'Meeting',
        text: 'Hi all, the review moves to Thursday at ten because the room is taken on Wednesday. Please send me your slides by tomorrow evening, and tell me if you cannot make it.',
      },
      {
        name: 'Offer',
        text: 'CONGRATULATIONS! You have been selected to receive a FREE vacation. Click here now to claim your prize, this offer expires tonight! No credit card needed, 100% guaranteed.',
      },
      {
        name: 'Patch',
        text: 'The crash goes away when I revert your change to the memory allocator. The trace is below; could you look at line 214, where the lock is taken twice?',
      },
      {
        name: 'Newsletter',
        text: 'This week in our newsletter: ten ways to save on your mortgage, a new release of the compiler, and a reader asks how to stop unwanted mail. To unsubscribe, follow the link below.',
      },
    ],
  },
  {
    labels: ['positive', 'negative', 'pos', 'neg'],
    texts: [
      {
        name: 'Praise',
        text: 'The best noodles in town. Friendly people, quick service, and the broth tastes as if it had been on the stove for a week.',
      },
      {
        name: 'Complaint',
        text: 'We waited fifty minutes for a table we had booked, the soup was cold, and nobody apologised. Never again.',
      },
      {
        name: 'Mixed',
        text: 'The rooms are small and the lift was out of order, but the breakfast made up for nearly all of it, and we would think about coming back.',
      },
    ],
  },
];

const pairs: readonly ExampleText[] = [
  {
    name: 'Same question',
    text: 'How do I learn to play the guitar on my own?',
    pair: 'What is the best way to teach myself the guitar?',
  },
  {
    name: 'Another question',
    text: 'How long does it take to get from Rome to Naples?',
    pair: 'What should I see in Naples in one day?',
  },
  {
    name: 'Same news',
    text: 'The company said on Monday that it would close two of its five plants by the end of the year.',
    pair: 'Two of the five plants will be shut before the year ends, the company announced on Monday.',
  },
];

const anything: readonly ExampleText[] = [
  { name: 'Short', text: 'The train was late again.' },
  {
    name: 'Longer',
    text: 'When the river rose for the third time that spring, the people of the lower town carried their furniture upstairs, as their parents had done, and waited for the water to go down.',
  },
];

export function examplesFor({ labels, pairs: ofPairs }: Pick<EngineInfo, 'labels' | 'pairs'>): readonly ExampleText[] {
  if (ofPairs) return pairs;
  const own = new Set(labels.map((label) => label.toLowerCase()));
  return sets.find((set) => set.labels.some((label) => own.has(label)))?.texts ?? anything;
}

/** The rows of the model's own folder, each named by how it begins. */
export function ownExamples(
  { examples }: ModelExamples,
  { pairs: ofPairs }: Pick<EngineInfo, 'pairs'>,
): readonly ExampleText[] {
  return examples
    .filter(({ pair }) => (pair !== undefined) === ofPairs)
    .map((row, i, all) => {
      const begins = row.text.replace(/\s+/g, ' ').trim();
      const name = begins.length > NAME ? `${begins.slice(0, NAME - 1).trimEnd()}…` : begins;
      const isTwice = all.some(
        ({ text }, j) => j < i && text.replace(/\s+/g, ' ').trim().startsWith(name.replace(/…$/, '')),
      );
      return { ...row, name: isTwice ? `${name} (${i + 1})` : name };
    });
}
