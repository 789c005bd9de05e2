import { relative } from 'node:path';
import { quoted } from '../../src/lib/shell.ts';
import { namespace } from './manifests.ts';
import { imageOf } from './scenarios.ts';
import type { World } from './world.ts';

/** What a person may type while the demo stays. */
export function howToLook({ kubeconfig, dashboard, program, parts }: World, name: string): string {
  const file = quoted(relative(process.cwd(), program));
  return `
Everything is left running, the load too. The dashboard is ${dashboard}

In another terminal:

  export KUBECONFIG=${quoted(kubeconfig)}
  kubectl get canaryreleases,deployments,pods,services
  kubectl describe canaryrelease ${name}
  kubectl get events
  kubectl logs deployment/${name}
  curl -i ${parts.services.url(namespace, name)}/fast
  node ${file} status ${name} -n ${namespace}

Release something else, good (v3) or bad (v2-slow, v2-errors, v2-leak):

  kubectl set image deployment/${name} shop=${imageOf('v2-slow')}
  node ${file} wait ${name} -n ${namespace}

End it with Ctrl-C.`;
}
