import type { PodBehaviour } from './behaviour.ts';

/** What containerd says when an image cannot be had, by the reason. */
export function pullMessage(why: NonNullable<PodBehaviour['imagePull']>, image: string): string {
  const start = `failed to pull and unpack image "${image}": failed to resolve reference "${image}"`;
  switch (why) {
    case 'NotFound':
      return `rpc error: code = NotFound desc = ${start}: ${image}: not found`;
    case 'Timeout':
      return `rpc error: code = DeadlineExceeded desc = ${start}: failed to do request: Head "https://${image}": dial tcp: i/o timeout`;
    case 'Unauthorized':
      return `rpc error: code = Unknown desc = ${start}: pull access denied, repository does not exist or may require authorization: authorization failed`;
  }
}
