/** A moment in milliseconds since the epoch as Kubernetes writes times: RFC 3339 with seconds. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
