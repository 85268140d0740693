// What HTTP itself costs in Node: takes a body of JSON, answers an object of fixed content, and does nothing else. The floor that
// requests.mjs --bare holds a server against. Says its address as `serve` does.
import { createServer } from 'node:http';

const ANSWER = {
  model: 'none',
  tau: null,
  results: [
    {
      label: 'World',
      score: 0.9876543210987654,
      exit: 0,
      tokens: [52],
      truncated: false,
      flops: 412,
      denseFlops: 512345678,
    },
  ],
};

const server = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    if (request.url === '/metrics') return response.end(metrics());
    const { inputs } = JSON.parse(Buffer.concat(parts).toString());
    const text = JSON.stringify({ ...ANSWER, characters: inputs.length });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  });
});
const metrics = () => {
  const { user, system } = process.cpuUsage();
  return `process_cpu_seconds_total ${(user + system) / 1e6}\n`;
};
server.listen(0, '127.0.0.1', () => console.log(`bare at http://127.0.0.1:${server.address().port}`));
