import { actualFlops, denseFlops } from '../../src/pyramid/flops.ts';
import type { AnswerAtTau } from '../../src/web/page-engine.ts';

export const answerAt: AnswerAtTau = ({ layers, pieces }, info, tau) => {
  const last = layers.length;
  let exit = last;
  if (tau !== null) {
    const found = layers.findIndex(({ uncertainty }, i) => i < last - 1 && uncertainty !== null && uncertainty <= tau);
    if (found >= 0) exit = found + 1;
  }
  const scores = layers[exit - 1].scores!;
  let label = info.labels[0];
  for (const name of info.labels) if (scores[name] > scores[label]) label = name;
  const tokens = [pieces.length, ...layers.map(({ kept }) => kept.filter(Boolean).length)];
  const flops = actualFlops(info.shape, tokens, exit, {
    headKind: tau === null ? 'none' : info.headKind,
    pairs: info.pairs,
    peeks: 'all',
    asked: info.asked ?? undefined,
    fastbertWidth: info.headWidth,
  });
  return {
    label,
    score: scores[label],
    exit,
    tokens: tokens.slice(0, exit + 1),
    flops,
    denseFlops: denseFlops(info.shape, pieces.length),
  };
};
