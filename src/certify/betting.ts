/**
 * Tests of a mean by betting (Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", 2023). A gambler
 * bets against "the mean drop is at least ε"; were it true, the capital would be a supermartingale, which reaches 1/α with
 * probability α at most (Ville). What adapts to the small variance of paired answers is the size of the bets. Knows no trace.
 */

export interface BettingOptions {
  /** The level that the bets are made for; the p-value is valid for every level. */
  readonly alpha: number;
  /**
   * What the variance of D is taken for before rows are seen. About twice the drop that is tested: few rows differ where little
   * is lost.
   */
  readonly variance: number;
}

/** How many rows the assumed variance counts for: as measured, with 400 to 10,000 rows (docs/promise.md). */
const ASSUMED_ROWS = 300;
/** The largest bet, as a share of the one that a single lost row would ruin. */
const LARGEST_SHARE = 0.97;

/**
 * The p-value of H: E[D] ≥ ε for D [n] in [−1, 1], read in the order given, which must not depend on what they are. With
 * X = (D + 1)/2 and m₀ = (1 + ε)/2
 *   K_n = Π_i (1 + λ_i (m₀ − X_i)),  p = min(1, 1 / max_t K_t),
 *   λ_i = min(√(2 ln(1/α) / (n σ̂²_{i−1})), 0.97 / (1 − m₀)),  the paper's predictable plug-in,
 * σ̂²_{i−1} the variance of X in the rows before i. K grows with ε, so p falls. ε in (−1, 1).
 */
export function bettingPValue(differences: ArrayLike<number>, epsilon: number, options: BettingOptions): number {
  return Math.exp(-Math.max(0, largestLogCapital(differences, epsilon, options)));
}

/** max_t ln K_t, 0 where the capital never grows. In terms of D a factor is 1 + b (ε − D) with b = λ/2. */
export function largestLogCapital(
  differences: ArrayLike<number>,
  epsilon: number,
  { alpha, variance }: BettingOptions,
): number {
  const n = differences.length;
  const most = LARGEST_SHARE / (1 - epsilon);
  const perRow = (2 * Math.log(1 / alpha)) / n;
  let sum = 0;
  let squares = variance * ASSUMED_ROWS;
  let log = 0;
  let largest = 0;
  for (let i = 0; i < n; i++) {
    const seen = ASSUMED_ROWS + i;
    const mean = sum / seen;
    const bet = Math.min(Math.sqrt(perRow / (squares / seen - mean * mean)), most);
    const d = differences[i];
    log += Math.log1p(bet * (epsilon - d));
    if (log > largest) largest = log;
    sum += d;
    squares += d * d;
  }
  return largest;
}

/** The bound that E[D] is below with confidence 1 − α: the smallest ε whose H is rejected. */
export function bettingUpper(differences: ArrayLike<number>, options: BettingOptions): number {
  const enough = Math.log(1 / options.alpha);
  let low = -1; // not rejected
  let high = 1;
  // p falls with ε: halving finds where it reaches α, far below the share of one row
  while (high - low > 1e-7) {
    const middle = (low + high) / 2;
    if (largestLogCapital(differences, middle, options) >= enough) high = middle;
    else low = middle;
  }
  return high;
}

/** The bound that E[D] is above with confidence 1 − α. */
export function bettingLower(differences: ArrayLike<number>, options: BettingOptions): number {
  return -bettingUpper(
    Float64Array.from(differences, (d) => -d),
    options,
  );
}
