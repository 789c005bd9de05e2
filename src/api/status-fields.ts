import { z } from 'zod';
import { atomic, text } from './fields.ts';

export const sentence = (): z.ZodString => text(2048);
export const shortRevision = (): z.ZodString =>
  text(32).describe('The first ten digits of the revision: the hash of the pod template.');
export const images = (): z.ZodArray<z.ZodString> =>
  z.array(text(1024)).max(50).meta(atomic).describe('Image of each container, as container=image.');
export const count = (what: string): z.ZodInt => z.int().min(0).meta({ format: 'int32' }).describe(what);
export const long = (what: string): z.ZodInt => z.int().min(0).meta({ format: 'int64' }).describe(what);
export const verdict = z.enum(['Pass', 'Regression', 'Undecided']);
