/** A repository of the hub, by kind and name, and a revision of it: what an id such as `org/name@revision` says. */
export interface Repo {
  readonly kind: 'model' | 'data set';
  /** `name` or `org/name`. */
  readonly name: string;
  /** A branch, tag or commit. */
  readonly revision: string; // main
}

const ID = /^(?<name>(?:[A-Za-z0-9][\w.-]*\/)?[A-Za-z0-9][\w.-]*)(?:@(?<revision>[A-Za-z0-9][\w./-]*))?$/;

/** The model that an id names; null if it cannot be an id. */
export function modelRepo(id: string): Repo | null {
  const { name, revision = 'main' } = ID.exec(id)?.groups ?? {};
  if (name === undefined || /\.\.|--/.test(name) || /\.\.|\/$|\/\//.test(revision)) return null;
  return { kind: 'model', name, revision };
}

export const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision);
