/** gRPC codes with their numbers, and the HTTP status that each stands for (google.rpc.Code). */
const grpcCodes: readonly [string, number][] = [
  ['OK', 200],
  ['CANCELLED', 499],
  ['UNKNOWN', 500],
  ['INVALIDARGUMENT', 400],
  ['DEADLINEEXCEEDED', 504],
  ['NOTFOUND', 404],
  ['ALREADYEXISTS', 409],
  ['PERMISSIONDENIED', 403],
  ['RESOURCEEXHAUSTED', 429],
  ['FAILEDPRECONDITION', 400],
  ['ABORTED', 409],
  ['OUTOFRANGE', 400],
  ['UNIMPLEMENTED', 501],
  ['INTERNAL', 500],
  ['UNAVAILABLE', 503],
  ['DATALOSS', 500],
  ['UNAUTHENTICATED', 401],
];

const equivalents = new Map<string, string>([
  ...grpcCodes.flatMap(([name, http], number): [string, string][] => [
    [name, String(http)],
    [String(number), String(http)],
  ]),
  ['CANCELED', '499'],
  ['FAILURE', '500'],
  ['SUCCESS', '200'],
]);

/**
 * Tells whether a status is an error. `matches` says it of an HTTP status or of the text as it is. gRPC codes, by name or
 * number, count as the HTTP status that they stand for, so that `5..` means the codes for which the server is to blame:
 * Unknown, DeadlineExceeded, Unimplemented, Internal, Unavailable, DataLoss. A class such as `5xx` is an error when all
 * of it is.
 */
export function isErrorStatus(status: string, matches: (status: string) => boolean): boolean {
  if (status === '') return false;
  if (matches(status)) return true;
  const group = groupOf(status);
  if (group !== undefined) return group.every(matches);
  const http = equivalents.get(status.replaceAll('_', '').toUpperCase());
  return http !== undefined && matches(http);
}

/** The status is a class such as `5xx`, of which the codes name only some. */
export function isSplitGroup(status: string, matches: (status: string) => boolean): boolean {
  const group = groupOf(status);
  return group?.some(matches) === true && !isErrorStatus(status, matches);
}

function groupOf(status: string): string[] | undefined {
  if (!/^[1-5]xx$/i.test(status)) return undefined;
  return Array.from({ length: 100 }, (_, i) => String(Number(status[0]) * 100 + i));
}
