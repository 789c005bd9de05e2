import { expect, it } from 'vitest';
import { groupBy } from './group.ts';

it('groups by key, in the order in which items come', () => {
  const groups = groupBy(['pear', 'apple', 'plum', 'fig'], (word) => word[0]);
  expect([...groups]).toEqual([
    ['p', ['pear', 'plum']],
    ['a', ['apple']],
    ['f', ['fig']],
  ]);
  expect(groupBy([], () => 1).size).toBe(0);
});
