/**
 * ELECTRA's discriminator (Clark et al. 2020): BERT, but its embeddings may have a width of their own and are projected, and
 * its classifier is Linear, GELU, Linear on the first token.
 */
import { bert } from './bert.ts';
import type { Family } from './family.ts';
import { sameBut } from './same-names.ts';

export const electra: Family = {
  ...bert,
  architecture: 'ElectraForSequenceClassification',
  embeddingSize: ['embedding_size', 128],
  poolerActivation: 'gelu',
  classifierInputDropout: 'same',
  only: { ...bert.only, is_decoder: false },
  prefix: 'electra.',
  names: sameBut('electra', ['bert.embeddings_project', 'electra.embeddings_project']),
};
