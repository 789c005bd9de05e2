/** What a reason in a condition, an event or the ledger means, and what a person should do, if anything. */
export interface ReasonDoc {
  meaning: string;
  remedy?: string;
}

/** Reasons of Ready, Reconciling, Stalled and Regression: each phase uses one for all of them. */
export const conditionReasons = {
  Stable: { meaning: 'One version serves; the next new one will be held and tested.' },
  NotArmed: {
    meaning: 'The gate is not armed or not proven yet, or a person opened it: a new template would roll untested.',
    remedy: 'Wait for a rollout that is under way. If the gate was opened, label the target `tandem.dev/gate=armed`.',
  },
  Starting: { meaning: 'The canary is being made and is not Ready yet.' },
  Analyzing: { meaning: 'Canary and stable serve, and are compared.' },
  Promoting: { meaning: 'The new version rolls out on the target.' },
  RollingBack: { meaning: 'The canary is being taken away.' },
  AwaitingPerson: {
    meaning: 'A person decides: promotion is Manual, somebody said hold, or onRegression is Hold.',
    remedy: '`kubectl tandem promote`, `abort` or `resume`.',
  },
  ContaminatedControl: {
    meaning: "Configuration that stable's pods read as well changed during the comparison, which so proves nothing.",
    remedy: '`kubectl tandem promote`, or `retry` to compare anew.',
  },
  Undecided: {
    meaning: 'No verdict by the deadline, or the canary could not run for a cause that is not its own.',
    remedy: 'Read the message; `kubectl tandem promote`, `retry` or `abort`. A later verdict ends it as well.',
  },
  ScaledToZero: { meaning: 'The target has no pods: the held version is tested when it is scaled up again.' },
  PromotionStuck: {
    meaning: "The rollout of a version that passed makes no progress within the target's progressDeadlineSeconds.",
    remedy: 'Mend what the message names (quota, nodes, an admission webhook), or commit another version.',
  },
  RegressionFound: {
    meaning: 'The version is worse than stable. Nothing of it runs, the target stays on stable.',
    remedy:
      'Commit a better version. `kubectl tandem retry` tests the same one again, `promote` rolls it out all the same.',
  },
  Aborted: {
    meaning: 'A person aborted the release.',
    remedy: 'Commit another version, or `kubectl tandem retry`.',
  },
  Suspended: { meaning: 'spec.suspend is true: new templates roll out without a test.' },
  Held: {
    meaning:
      'A template is held: spec.suspend was set while it was, or somebody resumed the target and it was paused again.',
    remedy: 'Set spec.suspend to false; or label the target `tandem.dev/gate=open` and resume it by hand.',
  },
  InvalidSpec: { meaning: 'The spec contradicts itself.', remedy: 'The message names each field and how to mend it.' },
  GateUnavailable: {
    meaning: 'A dry run showed that a changed template would not be held.',
    remedy: "Apply Tandem's policies and their bindings again, or set `spec.gate: Paused`.",
  },
  TargetNotFound: {
    meaning: 'The target does not exist. It is waited for; after five minutes that is an error.',
    remedy: 'Create it, or make a CanaryRelease with the right name.',
  },
  TargetConflict: {
    meaning:
      'Something else drives the target: an older CanaryRelease, another tool, or a Deployment with the name of the canary.',
    remedy: 'Remove one of the two.',
  },
  TargetUnsupported: {
    meaning:
      'The target cannot have a canary beside it: Recreate, claims that only one pod can write, no surge, no history.',
    remedy: 'The message names the field.',
  },
  TargetPaused: {
    meaning: 'A person paused the target before Tandem took it over.',
    remedy: '`kubectl rollout resume` it.',
  },
} as const satisfies Record<string, ReasonDoc>;

/** Reasons of the condition EvidenceAvailable. */
export const evidenceReasons = {
  Collecting: { meaning: 'Both versions are measured.' },
  NotStarted: { meaning: 'The comparison has not begun, or its first samples have not arrived.' },
  NoRelease: { meaning: 'No release is running.' },
  MetricsMissing: {
    meaning:
      'Stable exports no metric that counts requests, or the canary serves and lacks a metric that stable has. The deadline stands still.',
    remedy:
      'Export a metric that a preset knows, under the same name in both versions; or name the preset in spec.analysis.preset.',
  },
  NoTraffic: {
    meaning: 'The canary, or both, had no requests. The deadline stands still.',
    remedy:
      'Clients that keep their connections never reach a new pod: limit how long connections live, or balance by request.',
  },
  SourceFailed: {
    meaning: 'The source of the metrics does not answer. The deadline stands still, nothing is taken back for it.',
    remedy: "Look at the source; its address stands in the operator's configuration.",
  },
} as const satisfies Record<string, ReasonDoc>;

/** Reasons in status.analysis and in the ledger, beside names of metrics such as `latency-p95`. */
export const outcomeReasons = {
  Passed: { meaning: 'Every metric is within its tolerance.' },
  WeakEvidence: { meaning: 'No verdict by the deadline; every estimate was within its tolerance.' },
  KnownGood: { meaning: 'The version served before and needs no new test.' },
  ByPerson: { meaning: 'A person decided; the ledger has the name.' },
  StableBroken: { meaning: 'No pod of stable was Ready: the version was judged on its readiness alone.' },
  Adopted: { meaning: 'The version served before Tandem took over.' },
  Recreated: { meaning: 'The target was deleted and created again, and rolled at once.' },
  GateBypassed: { meaning: 'The version rolled out without having been held.' },
  NoPods: { meaning: 'The target had no pods when the version came: nothing served, nothing to compare.' },
  Superseded: { meaning: 'A newer template came first.' },
  Reverted: { meaning: 'The template went back to stable.' },
  Undecided: { meaning: 'No verdict by the deadline.' },
  SecondOpinion: {
    meaning: 'One canary pod was slightly worse: the next one is asked before the version is taken back.',
  },
  CanaryBlocked: { meaning: 'The canary could not run for a cause that stable would suffer just so.' },
  CrashLoopBackOff: { meaning: 'A container of the canary keeps crashing.' },
  AlertFiring: {
    meaning:
      'An alert of the Alertmanager fires for a pod of the canary and began after it did; none of that name fires for stable.',
  },
  OOMKilled: { meaning: 'A container of the canary was killed for using too much memory.' },
  Restarting: { meaning: 'A container of the canary restarted again and again.' },
  ImageNotFound: { meaning: 'The registry has no such image.' },
  CreateContainerConfigError: { meaning: 'A ConfigMap, Secret or key that the template names does not exist.' },
  CreateContainerError: { meaning: 'A container of the canary cannot be created.' },
  RunContainerError: { meaning: 'A container of the canary cannot be started.' },
  NotReady: { meaning: 'The canary was not Ready by spec.canary.startDeadline.' },
  LostReadiness: { meaning: 'The canary was Ready and then was not for a minute.' },
} as const satisfies Record<string, ReasonDoc>;

/** Events on the CanaryRelease, one reason per kind of thing. */
export const eventReasons = {
  CanaryStarted: { type: 'Normal', meaning: 'A new template is held and its canary was created.' },
  Approved: { type: 'Normal', meaning: 'The held version may roll; the note says why.' },
  Promoted: { type: 'Normal', meaning: 'The version is rolled out on all pods.' },
  RegressionFound: { type: 'Warning', meaning: 'The version is worse than stable; the note has the figures.' },
  RolledBack: { type: 'Normal', meaning: 'The rejected canary is gone, stable serves alone.' },
  NotProven: { type: 'Warning', meaning: 'No verdict by the deadline, taken back as onUndecided says.' },
  Undecided: { type: 'Warning', meaning: 'No verdict by the deadline, held for a person.' },
  Aborted: { type: 'Warning', meaning: 'A person aborted the release.' },
  Superseded: { type: 'Normal', meaning: 'A newer template came before there was a verdict.' },
  Reverted: { type: 'Normal', meaning: 'The template went back to stable; nothing rolls.' },
  Untested: { type: 'Normal', meaning: 'The target had no pods: the template rolled without a test.' },
  CanaryBlocked: { type: 'Warning', meaning: 'The canary cannot run for a cause that is not its own; tried again.' },
  SecondOpinion: {
    type: 'Normal',
    meaning: 'The canary pod is slightly worse than stable: it was deleted once, to see whether the next one agrees.',
  },
  BaselineMissing: {
    type: 'Warning',
    meaning: "The baseline cannot run, and the release goes on without it: stable's own pods are the control.",
  },
  CanaryMadeRoom: {
    type: 'Normal',
    meaning: 'The canary passed and was deleted early, for the rollout needs its room.',
  },
  PromotionFailed: {
    type: 'Warning',
    meaning: 'The version did not become Ready while it was promoted; stable is restored.',
  },
  EvidenceMissing: { type: 'Warning', meaning: 'Metrics, traffic or the source are missing; the note has the remedy.' },
  EvidenceTooSlow: {
    type: 'Warning',
    meaning: 'At the traffic seen the comparison cannot end by the deadline; the note has the remedies.',
  },
  ContaminatedControl: {
    type: 'Warning',
    meaning: 'Configuration that both versions read changed during the comparison.',
  },
  GateBypassed: { type: 'Warning', meaning: 'A template rolled without having been held.' },
  GateOpened: { type: 'Warning', meaning: 'A person opened the gate: the release ends without a verdict.' },
  GateRestored: { type: 'Warning', meaning: 'Somebody resumed a held target; it was paused again.' },
  GateLeftOpen: {
    type: 'Warning',
    meaning: 'A CanaryRelease went while it held a template: the target stays paused, labelled open.',
  },
  GateReleased: { type: 'Normal', meaning: 'A CanaryRelease went: its target is no longer gated.' },
  GateUnavailable: { type: 'Warning', meaning: 'A dry run showed that a changed template would not be held.' },
  CommandIgnored: { type: 'Warning', meaning: 'A command annotation cannot be read; the note says what is wrong.' },
  TargetConflict: { type: 'Warning', meaning: 'Something else drives the target.' },
  TargetUnsupported: { type: 'Warning', meaning: 'The target cannot have a canary beside it.' },
  SkewedTraffic: { type: 'Warning', meaning: "The canary's share of requests is far from its share of pods." },
} as const satisfies Record<string, ReasonDoc & { type: 'Normal' | 'Warning' }>;
