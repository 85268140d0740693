// An Express app that classifies: POST /classify with {"texts": ["…"]}.
//
//     MODEL=runs/mails PORT=3000 node server.mjs
import express from 'express';
import { Pyramid, PyramidError } from 'magic-pyramid';

const pyramid = await Pyramid.load(process.env.MODEL ?? 'runs/mails');
const app = express();

app.post('/classify', express.json({ limit: '1mb' }), async (request, response, next) => {
  const gone = new AbortController();
  response.on('close', () => gone.abort()); // a client that hangs up wants no answer
  try {
    const answers = await pyramid.classify(request.body?.texts, { signal: gone.signal });
    response.json(answers.map(({ label, score }) => ({ label, score })));
  } catch (error) {
    if (gone.signal.aborted) return;
    if (error instanceof PyramidError) response.status(error.httpStatus).json({ error: error.message });
    else next(error);
  }
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`listening on port ${server.address().port}`);
});
process.on('SIGTERM', () => {
  server.close(() => pyramid.close());
});
