import { runSandbox } from '../src/sandbox/http/run.ts';

// A reader that went away (`npm run sandbox | head`) is no reason to end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
const code = await runSandbox(process.argv.slice(2), {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
});
// What is in a sandbox goes on for ever: a pod that crashes is always to be started again. It ends with its process.
process.stdout.write('', () => process.exit(code));
