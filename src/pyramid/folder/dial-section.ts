/** The section of a model card that says how the model's tau came about. Other tools change tau later, and this section with it. */
import type { Dial } from './dial.ts';
import { dtypeOf, type PyramidInfo } from './model-folder.ts';
import { abstentionInWords, tauInWords } from './tau-words.ts';

const TITLE = '## The dial';

/** The card with the section as `info` has it, in its place where there is one, else at the end; without it where there is no tau. */
export function withDialSection(card: string, info: PyramidInfo): string {
  const [before, after] = split(card);
  const parts = [before.trimEnd(), sectionOf(info), after.trim()].filter((part) => part !== '');
  return `${parts.join('\n\n')}\n`;
}

/** What stands before and behind the section. */
function split(card: string): [string, string] {
  const start = `\n${card}`.indexOf(`\n${TITLE}\n`); // of the title itself
  if (start < 0) return [card, ''];
  const next = card.indexOf('\n## ', start + TITLE.length);
  return [card.slice(0, start), next < 0 ? '' : card.slice(next + 1)];
}

function sectionOf(info: PyramidInfo): string {
  const own = dtypeOf(info);
  const all: [string, Dial][] = [[own, info], ...Object.entries(info.forDtype ?? {})];
  const said = all.filter(
    ([, { tau, tauFrom, abstention }]) => tau !== null || tauFrom !== undefined || abstention !== undefined,
  );
  if (said.length === 0) return '';
  const words = said.map(([dtype, dial]) => [
    `For ${dtype}: ${tauInWords(dial)}.`,
    // one that was found at another tau is void
    ...(dial.abstention && dial.abstention.tau === dial.tau ? [`${abstentionInWords(dial.abstention)}.`] : []),
  ]);
  return `${TITLE}\n\n${words.flat().join('\n')}`;
}
