import { runSandbox } from '../src/sandbox/http/run.ts';

process.exitCode = await runSandbox(process.argv.slice(2), {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
});
