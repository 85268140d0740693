// Classifies the lines of standard input: label, score and the exit that answered, one line each.
//
//     MODEL=runs/mails node classify.mjs < lines.txt
import { createInterface } from 'node:readline';
import { Pyramid } from 'magic-pyramid';

const pyramid = await Pyramid.load(process.env.MODEL ?? 'runs/mails');
try {
  // stream reads only as far ahead as the engine needs: any number of lines
  const lines = createInterface({ input: process.stdin });
  for await (const { label, score, exit } of pyramid.stream(lines)) {
    console.log(`${label}\t${score.toFixed(3)}\t${exit === 0 ? 'floor 0' : `layer ${exit}`}`);
  }
} finally {
  await pyramid.close();
}
