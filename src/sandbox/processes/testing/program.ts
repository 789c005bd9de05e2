import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A small server that fares as its variables say. */
const source = `
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
const env = process.env;
console.log('started as ' + env.HOSTNAME);
if (env.EXIT_MS) setTimeout(() => { console.error('giving up'); process.exit(Number(env.EXIT_CODE ?? 1)); }, Number(env.EXIT_MS));
if (env.DEAF) process.on('SIGTERM', () => console.log('not listening'));
if (env.CHILD) console.log('child ' + spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' }).pid);
if (env.HANG_MS) setTimeout(() => { for (;;); }, Number(env.HANG_MS));
const held = [];
if (env.GROW) setInterval(() => held.push(Buffer.alloc(20e6, 1)), 20);
let ready = true;
let alive = true;
const server = createServer((request, response) => {
  if (request.url === '/off') ready = false;
  if (request.url === '/on') ready = true;
  if (request.url === '/die') alive = false;
  const good = request.url === '/alive' ? alive : request.url !== '/ready' || ready;
  response.writeHead(good ? 200 : 503, { 'x-pod': env.HOSTNAME, connection: 'close' });
  response.end(env.GREETING ?? 'hello');
});
server.listen(Number(env.PORT ?? 0), '127.0.0.1');
`;

/** Writes the program into a folder of its own and answers its path. */
export function writeProgram(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'tandem-program-')), 'program.mjs');
  writeFileSync(file, source);
  return file;
}
