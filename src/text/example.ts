/**
 * What is classified: a text, or a pair of texts, with the index of its label; and a set of them.
 */
export interface Example {
  readonly text: string;
  readonly pair?: string;
  /** Index into the data set's labels. */
  readonly label: number;
}

export interface Dataset {
  readonly name: string;
  readonly labels: readonly string[];
  /** Whether every example has a `pair`. */
  readonly pairs: boolean;
  readonly examples: readonly Example[];
}
