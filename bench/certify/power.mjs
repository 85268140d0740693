// How often one setting passes the test for net drop, by the shares of rows that lose and gain and by the number of rows: what
// docs/promise.md says of the rows that a certificate takes. Draws are synthetic. Usage, after `npm run build`:
//   node bench/certify/power.mjs [--max-drop 0.01] [--confidence 0.95] [--draws 1200]
import { parseArgs } from 'node:util';
import { bettingPValue } from '../../dist/certify/betting.js';
import { betsFor } from '../../dist/certify/risk-test.js';
import { randomStream } from '../../dist/random.js';

const { values: args } = parseArgs({
  options: {
    'max-drop': { type: 'string', default: '0.01' },
    confidence: { type: 'string', default: '0.95' },
    draws: { type: 'string', default: '1200' },
  },
});
const maxRisk = Number(args['max-drop']);
const alpha = 1 - Number(args.confidence);
const SIZES = [400, 1000, 2000, 4000, 10_000];
const SHARES = [
  [0.002, 0.001],
  [0.004, 0.003],
  [0.008, 0.007],
  [0.012, 0.011],
  [0.02, 0.018],
];

console.log(['lose, gain'.padEnd(14), ...SIZES.map((rows) => String(rows).padStart(8))].join(''));
for (const [lost, gained] of SHARES) {
  const passed = SIZES.map((rows) => {
    // many rows take long, and differ less
    const draws = Math.ceil(rows > 5000 ? Number(args.draws) / 4 : Number(args.draws));
    const random = randomStream(0, 'power', rows, lost);
    let count = 0;
    for (let draw = 0; draw < draws; draw++) {
      const drops = Int8Array.from({ length: rows }, () => {
        const u = random.next();
        return u < lost ? 1 : u < lost + gained ? -1 : 0;
      });
      if (bettingPValue(drops, maxRisk, betsFor({ maxRisk, alpha })) <= alpha) count++;
    }
    return `${((100 * count) / draws).toFixed(0)} %`.padStart(8);
  });
  console.log([`${(100 * lost).toFixed(1)} %, ${(100 * gained).toFixed(1)} %`.padEnd(14), ...passed].join(''));
}
