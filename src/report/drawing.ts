/**
 * A drawing as plain data: the elements of an SVG, which the report writes as markup and the page hands to its own
 * user interface library. Colours are CSS variables, so one drawing serves light and dark mode. It has no style attribute
 * and no style sheet, so it works under a strict Content-Security-Policy.
 */
export interface Drawing {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly children: readonly (Drawing | string)[];
}

/** One element. What is null or false among the children is left out. */
export const draw = (
  tag: string,
  attributes: Drawing['attributes'] = {},
  children: readonly (Drawing | string | null | false)[] = [],
): Drawing => ({
  tag,
  attributes,
  children: children.filter((child) => child !== null && child !== false),
});

/** What a browser shows of an element under the pointer. */
export const tip = (text: string | undefined): Drawing | null =>
  text === undefined ? null : draw('title', {}, [text]);
