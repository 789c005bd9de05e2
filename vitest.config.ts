import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
    exclude: ['test/e2e/**', 'node_modules/**', '.state/**'],
    // Generous: a busy machine is slow, and no test asserts a time.
    testTimeout: 180_000,
    hookTimeout: 60_000,
  },
});
