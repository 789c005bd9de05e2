import { compileCodes } from './codes.ts';
import { httpPresets } from './http-presets.ts';
import type { EvidenceRequest, WatchProblem } from './request.ts';

/** How the metrics of a release are read, whatever the source; or what is wrong with what its spec says of it. */
export function checkReading({
  preset,
  errorCodes,
}: Pick<EvidenceRequest, 'preset' | 'errorCodes'>): WatchProblem | { isError: (status: string) => boolean } {
  const names = ['Auto', ...httpPresets.map(({ name }) => name)];
  if (!names.includes(preset)) {
    return { reason: 'UnknownPreset', message: `analysis.preset: ${preset} is none of ${names.join(', ')}` };
  }
  const codes = compileCodes(errorCodes);
  return codes.ok ? { isError: codes.isError } : { reason: 'InvalidCodes', message: `analysis.${codes.message}` };
}
