/** What training floor 0 tells whoever watches it: one more kind of the events of src/train/events.ts. */
export interface FloorEvent {
  readonly kind: 'floor';
  /** Features of the rows; the strength of the penalty, fold by fold; the weights. */
  readonly phase: 'features' | 'strength' | 'weights';
  readonly done: number;
  /** What `done` ends at, at most: iterations and folds may turn out fewer. */
  readonly of: number;
}

export type OnFloorEvent = (event: FloorEvent) => void;
