/**
 * The pieces of a vocabulary as a tree of UTF-16 units in a few typed arrays: the longest piece at a place of a word is found
 * in one walk, without a string for each that is tried. Knows nothing of words.
 */
export class PieceTrie {
  /** By node, 0 is the root: 1 + the id of the piece that ends there, 0 for none. */
  #ids = new Int32Array(1024);
  #parents = new Int32Array(1024);
  #units = new Uint16Array(1024);
  #size = 1;
  /** Nodes by parent and unit, open addressing; 0: empty. */
  #slots = new Int32Array(2048);

  /** @param pieces and their ids; of a piece that comes twice the last id counts */
  constructor(pieces: Iterable<readonly [piece: string, id: number]>) {
    for (const [piece, id] of pieces) {
      let node = 0;
      for (let i = 0; i < piece.length; i++) node = this.step(node, piece.charCodeAt(i)) || this.#add(node, piece, i);
      if (node > 0) this.#ids[node] = id + 1;
    }
  }

  /** The node after `prefix`; 0: no piece begins so. */
  after(prefix: string): number {
    let node = 0;
    for (let i = 0; i < prefix.length; i++) {
      node = this.step(node, prefix.charCodeAt(i));
      if (node === 0) return 0;
    }
    return node;
  }

  /** The child of a node; 0: there is none. */
  step(node: number, unit: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hashOf(node, unit) & mask; ; slot = (slot + 1) & mask) {
      const child = slots[slot];
      if (child === 0 || (this.#parents[child] === node && this.#units[child] === unit)) return child;
    }
  }

  /** The id of the piece that ends at the node; −1: none does. */
  id(node: number): number {
    return this.#ids[node] - 1;
  }

  #add(parent: number, piece: string, at: number): number {
    if (this.#size === this.#parents.length) this.#grow();
    const node = this.#size++;
    this.#parents[node] = parent;
    this.#units[node] = piece.charCodeAt(at);
    this.#place(node);
    return node;
  }

  #place(node: number): void {
    const mask = this.#slots.length - 1;
    let slot = hashOf(this.#parents[node], this.#units[node]) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = node;
  }

  /** Twice the room; half of the slots are used at most. */
  #grow(): void {
    const room = 2 * this.#size;
    const grown = <T extends Uint16Array | Int32Array>(into: T, from: T): T => {
      into.set(from);
      return into;
    };
    this.#ids = grown(new Int32Array(room), this.#ids);
    this.#parents = grown(new Int32Array(room), this.#parents);
    this.#units = grown(new Uint16Array(room), this.#units);
    this.#slots = new Int32Array(2 * room);
    for (let node = 1; node < this.#size; node++) this.#place(node);
  }
}

function hashOf(node: number, unit: number): number {
  const hash = Math.imul(Math.imul(node, 0x9e3779b1) ^ unit, 0x85ebca6b);
  return hash ^ (hash >>> 15);
}
