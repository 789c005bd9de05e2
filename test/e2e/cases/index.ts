import type { Case } from '../case.ts';
import { argocdCases } from './argocd.ts';
import { baselineCases } from './baseline.ts';
import { courseCases } from './course.ts';
import { dashboardCases } from './dashboard.ts';
import { driverCases } from './drivers.ts';
import { edgeCases } from './edges.ts';
import { faultCases } from './faults.ts';
import { gateCases } from './gate.ts';
import { gitopsCases } from './gitops.ts';
import { goalCases } from './goals.ts';
import { inputCases } from './input.ts';
import { installCases } from './install.ts';
import { laneCases } from './lanes.ts';
import { leavingCases } from './leaving.ts';
import { monitoringCases } from './monitoring.ts';
import { peopleCases } from './people.ts';
import { podsCases } from './pods.ts';
import { promotionCases } from './promotion.ts';
import { registryCases } from './registry.ts';
import { resourceCases } from './resources.ts';
import { rightsCases } from './rights.ts';
import { secondOpinionCases } from './second-opinion.ts';
import { startCases } from './starts.ts';
import { toolCases } from './tools.ts';
import { undecidedCases } from './undecided.ts';
import { verdictCases } from './verdicts.ts';

/** All cases, the slow ones first so that they do not run last. */
export const cases: Case[] = [
  ...goalCases,
  ...verdictCases,
  ...podsCases,
  ...laneCases,
  ...resourceCases,
  ...baselineCases,
  ...secondOpinionCases,
  ...courseCases,
  ...promotionCases,
  ...undecidedCases,
  ...gitopsCases,
  ...edgeCases,
  ...toolCases,
  ...monitoringCases,
  ...dashboardCases,
  ...startCases,
  ...gateCases,
  ...rightsCases,
  ...peopleCases,
  ...inputCases,
  ...leavingCases,
  ...driverCases,
  ...faultCases,
  ...registryCases,
  ...installCases,
  ...argocdCases,
];
