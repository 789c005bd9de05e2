/** A word as a person types it in a shell: in quotes where it has a space or anything else that a shell would read. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
