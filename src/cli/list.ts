import { formatRevision, formatSince } from './format.ts';
import { paintPhase, paintVerdict } from './paint.ts';
import { messageOf, phaseOf, type Release, targetNameOf } from './release.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';

export interface ListView {
  /** With a column for the namespace. */
  allNamespaces: boolean;
  /** With what is going on. */
  wide: boolean;
  /** Milliseconds since the epoch. */
  now: number;
  style: Style;
}

/** The table of `tandem list`: the columns of `kubectl get canaryreleases`, in colours. */
export function formatList(releases: Release[], view: ListView): string {
  const header = ['NAME', 'TARGET', 'PHASE', 'VERDICT', 'STABLE', 'CANARY', 'SHARE', 'AGE'];
  const rows = releases.map((release) => [
    ...(view.allNamespaces ? [release.metadata.namespace ?? ''] : []),
    ...row(release, view),
    ...(view.wide ? [messageOf(release)] : []),
  ]);
  return formatTable(
    [...(view.allNamespaces ? ['NAMESPACE'] : []), ...header, ...(view.wide ? ['MESSAGE'] : [])],
    rows,
  );
}

function row(release: Release, view: ListView): string[] {
  const { status } = release;
  return [
    release.metadata.name,
    targetNameOf(release),
    paintPhase(phaseOf(release), view.style),
    paintVerdict(status?.analysis?.verdict, view.style),
    formatRevision(status?.stable?.revision),
    formatRevision(status?.canary?.revision),
    status?.canary?.share || '-',
    formatSince(release.metadata.creationTimestamp, view.now),
  ];
}
