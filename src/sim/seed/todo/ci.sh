#!/bin/sh
# Compiles every file of tests/ by itself and runs it. Needs rustc and nothing else.
set -eu
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
failed=0
for file in tests/*.rs; do
    name=$(basename "$file" .rs)
    echo "== $name"
    if ! rustc --edition 2021 --test -o "$out/$name" "$file"; then
        echo "$file does not compile"
        failed=1
    elif ! "$out/$name"; then
        echo "$file failed"
        failed=1
    fi
done
exit $failed
