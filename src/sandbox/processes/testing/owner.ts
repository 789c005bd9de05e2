// Runs two pods, one of which hangs, says their process ids and waits to be killed.
import { setTimeout } from 'node:timers/promises';
import { createProcessStage, podOf } from './stage.ts';

const stage = await createProcessStage(7);
await stage.create(podOf('a', { HANG_MS: '1' }));
await stage.create(podOf('b'));
await stage.until('two processes', () => stage.node.pids().length === 2);
await setTimeout(500);
process.stdout.write(`pids ${stage.node.pids().join(' ')}\n`);
await setTimeout(60_000);
