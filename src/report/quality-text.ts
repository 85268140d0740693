/**
 * The figure by which answers are judged, in words and as a text: accuracy in per cent, micro F1 and the share of the variance as they are.
 * Knows nothing of how the figure came about.
 */
import { QUALITY_NAMES, type QualityFigures, qualityName, qualityOf } from '../evaluate/quality.ts';
import { percent } from './format.ts';

/** As a title begins: 'Accuracy', 'Micro F1', 'Share of the variance explained'. */
export function qualityTitle(figures: QualityFigures): string {
  const name = QUALITY_NAMES[qualityName(figures)];
  return name[0].toUpperCase() + name.slice(1);
}

export const isShare = (figures: QualityFigures): boolean => qualityName(figures) === 'accuracy';

export const qualityText = (figures: QualityFigures): string =>
  isShare(figures) ? percent(figures.accuracy) : qualityOf(figures).toFixed(4);
