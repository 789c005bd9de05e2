import { z } from 'zod';
import { parseDuration } from '../lib/duration.ts';

/** A CEL rule of the CRD. `fieldPath` and `reason` as in x-kubernetes-validations. */
export interface Rule {
  rule: string;
  message: string;
  fieldPath?: string;
  reason?: 'FieldValueRequired' | 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueDuplicate';
}

/** What a field carries into the CRD beside its type. */
export function rules(...validations: Rule[]): { 'x-kubernetes-validations': Rule[] } {
  return { 'x-kubernetes-validations': validations };
}

/**
 * A list that is replaced whole. Not a set: server-side apply would merge a list that it brings into the default, which
 * belongs to nobody.
 */
export const atomic = { 'x-kubernetes-list-type': 'atomic' } as const;

/** What Go and CEL read as a duration, without signs and without units below a millisecond. */
const durationPattern = '([0-9]{1,5}(\\.[0-9]{1,5})?(ms|s|m|h)){1,4}';

/** Seconds of a duration string; undefined where it is none (the pattern says so then). */
export function secondsOf(text: string): number | undefined {
  try {
    return parseDuration(text);
  } catch {
    return undefined;
  }
}

/** A CEL expression: the string expression can be given to duration(). */
export function isDuration(expression: string): string {
  return `${expression}.matches('^${durationPattern.replaceAll('\\', '\\\\')}$')`;
}

interface DurationBounds {
  min: string;
  max: string;
  /** A word that is accepted in place of a duration. */
  or?: 'Auto';
}

/**
 * A Go duration string within bounds, checked by the API server and by zod alike. What does not match the pattern is
 * left to the pattern: CEL cannot convert it.
 */
export function duration({ min, max, or }: DurationBounds): z.ZodString {
  const within = `duration(self) >= duration('${min}') && duration(self) <= duration('${max}')`;
  const message = `must be a duration from ${min} to ${max}${or === undefined ? '' : `, or ${or}`}`;
  const low = parseDuration(min);
  const high = parseDuration(max);
  const pattern = or === undefined ? `^${durationPattern}$` : `^(${or}|${durationPattern})$`;
  return z
    .string()
    .max(32)
    .regex(new RegExp(pattern), 'must be a duration such as "90s", "5m" or "1h30m"')
    .refine((text) => {
      const seconds = text === or ? low : secondsOf(text);
      return seconds === undefined || (seconds >= low && seconds <= high);
    }, message)
    .meta(rules({ rule: `!${isDuration('self')} || (${within})`, message }));
}

/** A percentage such as `20%` or `0.5%`, from 0 % to 999 %. */
export function percentage(): z.ZodString {
  return z
    .string()
    .max(8)
    .regex(/^[0-9]{1,3}(\.[0-9]{1,3})?%$/, 'must be a percentage such as "20%" or "0.5%"');
}

/** 0.001 % to 20 %. */
const smallPercentage = '^(0\\.([1-9][0-9]{0,2}|0[1-9][0-9]?|00[1-9])|([1-9]|1[0-9])(\\.[0-9]{1,3})?|20(\\.0{1,3})?)%$';

/** The chance of being wrong, as a percentage: above 0, since certainty takes for ever, and at most 20 %. */
export function riskPercentage(): z.ZodString {
  const message = 'must be a percentage from 0.001% to 20%, such as "1%"';
  const within = new RegExp(smallPercentage);
  return percentage()
    .refine((text) => within.test(text), message)
    .meta(rules({ rule: `self.matches('${smallPercentage.replaceAll('\\', '\\\\')}')`, message }));
}

/** Text for people. */
export function text(max: number): z.ZodString {
  return z.string().max(max);
}

/** A moment as Kubernetes writes it. */
export function time(): z.ZodISODateTime {
  return z.iso.datetime({ offset: true });
}
