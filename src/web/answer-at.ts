/** The answer of an explained text and its cost at any tau, without running the network. */
import { exitLayer, fromNumber } from '../pyramid/exits/exit-rule.ts';
import { exitAt } from '../pyramid/exits/exits.ts';
import { actualFlops, denseFlops } from '../pyramid/flops.ts';
import { isSure } from '../pyramid/folder/abstention.ts';
import type { AnswerAtTau } from './page-engine.ts';

/** The answer of an explained text and its cost at any tau; pure, in microseconds. Throws nothing. */
export const answerAt: AnswerAtTau = (
  { label: ownLabel, score: ownScore, labels: ownLabels, layers, pieces, floor },
  info,
  tau,
) => {
  const last = layers.length;
  const exit = exitLayer(
    layers.map(({ uncertainty }) => (uncertainty === null ? null : fromNumber(uncertainty))),
    tau,
    floor && fromNumber(floor.uncertainty),
  );
  const tokens = [pieces.length, ...layers.map(({ kept }) => kept.filter(Boolean).length)];
  const flops = actualFlops(info.shape, tokens, exit, {
    headKind: tau === null ? 'none' : info.headKind,
    pairs: info.pairs,
    peeks: 'all',
    asked: info.asked ?? undefined,
    fastbertWidth: info.headWidth,
    floor: floor !== null || last === 0,
  });
  const cost = { flops, denseFlops: denseFlops(info.shape, pieces.length) };
  // without a network the answer is one and the same at any tau
  const unsure = (score: number) => !isSure(info.abstention ?? undefined, score);
  const own = { label: ownLabel, score: ownScore, ...(ownLabels && { labels: ownLabels }) };
  if (last === 0) return { ...own, unsure: unsure(ownScore), exit, tokens, ...cost };
  const scores = exit === 0 ? floor?.scores : layers[exit - 1].scores;
  if (!scores) throw new Error(`internal: layer ${exit} answers without scores`);
  // the first of equal ones, as the engine has it
  const label = info.labels.reduce((best, name) => (scores[name] > scores[best] ? name : best));
  // what a layer leaves is known where it ran: one that is peeked at, as the last always is, does not
  const ran = exitAt(info.headKind, exit, last)?.asked === 'after' ? exit : Math.max(0, exit - 1);
  const score = scores[label];
  const several = info.labelThresholds && {
    labels: info.labels.filter((name, i) => scores[name] >= info.labelThresholds![i]),
  };
  return { label, score, unsure: unsure(score), ...several, exit, tokens: tokens.slice(0, ran + 1), ...cost };
};
