import { z } from 'zod';
import { rules } from './fields.ts';
import { analysis, analysisRules } from './spec-analysis.ts';
import { canary, canaryRules } from './spec-canary.ts';

const targetRef = z
  .object({
    apiVersion: z.enum(['apps/v1']).default('apps/v1').describe('API version of the target.'),
    kind: z.enum(['Deployment']).default('Deployment').describe('Kind of the target. Deployments are supported.'),
    name: z
      .string()
      .min(1)
      .max(253)
      .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be the name of a Deployment')
      .describe('Name of the target, in the namespace of the CanaryRelease.'),
  })
  .describe(
    'The Deployment whose new versions are tested. It cannot be changed afterwards: make another CanaryRelease.',
  )
  .meta(
    rules({
      rule: 'self == oldSelf',
      message: 'the target of a CanaryRelease cannot be changed: delete it and make another one',
      reason: 'FieldValueForbidden',
    }),
  );

/** spec of a CanaryRelease. Only targetRef.name is required. */
export const spec = z
  .object({
    targetRef,
    gate: z
      .enum(['Admission', 'Paused'])
      .default('Admission')
      .describe(
        'How a new template is kept from rolling. Admission: a policy in the API server pauses the target in the same write that changes its template. Paused: the target stays paused for good. Where the API server lacks the policy API, Admission falls back to Paused and status.gate says so.',
      ),
    suspend: z
      .boolean()
      .default(false)
      .describe('true: no release starts and no new template is held; what is held now stays held.'),
    promotion: z
      .enum(['Automatic', 'Manual'])
      .default('Automatic')
      .describe('Automatic: a version that passes is promoted. Manual: it waits for `tandem promote`.'),
    canary,
    analysis,
  })
  .describe('What is released and how it is judged.')
  .meta(rules(...canaryRules, ...analysisRules));

export type SpecInput = z.input<typeof spec>;
export type SpecOutput = z.output<typeof spec>;
