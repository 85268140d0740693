/**
 * The figure by which answers are judged, in words and as a text: accuracy in per cent, micro F1 and the share of the variance as they are.
 * Knows nothing of how the figure came about.
 */
import { QUALITY_NAMES, type QualityFigures, type QualityName, qualityName, qualityOf } from '../evaluate/quality.ts';
import { percent } from './format.ts';

/** As a title begins: 'Accuracy', 'Micro F1', 'Share of the variance explained'. */
export function qualityTitle(figures: Omit<QualityFigures, 'accuracy'>): string {
  const name = QUALITY_NAMES[qualityName(figures)];
  return name[0].toUpperCase() + name.slice(1);
}

/** The heads of a column of several models' figures: each title once. */
export function titlesOf(names: readonly QualityName[]): string {
  const titles = [...new Set(names)].map((name) => qualityTitle(name === 'accuracy' ? {} : { [name]: 0 }));
  return titles.length === 0 ? 'Accuracy' : titles.join(' / ');
}

/** A figure of that name in a table; accuracy in per cent. */
export const figureText =
  (name: QualityName = 'accuracy') =>
  (value: number): string =>
    name === 'accuracy' ? percent(value) : value.toFixed(3);

export const isShare = (figures: QualityFigures): boolean => qualityName(figures) === 'accuracy';

export const qualityText = (figures: QualityFigures): string =>
  isShare(figures) ? percent(figures.accuracy) : qualityOf(figures).toFixed(4);
