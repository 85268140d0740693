/**
 * Hands on what was found in the order in which places were taken, however late each finding comes: a bound that holds at any
 * time of looking needs an order that does not depend on what is found. Places are bounded. Knows nothing of audits.
 */
export interface Place<T> {
  /** What was found, once; null: nothing, the place is passed over. */
  fill(found: T | null): void;
}

export class InTurn<T> {
  readonly #most: number;
  readonly #give: (found: T) => void;
  /** The oldest first; undefined: not yet filled. */
  readonly #places: { found: T | null | undefined }[] = [];

  constructor(most: number, give: (found: T) => void) {
    this.#most = most;
    this.#give = give;
  }

  get isFull(): boolean {
    return this.#places.length >= this.#most;
  }

  /** Places that are taken and not yet handed on. */
  get length(): number {
    return this.#places.length;
  }

  /** To be asked for while it is not full. */
  take(): Place<T> {
    const place: { found: T | null | undefined } = { found: undefined };
    this.#places.push(place);
    return {
      fill: (found) => {
        place.found = found;
        this.#handOn();
      },
    };
  }

  #handOn(): void {
    while (this.#places.length > 0 && this.#places[0].found !== undefined) {
      const { found } = this.#places.shift()!;
      if (found !== null) this.#give(found as T);
    }
  }
}
