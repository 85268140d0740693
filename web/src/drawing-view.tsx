/** A drawing of src/evaluate as elements of the page. */
import { h, type VNode } from 'preact';
import type { Drawing } from '../../src/report/drawing.ts';

export const DrawingView = ({ drawing }: { readonly drawing: Drawing }): VNode => element(drawing);

const element = ({ tag, attributes, children }: Drawing): VNode =>
  h(tag, attributes, ...children.map((child) => (typeof child === 'string' ? child : element(child))));
