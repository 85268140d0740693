/**
 * The fallback procedure (Wiens 2003; Wiens and Dmitrienko 2005): hypotheses in an order that was fixed before the rows were
 * seen, each with a level of its own (0 for most), and with the level of the one before it where that was rejected. With the
 * levels adding up to α, the chance to reject any true hypothesis is at most α. Fixed-sequence testing is the case of one level.
 */

/** [count]: which hypotheses are rejected. `isRejected(i, level)`: whether the i-th is, tested at that level. */
export function fallback(
  levels: readonly number[],
  isRejected: (setting: number, level: number) => boolean,
): boolean[] {
  let carried = 0;
  return levels.map((own, setting) => {
    const level = own + carried;
    const rejected = level > 0 && isRejected(setting, level);
    carried = rejected ? level : 0;
    return rejected;
  });
}
