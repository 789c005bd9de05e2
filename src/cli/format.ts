import { formatPercent } from '../lib/percent.ts';
import type { Style } from './style.ts';

const none = '-';

/** An age as kubectl writes it: two units at most, coarser with time. Milliseconds in. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  if (days < 8) return pair(days, 'd', hours % 24, 'h');
  return `${days}d`;
}

function pair(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`;
}

/** Time since an RFC 3339 moment; `-` if there is none. */
export function formatSince(moment: string | undefined, now: number): string {
  const at = moment === undefined ? Number.NaN : Date.parse(moment);
  return Number.isFinite(at) ? formatAge(now - at) : none;
}

/** 8120 as `8,120`. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

function significant(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(binaryUnits.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${significant(bytes / 1024 ** power)} ${binaryUnits[power]}`;
}

/** A value of status.analysis.metrics for people: seconds as `86 ms`, bytes as `120 MiB`, a ratio as `1.2%`. */
export function formatValue(text: string | undefined, unit: string | undefined): string {
  if (text === undefined || text === '') return none;
  const value = Number(text);
  if (!Number.isFinite(value)) return text;
  switch (unit) {
    case 's':
      return value < 1 ? `${significant(value * 1000)} ms` : `${significant(value)} s`;
    case 'bytes':
      return formatBytes(value);
    case 'cores':
      return value < 1 ? `${significant(value * 1000)}m` : significant(value);
    case 'ratio':
      return formatPercent(value, { digits: 2 });
    default:
      return unit === undefined || unit === '' ? significant(value) : `${significant(value)} ${unit}`;
  }
}

/** Bounds of an interval; an open end is written as `..`. */
export function formatInterval(interval: (string | null)[] | undefined): string {
  const [low, high] = interval ?? [];
  if (!low && !high) return none;
  return `${low || ''} .. ${high || ''}`.trim();
}

/** Ten steps of a bar and the number: how much of the evidence that a rollback needs is there. */
export function formatBar(percent: number | undefined, style: Style): string {
  if (percent === undefined) return none;
  const clamped = Math.min(100, Math.max(0, percent));
  const full = Math.floor(clamped / 10);
  const [on, off] = style.rich ? ['\u2588', '\u2591'] : ['#', '.'];
  return `${on.repeat(full)}${off.repeat(10 - full)} ${String(Math.round(clamped)).padStart(3)}%`;
}

/** The ten digits of a revision that people are shown. */
export function formatRevision(revision: string | undefined): string {
  return revision === undefined || revision === '' ? none : revision.slice(0, 10);
}
