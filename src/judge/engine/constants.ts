/** Numbers of the method. They are no settings: each was chosen by simulation together with the others. */

/** Seconds between two possible starts of harm that are looked for, and the weight of a start at once. */
export const starts = { first: 0.75, every: 300 };
/** Seconds after the canary's start in which a falling difference may still be a warm-up. */
export const maxWarmupSeconds = 600;
/** A pod without a sample for this many scrapes is taken as gone; what it counted meanwhile is left out. */
export const goneAfterScrapes = 5;
/** Seconds that "lately" means. */
export const recentSeconds = 300;
/** Seconds for which gauges wait for a baseline that is starting; afterwards stable's own pods are the control. */
export const baselineWaitSeconds = 60;
/** Level of the non-inferiority evidence, per metric. */
export const promotionBeta = 0.05;
/** Effect scale of the interval that promotion looks at. */
export const promotionTau2 = 2;
/** Errors: smallest excess that is harm, and the excess that promotion rules out (fractions of all requests). */
export const errorFloor = 0.0005;
export const errorMargin = 0.005;
/** Rate ratio of slow requests that is tolerated. */
export const slowRatio = 1.5;
/** Smallest excess in the share of slow requests that is harm. */
export const slowFloor = 0.001;
/** Times the lasting spread between pods of one version that no judge can tell from a regression. */
export const spreadFactor = 3;
/** Seconds of a gauge's batch, at least. */
export const batchSeconds = 30;
/** Least CPU difference that counts, in cores. */
export const cpuFloorCores = 0.01;
/** Batch lengths in seconds over which the scatter of events is measured. */
export const dispersionSeconds: readonly number[] = [15, 60, 300];
/** The same for gross slowdowns, which are looked for over minutes, not over a run. */
export const grossDispersionSeconds: readonly number[] = [15, 60];
/** Dispersion assumed, at least, where stable's past is unknown. */
export const unknownPhi = 3;
/** Load per pod may differ by this factor before CPU is no longer compared. */
export const loadFactor = 2;
