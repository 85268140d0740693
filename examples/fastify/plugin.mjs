// A Fastify plugin: `app.pyramid` from the start of the app to its end, and a route that classifies.
//
//     app.register(magicPyramid, { model: 'runs/mails', prefix: '/mails' });    // POST /mails/classify
import { Pyramid, PyramidError } from 'magic-pyramid';

export async function magicPyramid(app, { model }) {
  const pyramid = await Pyramid.load(model);
  app.addHook('onClose', () => pyramid.close());

  const body = {
    type: 'object',
    required: ['texts'],
    properties: { texts: { type: 'array', items: { type: 'string' }, maxItems: 256 } },
  };
  app.post('/classify', { schema: { body } }, async (request, reply) => {
    try {
      const answers = await pyramid.classify(request.body.texts, { deadlineMs: 2000 });
      return answers.map(({ label, score }) => ({ label, score }));
    } catch (error) {
      if (!(error instanceof PyramidError)) throw error;
      return reply.status(error.httpStatus).send({ error: error.message });
    }
  });
}
