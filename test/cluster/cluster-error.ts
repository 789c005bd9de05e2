/** A fault that the person at the terminal can mend: its message says what is wrong and what to do, no stack is shown. */
export class ClusterError extends Error {
  override name = 'ClusterError';
}
