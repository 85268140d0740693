/** Node's flags for a child process that runs another file than its parent does. */

/** Say what the main program is, or watch it: a child that had them would not start, or would be in its parent's way. */
const MAIN_ONLY =
  /^(-[epci]|-pe|--(eval|print|check|interactive|input-type|run|test|test-.*|watch|watch-.*|inspect|inspect-.*|cpu-prof|cpu-prof-.*|heap-prof|heap-prof-.*)(=.*)?)$/;

/** Those of `flags` (as in `process.execArgv`) that hold for a child as well: limits of memory, warnings, preloads. */
export function inheritedFlags(flags: readonly string[]): string[] {
  let dropping = false;
  return flags.filter((flag) => {
    // what follows a flag without a dash is its value
    if (flag.startsWith('-')) dropping = MAIN_ONLY.test(flag);
    return !dropping;
  });
}
