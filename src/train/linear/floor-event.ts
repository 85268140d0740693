/** What training floor 0 tells whoever watches it: one more kind of the events of src/train/events.ts. */
export interface FloorEvent {
  readonly kind: 'floor';
  /**
   * The network's answers to texts without labels; tokens of the texts; features of the rows; the strength of the penalty,
   * fold by fold; the weights.
   */
  readonly phase: 'answers' | 'tokens' | 'features' | 'strength' | 'weights';
  readonly done: number;
  /** What `done` ends at, at most: iterations and folds may turn out fewer. */
  readonly of: number;
}

export type OnFloorEvent = (event: FloorEvent) => void;
