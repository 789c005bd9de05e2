import { defineConfig } from 'vitest/config';

/** Needs a browser, so that it is no part of `npm test`. */
export default defineConfig({
  test: { include: ['test/dashboard/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 120_000, fileParallelism: false },
});
