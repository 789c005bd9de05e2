import { commandAnnotations, GATE_LABEL } from '../api/names.ts';
import { conditionOf, phaseOf, type Release, type Target, targetNameOf } from './release.ts';

/** What a person can do now, most useful first; each line is a sentence or a command to copy. */
export function nextSteps(release: Release, target: Target, program: string): string[] {
  const name = `${release.metadata.name} -n ${release.metadata.namespace}`;
  switch (phaseOf(release)) {
    case 'Unknown':
      return ['no operator has looked at this release yet: kubectl -n tandem-system get pods'];
    case 'Idle':
      return idleSteps(release, target);
    case 'Starting':
    case 'Analyzing':
      return [
        `wait for the end:             ${program} wait ${name}`,
        `promote without more tests:   ${program} promote ${name}`,
        `take the canary away:         ${program} abort ${name}`,
        ...holdSteps(release, name, program),
      ];
    case 'Promoting':
    case 'RollingBack':
      return [`wait for the end:   ${program} wait ${name}`];
    case 'Held':
      return [
        `promote it:             ${program} promote ${name}`,
        `take the canary away:   ${program} abort ${name}`,
        ...holdSteps(release, name, program),
      ];
    case 'Rejected':
      return [
        'repair it: change the template of the target, or set it back to what stable runs',
        `test the same version again:   ${program} retry ${name}`,
        `promote it all the same:       ${program} promote ${name}`,
      ];
    case 'Suspended':
      return [`switch it on again: kubectl patch crel ${name} --type merge -p '{"spec":{"suspend":false}}'`];
    case 'Invalid':
      return ['repair what the condition Stalled says; nothing is tested until then'];
    default:
      return [];
  }
}

function idleSteps(release: Release, target: Target): string[] {
  const ready = conditionOf(release, 'Ready');
  const gate = target?.metadata.labels?.[GATE_LABEL];
  const kind = release.spec?.targetRef?.kind ?? 'Deployment';
  const name = `${kind} ${targetNameOf(release)}`;
  if (gate === 'open') return [`close the gate again: ${closeGate(release)}`];
  if (ready?.reason === 'NotArmed') return ['wait: the gate is not proven yet, and a new template would not be held'];
  if (gate === 'armed' && target?.spec.paused === true) return [`${name} was paused by its user; Tandem leaves it so`];
  return [`nothing: the next new template of ${name} is tested`];
}

function closeGate(release: Release): string {
  return `kubectl label --overwrite deployment ${targetNameOf(release)} -n ${release.metadata.namespace} ${GATE_LABEL}=armed`;
}

/** Whether this release carries a person's hold. */
export function isHeldByPerson(release: Release): boolean {
  return (release.metadata.annotations?.[commandAnnotations.hold] ?? '') !== '';
}

function holdSteps(release: Release, name: string, program: string): string[] {
  if (isHeldByPerson(release)) return [`let it go on by itself:   ${program} resume ${name}`];
  return phaseOf(release) === 'Held' ? [] : [`keep it from promotion:       ${program} hold ${name}`];
}
