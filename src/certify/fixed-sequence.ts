/**
 * Fixed-sequence testing (Learn then Test: Angelopoulos, Bates, Candès, Jordan and Lei 2021): settings in an order that was fixed
 * before the rows were seen, each tested at the whole level α, up to the first whose H is not rejected. The chance that a setting
 * before it is wrongly certified is at most α: to err at all, the first true H of the path must be rejected.
 */

/** The index of the last setting of `count` that is certified; −1 where the first is not. */
export function fixedSequence(count: number, isRejected: (setting: number) => boolean): number {
  let setting = 0;
  while (setting < count && isRejected(setting)) setting++;
  return setting - 1;
}
