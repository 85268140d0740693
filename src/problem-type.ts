/**
 * What rows and models answer with, in the words of Hugging Face's config.json: one label of several, any number of labels,
 * or a number. Knows nothing of how.
 */
export const PROBLEM_TYPES = ['single_label_classification', 'multi_label_classification', 'regression'] as const;

export type ProblemType = (typeof PROBLEM_TYPES)[number];
