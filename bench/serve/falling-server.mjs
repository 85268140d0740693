// The server with a worker that ends every five seconds: `node falling-server.mjs DIST MODEL PORT`.
const [dist, dir, port] = process.argv.slice(2);
const { startServer } = await import(`${dist}/serve/index.js`);
const { registry, close } = await startServer({ model: [{ name: 'model', dir }], port: Number(port), page: false });
let killed = 0;
const timer = setInterval(() => {
  const { workers } = registry.get('model');
  workers[killed++ % workers.length]?.postMessage(null); // which no worker understands
}, 5000);
process.once('SIGTERM', async () => {
  clearInterval(timer);
  console.error(`${killed} workers were ended`);
  await close();
});
