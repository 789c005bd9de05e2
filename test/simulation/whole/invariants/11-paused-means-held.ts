import type { CreateInvariant } from './invariant.ts';

/** 11. Paused by Tandem: holding or rejected. Not paused: armed or open. */
export const pausedMeansHeld: CreateInvariant = ({ circumstances }) => ({
  number: 11,
  name: 'paused means held',
  look({ target, gate, name }) {
    if (target === undefined || gate === undefined || gate === 'open') return undefined;
    const paused = target.spec.paused === true;
    if (!paused || gate !== 'armed') circumstances.pausedByHand.delete(name);
    const held = gate === 'holding' || gate === 'rejected';
    if (paused === held || (paused && circumstances.pausedByHand.has(name))) return undefined;
    return `the gate is ${gate} and paused is ${paused}`;
  },
});
