import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { conditionReasons, eventReasons, evidenceReasons, outcomeReasons } from './reasons.ts';
import { reasonsReference } from './reference.ts';

const release = join(import.meta.dirname, '../release');

/** All that stands between the given marks in the sources of src/release. */
function inSources(pattern: RegExp): { file: string; groups: string[] }[] {
  const files = readdirSync(release).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  return files.flatMap((file) =>
    [...readFileSync(join(release, file), 'utf8').matchAll(pattern)].map((match) => ({ file, groups: match.slice(1) })),
  );
}

describe('reasons', () => {
  it('explain every event that is written', () => {
    const written = inSources(/\bevent\(\s*draft,\s*'(Normal|Warning)',\s*'([A-Za-z]+)'/g);
    const known: Record<string, { type: string }> = eventReasons;
    const wrong = written.filter(({ groups: [type, reason] }) => known[reason ?? '']?.type !== type);
    expect(written.length).toBeGreaterThan(10);
    expect(wrong, 'to be added to eventReasons in src/api/reasons.ts').toEqual([]);
  });

  it('explain every reason of a phase', () => {
    const written = inSources(/phase: '[A-Za-z]+', reason: '([A-Za-z]+)'/g);
    // A phase under way is its own reason in every condition.
    const wrong = written.filter(
      ({ groups: [reason = ''] }) => !(reason in conditionReasons) && reason !== 'CanaryBlocked',
    );
    expect(written.length).toBeGreaterThan(10);
    expect(wrong, 'to be added to conditionReasons in src/api/reasons.ts').toEqual([]);
  });

  it('stand in the reference, and can be reasons of conditions', () => {
    const page = reasonsReference();
    for (const group of [conditionReasons, evidenceReasons, outcomeReasons, eventReasons]) {
      for (const [reason, { meaning }] of Object.entries(group)) {
        expect(reason).toMatch(/^[A-Z][A-Za-z]+$/);
        expect(page).toContain(`| \`${reason}\` |`);
        expect(page).toContain(meaning);
      }
    }
  });
});
