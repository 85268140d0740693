/**
 * A plugin for rolldown and Vite: leaves the errors out of a browser's files that no page can meet (src/errors/machine.ts).
 * test/web/errors.slow.test.ts holds that nothing in those files throws one of them.
 */
export const withoutMachine = () => ({
  name: 'without-machine',
  load: (id) => (/\/src\/errors\/machine\.ts$/.test(id) ? 'export const machine = {};' : null),
});
