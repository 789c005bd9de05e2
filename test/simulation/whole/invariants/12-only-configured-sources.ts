import { NAMESPACE } from '../stage.ts';
import type { CreateInvariant } from './invariant.ts';

/** 12. What a tenant writes reaches no source that the operator's configuration does not give to its namespace. */
export const onlyConfiguredSources: CreateInvariant = (scene) => {
  let read = 0;
  return {
    number: 12,
    name: 'only configured sources',
    look() {
      for (; read < scene.queries.length; read += 1) {
        const { source, query } = scene.queries[read] ?? { source: '', query: '' };
        if (source !== 'default') return `source ${source} was asked for namespace ${NAMESPACE}`;
        if (!query.includes(`"${NAMESPACE}"`)) return `a query names another namespace: ${query.slice(0, 200)}`;
      }
      return undefined;
    },
  };
};
