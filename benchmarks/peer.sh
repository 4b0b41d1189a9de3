#!/usr/bin/env bash
# A release of the reference project as a team writes it without Slipway: one script, stage after stage.
#
#   peer.sh CHECKOUT STATE REGISTRY [ADVISORIES]
#
# STATE is what a laptop or a CI runner with caches keeps: the virtual environment, pip's and trivy's cache, the key.
# On PATH: docker (DOCKER_HOST set), trivy, osv-scanner, crane, cosign, tofu.
set -euo pipefail
cd "$1"
state=$2 registry=$3 advisories=${4:-}
sha=$(git rev-parse HEAD)
mkdir -p "$state" out/model
export DOCKER_BUILDKIT=1 PIP_CACHE_DIR=$state/pip PIP_DISABLE_PIP_VERSION_CHECK=1 TRIVY_CACHE_DIR=$state/trivy
export PYTHONPATH=$PWD/service/src TF_PLUGIN_CACHE_DIR=$state/tofu CHECKPOINT_DISABLE=1
mkdir -p "$TF_PLUGIN_CACHE_DIR"
before=$SECONDS
stage() { printf '%4d s  %s\n' $((SECONDS - before)) "$*" >&2; }

stage install
[ -d "$state/venv" ] || python3 -m venv "$state/venv"
PATH=$state/venv/bin:$PATH
for lock in requirements.lock requirements-dev.lock; do
    pip install --quiet --require-hashes --no-deps --only-binary=:all: -r "service/$lock"
done

stage check
(
    cd service
    ruff check --quiet .
    mypy
    python -m pytest -q
    bandit -q -c pyproject.toml -r src
) > out/check.log
trivy filesystem --quiet --scanners secret --skip-dirs .git --skip-dirs out --exit-code 1 . > out/secrets.log
trivy config --quiet --skip-check-update --severity HIGH,CRITICAL --exit-code 1 terraform > out/iac.log
if [ -n "$advisories" ]; then
    OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY=$advisories osv-scanner scan source --offline --offline-vulnerabilities \
        --lockfile requirements.txt:service/requirements.lock > out/osv.log 2>&1 || echo "osv: see out/osv.log" >&2
else
    osv-scanner scan source --lockfile requirements.txt:service/requirements.lock > out/osv.log 2>&1 ||
        echo "osv: not evaluated" >&2
fi

stage train
data=out/data.csv
if [ -f data.csv ]; then cp data.csv "$data"; else python -m screening.dataset --output "$data"; fi
python -m screening.validate --data "$data" --schema service/schema.json > out/data.log
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python -m screening.train --data "$data" --schema service/schema.json \
    --output out/model --commit "$sha" --epoch "$(git log -1 --format=%ct)" > out/train.log
python - <<'PY'
import json
value = json.load(open("out/model/metrics.json"))["metrics"]["roc_auc"]
assert value >= 0.97, f"roc_auc {value} is under 0.97"
PY
mv out/model/heldout.json out/heldout.json

stage image
docker build --quiet --network=host -f "$(dirname "${BASH_SOURCE[0]}")/Dockerfile" -t "$registry/image:$sha" . > out/build.log

stage smoke
name=smoke-$$
docker run --detach --rm --read-only --tmpfs /tmp --network=host --env PORT=18080 --name "$name" "$registry/image:$sha" > /dev/null
trap 'docker kill "$name" > /dev/null 2>&1 || true' EXIT
for _ in $(seq 300); do curl -fsS http://127.0.0.1:18080/readyz > /dev/null 2>&1 && break; sleep 0.2; done
python - <<'PY'
import json, urllib.request
heldout = json.load(open("out/heldout.json"))
body = json.dumps({"rows": heldout["rows"]}).encode()
request = urllib.request.Request("http://127.0.0.1:18080/predict", body, {"Content-Type": "application/json"})
answers = json.load(urllib.request.urlopen(request))["answers"]
assert [a["label"] for a in answers] == [a["label"] for a in heldout["answers"]], "other answers than the model's"
PY
docker kill "$name" > /dev/null

stage scan
trivy image --quiet --scanners secret --exit-code 1 "$registry/image:$sha" > out/image-secrets.log
trivy image --quiet --scanners vuln --exit-code 1 "$registry/image:$sha" > out/image-vulnerabilities.log 2>&1 ||
    echo "image vulnerabilities: not evaluated, or some found" >&2
trivy image --quiet --format cyclonedx --output out/sbom.json "$registry/image:$sha"

stage plan
stack=terraform/stacks/local
tofu -chdir=$stack init -input=false -no-color > out/init.log
tofu -chdir=$stack validate -no-color > out/validate.log
tofu -chdir=$stack plan -input=false -no-color -lock=false -out="$PWD/out/plan.tfplan" > out/plan.txt
tofu -chdir=$stack show -json "$PWD/out/plan.tfplan" > out/plan.json

stage push
docker push --quiet "$registry/image:$sha" > /dev/null
tar -C out -czf out/model.tar.gz model
tar -C out -czf out/plan.tar.gz plan.tfplan plan.json plan.txt
crane append --oci-empty-base -f out/model.tar.gz -t "$registry/model:$sha" > /dev/null 2>&1
crane append --oci-empty-base -f out/plan.tar.gz -t "$registry/plan:$sha" > /dev/null 2>&1
pinned() { echo "$registry/$1@$(crane digest "$registry/$1:$sha")"; }
printf '{"commit":"%s","model":"%s","image":"%s","plan":"%s"}' \
    "$sha" "$(pinned model)" "$(pinned image)" "$(pinned plan)" > out/release.json
tar -C out -czf out/release.tar.gz release.json
crane append --oci-empty-base -f out/release.tar.gz -t "$registry/release:$sha" > /dev/null 2>&1

stage sign
export COSIGN_PASSWORD=
[ -f "$state/cosign.key" ] || (cd "$state" && cosign generate-key-pair > /dev/null 2>&1)
# Signed with a key alone, without a transparency log, as Slipway does where it is offline.
echo '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekorTlogConfig":{},"tsaConfig":{}}' > out/config
echo '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}' > out/root
with=(--key "$state/cosign.key" --signing-config out/config --trusted-root out/root --yes)
printf '{"buildType":"script","commit":"%s"}' "$sha" > out/provenance.json
printf '{"gates":"passed"}' > out/verdicts.json
for kind in model image plan release; do
    cosign sign "${with[@]}" "$(pinned $kind)" > /dev/null 2>&1
    cosign attest "${with[@]}" --type custom --predicate out/verdicts.json "$(pinned $kind)" > /dev/null 2>&1
done
for kind in model image plan; do
    cosign attest "${with[@]}" --type https://example.com/provenance --predicate out/provenance.json "$(pinned $kind)" > /dev/null 2>&1
done
cosign attest "${with[@]}" --type cyclonedx --predicate out/sbom.json "$(pinned image)" > /dev/null 2>&1

stage verify
check=(--key "$state/cosign.pub" --trusted-root out/root --insecure-ignore-tlog)
for kind in model image plan release; do
    crane pull --format=oci "$(pinned $kind)" "out/pulled-$kind" 2> /dev/null
    cosign verify "${check[@]}" "$(pinned $kind)" > /dev/null 2>&1
    cosign verify-attestation "${check[@]}" --type custom "$(pinned $kind)" > /dev/null 2>&1
done
for kind in model image plan; do
    cosign verify-attestation "${check[@]}" --type https://example.com/provenance "$(pinned $kind)" > /dev/null 2>&1
done
cosign verify-attestation "${check[@]}" --type cyclonedx "$(pinned image)" > /dev/null 2>&1
rm -rf out/pulled-*
stage done
cat out/release.json
