#!/usr/bin/env bash
# A kind cluster for the end-to-end suite, where Docker is at hand. NOT RUN by the project's own checks, which have no
# Docker: expect to mend it. Needs docker, kind, kubectl and `npm ci`.
#   test/cluster/kind.sh           create it, load the images, install Prometheus and metrics-server
#   test/cluster/kind.sh delete    delete it
set -euo pipefail
cd "$(dirname "$0")/../.."
name=tandem
export KUBECONFIG=$PWD/.state/kind.kubeconfig

for tool in docker kind kubectl; do
  command -v "$tool" >/dev/null || { echo "kind.sh: $tool is missing, install it first" >&2; exit 1; }
done
if [ "${1:-}" = delete ]; then exec kind delete cluster --name "$name"; fi

mkdir -p .state
kind get clusters 2>/dev/null | grep -qx "$name" || kind create cluster --name "$name" ${KIND_IMAGE:+--image "$KIND_IMAGE"} --wait 2m
kind export kubeconfig --name "$name"

echo '== images'
docker build -t docker.io/library/tandem:dev .
npm run -s cluster -- bundle
versions=$(seq -f 'docker.io/library/shop:v%.0f' 1 9)
# shellcheck disable=SC2086
docker build -f test/app/Dockerfile $(printf -- '-t %s ' $versions) .state/images/shop
# shellcheck disable=SC2086
kind load docker-image --name "$name" docker.io/library/tandem:dev $versions

echo '== Prometheus'
kubectl apply -f test/cluster/kind-prometheus.yaml
kubectl -n monitoring rollout status deployment prometheus --timeout=3m

echo '== metrics-server'
kubectl apply -f https://github.com/kubernetes-sigs/metrics-server/releases/download/v0.9.0/components.yaml
kubectl -n kube-system patch deployment metrics-server --type json \
  -p '[{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "--kubelet-insecure-tls"}]'

echo "ready: TEST_KUBECONFIG=$KUBECONFIG npm run test:cluster"
