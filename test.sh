#!/usr/bin/env bash
# Everything that must hold before a change is merged. Stages run in order and the first that fails ends the run; at the end
# stand one line for each stage with its seconds, and what the contract gate judged.
#
# Usage: ./test.sh            all stages
#        ./test.sh STAGE...   only these: tools contract format clippy tests doctests docs snapshots
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# A skipped gate is not a green gate, and a changed snapshot is a change to be read, not to be written by the way.
export MILLHAND_REQUIRE_CONTRACT=1
export INSTA_UPDATE=no
tally=$PWD/target/contract-tally

# Installs what is missing where it may: as root, on a system with apt. Elsewhere it says what is missing.
stage_tools() {
  local missing=() command package
  for command in git:git node:nodejs npm:npm jq:jq curl:curl; do
    package=${command#*:}
    command -v "${command%%:*}" >/dev/null || missing+=("$package")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      apt-get update -qq
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
    else
      echo "Please install: ${missing[*]}" >&2
      return 1
    fi
  fi
  git --version
  echo "node $(node --version)"
  cargo --version
}

stage_contract() { tests/contract/fetch.sh; }

stage_format() { cargo fmt --check; }

stage_clippy() { cargo clippy --all-targets --locked -- -D warnings; }

stage_tests() {
  rm -rf "$tally"
  if cargo nextest --version >/dev/null 2>&1; then
    MILLHAND_CONTRACT_TALLY=$tally cargo nextest run --locked --no-fail-fast
  else
    MILLHAND_CONTRACT_TALLY=$tally cargo test --locked --lib --bins --tests
  fi
}

# Neither nextest nor `cargo test --tests` runs the examples in the documentation.
stage_doctests() { cargo test --locked --doc; }

stage_docs() { RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked; }

# All snapshots stand in the tests themselves, so a snapshot file is either unaccepted or unreferenced.
stage_snapshots() {
  local found
  found=$(find . \( -name target -o -name .git -o -name node_modules \) -prune -o \( -name '*.snap' -o -name '*.snap.new' -o -name '.*.pending-snap' \) -print)
  [ -z "$found" ] || { echo "Snapshot files:"; echo "$found"; return 1; }
}

# What all test processes judged, from the lines that each of them left.
judged() {
  find "$tally" -name '*.txt' -exec cat {} + | sort | uniq -c | awk '
    $2 == "request" { operations++; requests += $1 }
    $2 == "answer" { answers += $1 }
    $2 == "webhook" { kinds++; webhooks += $1 }
    $2 == "document" { documents += $1 }
    END {
      printf "contract gate: %d operations, %d requests, %d answers; ", operations, requests, answers
      printf "%d webhooks of %d kinds; %d GraphQL documents\n", webhooks, kinds, documents
    }'
}

lines=()
run() {
  local name=$1 started=$SECONDS
  echo "== $name"
  current=$name
  # Not in an `if` or before `||`: there bash would not stop at a failing command inside the stage.
  "stage_$name"
  lines+=("$(printf '%-10s %4d s' "$name" $((SECONDS - started)))")
}

finish() {
  local code=$?
  echo
  [ ${#lines[@]} -eq 0 ] || printf '%s\n' "${lines[@]}"
  [ "$code" = 0 ] || echo "$current     FAILED"
  case " ${stages[*]} " in *" tests "*) [ ! -d "$tally" ] || judged ;; esac
  exit "$code"
}

stages=("$@")
[ ${#stages[@]} -gt 0 ] || stages=(tools contract format clippy tests doctests docs snapshots)
for stage in "${stages[@]}"; do
  declare -F "stage_$stage" >/dev/null || { echo "There is no stage $stage; see the head of $0" >&2; exit 2; }
done
trap finish EXIT
for stage in "${stages[@]}"; do run "$stage"; done
