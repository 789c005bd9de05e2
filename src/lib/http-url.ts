import { z } from 'zod';

/** `http://USER:PASSWORD@HOST`: what stands there is never sent, and would lie open in configurations and messages. */
export function hasCredentials(url: string): boolean {
  return /^[a-z]+:\/\/[^/?#]*@/i.test(url);
}

/** For messages. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/?#]*@/i, '$1...@');
}

/** An address of a server. `instead`: where credentials belong. */
export function httpUrl(instead: string): z.ZodURL {
  return z
    .url({ protocol: /^https?$/ })
    .refine((url) => !hasCredentials(url), `must have no user and password in it: ${instead}`);
}
