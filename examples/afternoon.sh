#!/usr/bin/env bash
# A maintainer's afternoon, by curl: a plan is revised, phases are left out, held, begun afresh and taken back, the budget is
# raised, the work is released, and then all of it is taken back. At the end the default branch's tree is the one from before,
# and the log tells the story.
#
# It needs a running simulated GitHub and a `serve` beside it (README, "Drive it by hand"), curl and jq. Where they are, if not there:
#
#   GITHUB=http://127.0.0.1:3000 MILLHAND=http://127.0.0.1:8080 MILLHAND_API_TOKEN=let-me-in examples/afternoon.sh
set -euo pipefail

github=${GITHUB:-http://127.0.0.1:3000}/api/v3/repos/acme/todo
millhand=${MILLHAND:-http://127.0.0.1:8080}/api/v1/workflows
token=${MILLHAND_API_TOKEN:-let-me-in}
patience=240 # seconds that one thing may take; checks take a few of them

# as LOGIN METHOD PATH [BODY]: what a person does through the repository's API, with what GitHub answers.
as() {
  curl -sS --fail-with-body -X "$2" -H "Authorization: Bearer sim-$1" "$github/$3" ${4:+-d "$4"}
}

workflow() {
  curl -sS -H "Authorization: Bearer $token" "$millhand/acme%2Ftodo%23$issue$1"
}

# watch CONDITION: waits until the workflow is like this.
watch() {
  local until=$((SECONDS + patience))
  until workflow "" | jq -e "$1" >/dev/null 2>&1; do
    if [ $SECONDS -gt $until ]; then
      echo "it did not come to: $1" >&2
      workflow "" | jq . >&2
      return 1
    fi
    sleep 0.2
  done
}

pick() { workflow "" | jq -r "$1"; }

# say NUMBER TEXT: the maintainer writes a comment in the issue, or in a pull request.
say() {
  echo "maintainer in #$1: ${2//$'\n'/ | }"
  as maintainer POST "issues/$1/comments" "$(jq -n --arg body "$2" '{ $body }')" >/dev/null
}

approve() {
  echo "reviewer approves #$1"
  as reviewer POST "pulls/$1/reviews" '{ "event": "APPROVE" }' >/dev/null
}

# What a phase waits for; its number counts from 1.
waits() { echo "any(.waits[]; .what == \"$1\" and .phase == $2)"; }
headline() { echo ".waiting_for.what == \"$1\""; }
pull() { pick ".phases[$1 - 1].pull_request"; }

# merged NUMBER: the reviewer approves a phase once that is asked for, and it is merged.
merged() {
  watch "$(waits phase_review "$1")"
  approve "$(pull "$1")"
  watch ".phases[$1 - 1].merged | type == \"string\""
}

tree() { as maintainer GET commits/main | jq -r .commit.tree.sha; }

before=$(tree)
body=$'- greet by name\n- say goodbye\n- do both (after 1, 2)\n- wave\n'
issue=$(as maintainer POST issues "$(jq -n --arg body "$body" '{ title: "Greet people", $body }')" | jq .number)
as maintainer POST "issues/$issue/labels" '{ "labels": ["millhand"] }' >/dev/null
echo "#$issue is labelled; the default branch's tree is $before"

watch "$(headline plan_approval)"
say "$issue" "/revise Please greet them twice."
watch ".plan.version == 2 and ($(headline plan_approval))"
say "$issue" "$(pick .waiting_for.command)"
watch .forked
say "$issue" $'/skip 4\n/budget 6'
watch '.phases[3].status == "skipped" and .cost.cap_microusd == 6000000'

watch "$(waits phase_review 1) and $(waits phase_review 2)"
first=$(pull 1)
say "$first" "/hold"
approve "$first"
watch "$(waits held 1)"
say "$issue" "/retry 2 fresh -- more warmly"
watch '.phases[1].branch | endswith(".2")'
say "$first" "/unhold"
watch '.phases[0].merged | type == "string"'
merged 2

merged 3
say "$issue" "/rollback 3"
watch "$(headline question)"
say "$issue" "/approve rollback"
watch '.phases[2].status == "rolled_back"'
say "$issue" "/retry 3"
merged 3

watch "$(headline release_approval)"
approve "$(pick .release.pull_request)"
watch '.status == "complete"'
[ "$(tree)" != "$before" ] || { echo "nothing was released" >&2; exit 1; }
echo "released; the default branch's tree is $(tree)"

say "$issue" "/rollback all"
watch "$(headline question)"
say "$issue" "/approve rollback"
watch "$(headline phase_review)"
[ "$(tree)" != "$before" ] || { echo "Millhand merged a revert" >&2; exit 1; }
revert=$(pick '.waiting_for.sentence | capture("#(?<number>[0-9]+)").number')
echo "reviewer merges #$revert"
as reviewer PUT "pulls/$revert/merge" '{}' >/dev/null
watch '.status == "rolled_back"'

[ "$(tree)" = "$before" ] || { echo "the default branch's tree is $(tree), not $before" >&2; exit 1; }
echo "taken back; the default branch's tree is $before again. The log:"
workflow /history | jq -r '.transitions[] | "\(.at) \(.number): \(.from) -> \(.to) \(.phase // "") (\(.cause)\(if .actor then ", " + .actor else "" end))"'
