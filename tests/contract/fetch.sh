#!/usr/bin/env bash
# Fetches GitHub's own descriptions, pinned by package-lock.json, and keeps the files that the contract gate reads.
#
# They land in target/contract, or in $MILLHAND_CONTRACT_DIR. Nothing is fetched when they are there already.
# The packages unpack to some 440 MB, of which 23 MB are kept: hence the temporary folder. No package script runs.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dest=${MILLHAND_CONTRACT_DIR:-$here/../../target/contract}
stamp=$dest/stamp

# What is kept depends on the lock and on the scripts, so all are in the stamp.
digest() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi
}
wanted=$(cat "$here/package.json" "$here/package-lock.json" "$here/fetch.sh" "$here/slim.mjs" | digest | cut -d ' ' -f 1)

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
  echo "contract: already in place"
  exit 0
fi
if ! command -v npm >/dev/null; then
  echo "contract: npm is needed to fetch GitHub's descriptions, and is not installed" >&2
  exit 1
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/millhand-contract.XXXXXX")
trap 'rm -rf "$work"' EXIT
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$work/"
(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --silent)

mkdir -p "$dest"
rm -f "$stamp"
# Each file is moved into place whole, so that a test never reads half of one.
keep() {
  cp "$work/node_modules/@octokit/$1" "$dest/$2.part"
  mv "$dest/$2.part" "$dest/$2"
}
# As published, for its examples; and without its prose, to judge by.
keep openapi/generated/api.github.com.json rest-published.json
slim() {
  node "$here/slim.mjs" "$work/node_modules/@octokit/$1" "$dest/$2.part"
  mv "$dest/$2.part" "$dest/$2"
}
slim openapi/generated/api.github.com.json rest.json
slim openapi-webhooks/generated/api.github.com.json webhooks-openapi.json
keep webhooks-schemas/schema.json webhooks-schemas.json
keep webhooks-examples/api.github.com/index.json webhooks-examples.json
keep graphql-schema/schema.graphql schema.graphql
echo "$wanted" > "$stamp"
echo "contract: fetched $(du -sh "$dest" | cut -f 1) into $(cd "$dest" && pwd)"
