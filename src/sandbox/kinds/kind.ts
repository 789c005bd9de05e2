import type { KubeObject, Resource } from '../../kube/object.ts';
import type { Schema } from '../crd/schema.ts';
import type { Problem } from '../server/failures.ts';

/** What the server knows of one kind of object. */
export interface Kind extends Resource {
  status: boolean;
  /** Has spec.replicas behind /scale. */
  scale: boolean;
  /** One of Kubernetes' own: strategic merge patches are served, null and empty fields are dropped. */
  builtin: boolean;
  /** PUT without a resourceVersion is accepted. */
  unconditionalUpdate: boolean;
  /** Which change raises metadata.generation. */
  generation: 'none' | 'spec' | 'specOrAnnotations' | 'allButStatus';
  /** Whether the writer of /status may change annotations, as for Deployments. */
  statusKeepsAnnotations: boolean;
  /** Whether metadata.managedFields is kept. */
  tracked: boolean;
  /** Of a custom resource: how its lists merge in server-side apply. */
  schema: Schema | undefined;
  /** The parts that an object of this kind always has, which therefore nobody adds: for managedFields. */
  empty: Record<string, unknown>;
  /** additionalPrinterColumns of a custom resource. */
  columns: readonly unknown[];
  /** Fills defaults and drops what says nothing. Writes to its argument. */
  normalise(object: KubeObject): void;
  /** What is set when it is made. Writes to its argument. */
  prepareCreate(object: KubeObject): void;
  /** Gives it what the server chooses, which belongs to no field manager. Writes to its argument. */
  allocate(object: KubeObject): void;
  /** Puts what was chosen before into a change that leaves it out. Writes to its first argument. */
  keep(object: KubeObject, current: KubeObject): void;
  validate(object: KubeObject, old: KubeObject | undefined): Problem[];
  /** What to tell the client besides. */
  warn(object: KubeObject): string[];
}

const plain: Omit<Kind, keyof Resource> = {
  status: false,
  scale: false,
  builtin: true,
  unconditionalUpdate: true,
  generation: 'none',
  statusKeepsAnnotations: false,
  tracked: false,
  schema: undefined,
  empty: {},
  columns: [],
  normalise: () => undefined,
  prepareCreate: () => undefined,
  allocate: () => undefined,
  keep: () => undefined,
  validate: () => [],
  warn: () => [],
};

/** A kind with what differs from an object that is only stored. */
export function defineKind(resource: Resource, differences: Partial<Kind> = {}): Kind {
  return { ...plain, ...resource, ...differences };
}
