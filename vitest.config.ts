import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
    exclude: ['test/e2e/**', 'test/dashboard/**', 'node_modules/**', '.state/**'],
    // No module keeps state, so files may share them: loading all of it for each file took as long as the short tests.
    isolate: false,
    // The process that hands out the files has next to nothing to do itself.
    maxWorkers: '100%',
    // Generous: a busy machine is slow, and no test asserts a time.
    testTimeout: 180_000,
    hookTimeout: 60_000,
  },
});
