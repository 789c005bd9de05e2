import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, isMap, parseAllDocuments } from 'yaml';
import { INSTALL_NAMESPACE, SERVICE_ACCOUNT } from '../src/api/names.ts';

const labelsMark = 'HELM_LABELS';
const bindingMark = 'HELM_BINDING';

/** Files of the base that the chart takes over as they are, but for names that differ from one installation to the next. */
const taken = ['rbac', 'rbac-users', 'policy-gate', 'policy-held', 'policy-fence', 'policy-commands'] as const;

/**
 * The templates of the Helm chart that are made from deploy/kustomize/base and from the CRD, by path. One source for
 * both ways to install: what a policy says cannot differ.
 */
export function helmTemplates(root: string, crdText: string): Record<string, string> {
  const folder = 'deploy/helm/tandem/templates';
  const note = (source: string): string =>
    `{{- /* Written by \`npm run generate\` from ${source}; do not edit. */ -}}\n`;
  const base = taken.map((name) => {
    const source = `deploy/kustomize/base/${name}.yaml`;
    return [`${folder}/${name}.yaml`, note(source) + template(readFileSync(join(root, source), 'utf8'))];
  });
  return { ...Object.fromEntries(base), [`${folder}/crd.yaml`]: note('src/api') + crdTemplate(crdText) };
}

function template(text: string): string {
  const documents = parseAllDocuments(text) as Document[];
  const marked = documents.map((document) => {
    mark(document);
    const text = document.toString({ lineWidth: 0, flowCollectionPadding: false }).replace(/^---\n/, '');
    return isMutating(document) ? `{{- if .Values.gatePolicies }}\n${text}{{- end }}\n` : text;
  });
  return withNames(marked.join('---\n'));
}

/** API servers before Kubernetes 1.36 do not know these kinds, and would take nothing of the chart. */
function isMutating(document: Document): boolean {
  return String(document.get('kind')).startsWith('MutatingAdmissionPolicy');
}

/** Where the labels of the chart go; those of the same name give way. */
function mark(document: Document): void {
  if (document.hasIn(['metadata', 'labels']))
    for (const key of ['name', 'part-of', 'managed-by'])
      document.deleteIn(['metadata', 'labels', `app.kubernetes.io/${key}`]);
  document.setIn(['metadata', 'labels', labelsMark], '');
}

function withNames(text: string): string {
  const [, , , account = ''] = SERVICE_ACCOUNT.split(':');
  return scoped(text)
    .replaceAll(
      SERVICE_ACCOUNT,
      'system:serviceaccount:{{ .Release.Namespace }}:{{ include "tandem.serviceAccountName" . }}',
    )
    .replaceAll(`namespace: ${INSTALL_NAMESPACE}`, 'namespace: {{ .Release.Namespace }}')
    .replaceAll(
      `kind: ServiceAccount\n    name: ${account}\n`,
      'kind: ServiceAccount\n    name: {{ include "tandem.serviceAccountName" . }}\n',
    )
    .replaceAll(new RegExp(`^( *)${labelsMark}: ""\n`, 'gm'), (_, indent: string) => {
      return `${indent}{{- include "tandem.labels" . | nindent ${indent.length} }}\n`;
    });
}

/** With watchNamespace the operator's rights end at that namespace. */
function scoped(text: string): string {
  return text
    .split(/^---\n/m)
    .map((document) => {
      if (!/^kind: ClusterRoleBinding$/m.test(document) || !/^ {2}name: tandem-operator$/m.test(document))
        return document;
      return document
        .replace(
          'kind: ClusterRoleBinding',
          'kind: {{ if .Values.watchNamespace }}RoleBinding{{ else }}ClusterRoleBinding{{ end }}',
        )
        .replace('  name: tandem-operator\n', `  name: tandem-operator\n  ${bindingMark}\n`)
        .replace(`  ${bindingMark}\n`, '  {{- with .Values.watchNamespace }}\n  namespace: {{ . }}\n  {{- end }}\n');
    })
    .join('---\n');
}

function crdTemplate(text: string): string {
  const [document] = parseAllDocuments(text) as Document[];
  if (document === undefined || !isMap(document.contents)) throw new Error('the CRD is no object');
  document.commentBefore = null;
  mark(document);
  document.setIn(['metadata', 'annotations', 'HELM_KEEP'], '');
  const body = withNames(document.toString({ lineWidth: 120 }).replaceAll('{{', '{{ "{{" }}'));
  // An annotation map that may be empty: the whole of it depends on the value.
  const keep = '  {{- if .Values.crds.keep }}\n  annotations:\n    helm.sh/resource-policy: keep\n  {{- end }}\n';
  return `{{- if .Values.crds.enabled }}\n${body.replace(/^ {2}annotations:\n {4}HELM_KEEP: ""\n/m, keep)}{{- end }}\n`;
}
