/**
 * Environment variables in place of flags. Kubernetes, and Docker's links, give every container variables that are named
 * after the services around it: of a service "magic-pyramid" MAGIC_PYRAMID_PORT=tcp://10.96.0.12:80, which nobody who
 * starts this program has set. Knows no options.
 */

/** An address that stands where a port would. */
const SERVICE_LINK = /^(tcp|udp|sctp):\/\//i;

/** The first of these variables that was set for this program, or null; and what is to be said of those passed over. */
export function variableOf(
  names: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): { readonly name: string | null; readonly notes: readonly string[] } {
  const notes: string[] = [];
  for (const name of names) {
    const value = env[name] ?? '';
    if (value === '') continue;
    if (!/(^|_)PORT$/.test(name) || !SERVICE_LINK.test(value)) return { name, notes };
    notes.push(
      `note: ${name} is "${value}", which a Kubernetes service of that name sets; it is ignored (set enableServiceLinks: false in the pod to avoid it)`,
    );
  }
  return { name: null, notes };
}
