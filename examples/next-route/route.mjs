// A route handler as Next.js calls it (app/classify/route.js): a Request in, a Response out. On the Node.js runtime, since the
// engine has threads; list the package under `serverExternalPackages`, so that it is not bundled.
import { Pyramid, PyramidError } from 'magic-pyramid';

export const runtime = 'nodejs';

// once a process, and again after a load that failed; the name survives the reloads of a development server
const load = () => {
  globalThis.pyramid ??= Pyramid.load(process.env.MODEL ?? 'runs/mails');
  globalThis.pyramid.catch(() => {
    globalThis.pyramid = undefined;
  });
  return globalThis.pyramid;
};

export async function POST(request) {
  const body = await request.json().catch(() => null);
  if (typeof body?.text !== 'string') return Response.json({ error: 'send {"text": "…"}' }, { status: 400 });
  try {
    const pyramid = await load();
    const [{ label, score }] = await pyramid.classify([body.text], { signal: request.signal });
    return Response.json({ label, score });
  } catch (error) {
    if (!(error instanceof PyramidError)) throw error;
    return Response.json({ error: error.message }, { status: error.httpStatus });
  }
}
