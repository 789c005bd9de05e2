// An image registry that holds nothing: `node empty-registry.mjs ADDRESS PORT`. Plain JavaScript: it runs without tsx.
import { createServer } from 'node:http';

const [address, port] = process.argv.slice(2);
const missing = JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] });

createServer((request, response) => {
  const isVersionCheck = request.url === '/v2/';
  response.writeHead(isVersionCheck ? 200 : 404, { 'content-type': 'application/json' });
  response.end(isVersionCheck ? '{}' : missing);
}).listen(Number(port), address);
