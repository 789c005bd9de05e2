import type { Sent } from '../attempt.ts';
import type { CreateInvariant } from './invariant.ts';

/** Sooner than this is at once: the API server asks for a second at least. */
const AT_ONCE_MS = 250;
/** A change of what is looked at may ask the same just then: a row of that is none. */
const LONGEST_ROW = 2;

interface Answer {
  /** Of the last answer that nothing followed yet. */
  heardAt: number | undefined;
  /** So often it was put off and asked at once. */
  row: number;
}

/** 7. A request that the API server puts off (429 with Retry-After) is not asked again and again at once. */
export const isPatient: CreateInvariant = ({ real }) => {
  const answers = new Map<string, Answer>();
  const keyOf = ({ process, verb, resource, namespace, name, subresource, dryRun }: Sent): string =>
    [process, verb, resource?.plural, namespace, name, subresource, dryRun].join(' ');

  return {
    number: 7,
    name: 'is patient',
    putOff(sent) {
      const key = keyOf(sent);
      answers.set(key, { heardAt: real.monotonic(), row: answers.get(key)?.row ?? 0 });
    },
    sent(sent) {
      const key = keyOf(sent);
      const answer = answers.get(key);
      if (answer === undefined) return undefined;
      const { heardAt } = answer;
      const atOnce = heardAt !== undefined && real.monotonic() - heardAt < AT_ONCE_MS;
      Object.assign(answer, { heardAt: undefined, row: atOnce ? answer.row + 1 : 0 });
      return answer.row > LONGEST_ROW
        ? `${key} was put off and is asked at once, ${answer.row} times in a row`
        : undefined;
    },
  };
};
