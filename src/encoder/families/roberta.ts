/**
 * RoBERTa (Liu et al. 2019): BERT, but positions begin after the row of the padding's id, so that 514 of them are for 512
 * tokens, there is mostly one token type, and its classifier is Linear, tanh, Linear on the first token without a pooler.
 */
import { bert } from './bert.ts';
import type { Family } from './family.ts';
import { sameBut } from './same-names.ts';

export const roberta: Family = {
  ...bert,
  architecture: 'RobertaForSequenceClassification',
  classifierInputDropout: 'same',
  paddingId: 1,
  unusedPositions: (paddingId) => paddingId + 1,
  only: { ...bert.only, is_decoder: false },
  prefix: 'roberta.',
  names: sameBut('roberta'),
};
