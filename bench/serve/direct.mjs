// The engine called directly, in a process of its own: so many loops that each wait for their answer.
import { readFileSync } from 'node:fs';

const { dist, model, texts: file, connections, seconds } = JSON.parse(process.argv[2]);
const { Pyramid } = await import(`${dist}/index.js`);
const rows = JSON.parse(readFileSync(file, 'utf8'));
const pyramid = await Pyramid.load(model);
let isOver = false;
let answered = 0;
let right = 0;
const loop = async (n) => {
  for (let i = (n * 37) % rows.length; !isOver; i = (i + 1) % rows.length) {
    const { label } = await pyramid.classify(rows[i].text);
    answered++;
    if (label === rows[i].label) right++;
  }
};
const loops = Array.from({ length: connections }, (_, n) => loop(n));
await new Promise((resolve) => setTimeout(resolve, 2000));
answered = right = 0;
const start = performance.now();
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const took = (performance.now() - start) / 1000;
console.log(JSON.stringify({ perSecond: answered / took, accuracy: right / answered }));
isOver = true;
await Promise.all(loops);
await pyramid.close();
