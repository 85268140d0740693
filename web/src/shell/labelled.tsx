/** A name above a field. The name stands beside the field, not around it: what is chosen must not become part of it. */
import type { VNode } from 'preact';
import { useId } from 'preact/hooks';

interface Properties {
  readonly name: string;
  readonly class?: string;
  /** The field, with the id that it has to have. */
  readonly children: (id: string) => VNode;
}

export function Labelled({ name, class: more, children }: Properties) {
  const id = useId();
  return (
    <div class={`labelled ${more ?? ''}`}>
      <label for={id}>{name}</label>
      {children(id)}
    </div>
  );
}
