/**
 * Arrays that cannot grow, for the thread that reads parquet files. hyparquet makes an array of as many places as there
 * are values and writes a run as long as the file says, past its end too; V8 ends the whole process, not the thread
 * alone, when an array grows beyond what it can hold. An array that cannot grow throws instead.
 */

/** Places of an array; V8 holds about twice as many. */
export const MOST_PLACES = 2 ** 26;

/** From now on, `new Array(length)` in this thread is as long as it says, for good. */
export function boundArrays(): void {
  const bounded: ArrayConstructor = new Proxy(Array, {
    construct(target, args: readonly unknown[], newTarget) {
      const [length] = args;
      const isSized = newTarget === bounded && args.length === 1 && typeof length === 'number';
      if (isSized && length > MOST_PLACES) throw new RangeError(`an array of ${length} values`);
      const made = Reflect.construct(target, args, newTarget) as unknown[];
      // a hole could not be filled any more
      return isSized ? Object.preventExtensions(made.fill(undefined)) : made;
    },
  });
  globalThis.Array = bounded;
}
