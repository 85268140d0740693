/**
 * Measures the cost on this machine of asking floor 0 and an exit head and of running a layer, at the batch sizes that the engine
 * really forms. Few texts reach the deep layers, so their batches are small and each text costs more there.
 */
import type { Pyramid, TextInput } from '../engine/index.ts';
import type { PieceCost } from '../engine/piece-costs.ts';
import type { PeekCosts } from '../evaluate/plan-peeks.ts';
import { exitOf } from '../pyramid/exits/exits.ts';

/** Passes over the texts; of a piece's figures the least counts, since whatever else the machine does only adds. */
const PASSES = 3;
/** A piece that fewer texts get to at the tau is measured with exits off. */
const ENOUGH = 16;
/** Texts of the passes with exits off, which are slow. */
const WHOLE = 256;

/**
 * Milliseconds of one worker a text. `pyramid` asks every head (`askAll`); nothing else may run on it.
 * Throws as `Pyramid.classify`.
 */
export async function measurePeeks(pyramid: Pyramid, texts: readonly TextInput[], tau: number): Promise<PeekCosts> {
  const early: PieceCost[][] = [];
  const whole: PieceCost[][] = [];
  const spent = async (work: () => Promise<unknown>): Promise<PieceCost[]> => {
    const before = await pyramid.pieceCosts();
    await work();
    return since(before, await pyramid.pieceCosts());
  };
  const some = texts.slice(0, WHOLE);
  await pyramid.classify(some, { tau }); // the first batches are slower
  for (let pass = 0; pass < PASSES; pass++) {
    early.push(await spent(() => pyramid.classify(texts, { tau })));
    whole.push(await spent(() => pyramid.trace(some)));
  }
  return costsOf(pyramid.shape.layers, exitOf(pyramid.headKind)?.asked === 'after' ? 'head' : 'peek', early, whole);
}

/** The costs by layer from those of pieces, a list a pass: at the tau where enough texts got to the piece, else `whole`. */
export function costsOf(
  layers: number,
  askedBy: 'peek' | 'head',
  early: readonly (readonly PieceCost[])[],
  whole: readonly (readonly PieceCost[])[],
): PeekCosts {
  const found = (kind: PieceCost['kind'], layer: number): readonly number[] => {
    const of = (passes: readonly (readonly PieceCost[])[], atLeast: number) =>
      passes
        .flatMap((pieces) => pieces.filter((piece) => piece.kind === kind && piece.layer === layer))
        .filter(({ texts }) => texts >= atLeast)
        .map(({ ms, texts }) => ms / texts);
    const atTau = of(early, ENOUGH);
    return atTau.length > 0 ? atTau : of(whole, 1);
  };
  const least = (kind: PieceCost['kind'], layer: number): number => {
    const costs = found(kind, layer);
    if (costs.length === 0) throw new Error(`internal: no text has been through the ${kind} of layer ${layer}`);
    return Math.min(...costs);
  };
  const floor = found('floor', 0);
  const each = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
  return {
    ...(floor.length > 0 && { floor: Math.min(...floor) }),
    ask: each(layers - 1).map((layer) => least(askedBy, layer)),
    run: each(layers).map((layer) => least(layer === layers ? 'peek' : 'block', layer)),
  };
}

function since(before: readonly PieceCost[], after: readonly PieceCost[]): PieceCost[] {
  return after.map((piece) => {
    const {
      batches = 0,
      texts = 0,
      ms = 0,
    } = before.find(({ kind, layer }) => kind === piece.kind && layer === piece.layer) ?? {};
    return { ...piece, batches: piece.batches - batches, texts: piece.texts - texts, ms: piece.ms - ms };
  });
}
