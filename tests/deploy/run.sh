#!/usr/bin/env bash
# Holds the files in deploy/compose and deploy/kubernetes against the schemas of Compose and Kubernetes. Needs Node.js, npm and kubectl.
#
#   tests/deploy/run.sh
#
# No cluster and no container engine takes part: what only they can find is not found here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
exec </dev/null
artifacts="$(cd ../.. && pwd)/artifacts/deploy"

rm -rf "$artifacts" generated
mkdir -p "$artifacts/kubernetes" generated
npm ci --silent

# As someone who applies them has them: with a file of keys, and a password.
cp -r ../../deploy/kubernetes/. "$artifacts/kubernetes"
echo '{}' >"$artifacts/kubernetes/keys.json"
export KVSTORE_MANIFESTS="$artifacts/kubernetes.yaml"
kubectl kustomize "$artifacts/kubernetes" >"$KVSTORE_MANIFESTS"

echo '{}' >"$artifacts/kubernetes/cluster/keys.json"
echo secret >"$artifacts/kubernetes/cluster/etcd-password"
export KVSTORE_CLUSTER_MANIFESTS="$artifacts/cluster.yaml"
kubectl kustomize "$artifacts/kubernetes/cluster" >"$KVSTORE_CLUSTER_MANIFESTS"

node --test --test-timeout=120000 \
    --test-reporter=spec --test-reporter-destination=stdout --test-reporter=tap --test-reporter-destination="$artifacts/results.tap" \
    compose.test.mjs kubernetes.test.mjs cluster.test.mjs
