/** XLM-RoBERTa (Conneau et al. 2020): RoBERTa with a vocabulary of many languages. */
import type { Family } from './family.ts';
import { roberta } from './roberta.ts';

export const xlmRoberta: Family = { ...roberta, architecture: 'XLMRobertaForSequenceClassification' };
