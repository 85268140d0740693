/**
 * HTML by a template tag. It escapes every value except its own output and values marked as markup, so a text, a label or
 * a path can never become markup. Knows nothing of the content.
 */
import type { Drawing } from './drawing.ts';

/** Text that is markup already. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | null | undefined | false | readonly Part[];

/** `html\`<b>${name}</b>\``: null, undefined and false are nothing, lists are joined. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(
    strings.reduce((text, string, i) => text + string + (i < parts.length ? render(parts[i]) : ''), ''),
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]);

/** A drawing as an inline SVG. */
export const drawingMarkup = (drawing: Drawing): Markup => new Markup(element(drawing));

function element(child: Drawing | string): string {
  if (typeof child === 'string') return escapeHtml(child);
  const { tag, attributes, children } = child;
  const pairs = Object.entries(attributes).map(([name, value]) => ` ${name}="${escapeHtml(String(value))}"`);
  return `<${tag}${pairs.join('')}>${children.map(element).join('')}</${tag}>`;
}

function render(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part));
  return part.map(render).join('');
}
