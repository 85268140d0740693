/** Waiting that has an end. */

/** What the promise gives, or, if it takes longer than so many milliseconds, what `otherwise` does. */
export function within<T>(promise: Promise<T>, ms: number, otherwise: () => T): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise()), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
