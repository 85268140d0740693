/**
 * Products with a single row or column, taken twice: a runtime adds the terms of such a product in an order that hangs on their
 * number, and so on how long the other texts of a batch are. With two rows it does not, and a text has the same bits in any
 * company. The mean of two equal numbers changes no bit.
 */
import type { Graph, Value } from '../graph/index.ts';

/** row [B, 1, K] times x [B, K, N]: [B, 1, N]. Any dimensions may stand for B. */
export function rowProduct(g: Graph, row: Value, x: Value): Value {
  const at = row.shape.length - 2;
  return g.mean(g.matmul(g.concat([row, row], at), x), [at], true);
}

/** x [B, M, K] times column [B, K, 1]: [B, M, 1]. */
export function columnProduct(g: Graph, x: Value, column: Value): Value {
  const at = column.shape.length - 1;
  return g.mean(g.matmul(x, g.concat([column, column], at)), [at], true);
}
