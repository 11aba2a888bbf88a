//! The documents as people read them.

use insta::assert_snapshot;

use super::*;
use crate::workflow::answer::{Cause, Diagnosis, Finding, ReleaseNotes, Reply, Severity};
use crate::workflow::fact::{Change, Failures, RemarkView, ReviewState, ReviewView, Target};
use crate::workflow::model::{Approval, End, Questions};
use crate::workflow::settings::{CostReport, PlanApproval, Reviewers};
use crate::workflow::text::{check, commit, need, plan as plan_text, pull as pull_text, questions, release, review, status};
use crate::workflow::validate::{Remark, Report};

const RELEASE: Target = Target::Release;

fn target(number: u32) -> Target {
    Target::Phase(PhaseNumber(number))
}

fn shown(w: &Workflow) -> String {
    status::comment(w, &waits(w))
}

#[test]
fn a_start_shows_what_is_being_done() {
    assert_snapshot!(shown(&begun()), @r###"
    **Millhand is at work: it reads the issue and the repository.**

    **discovery** / planning / handoff_to_coder / implementation / handoff_to_tester / testing / handoff_to_verifier / verification / handoff_to_releaser / deployment / complete

    Next step: nobody has to do anything now.

    Cost: nothing yet, of at most $5.00.

    Written by Millhand, a bot. This comment is kept up to date. `/help` lists the commands.
    "###);
}

#[test]
fn a_plan_that_waits_names_person_and_command() {
    assert_snapshot!(shown(&planned()), @r###"
    **Waiting for maintainer since 2026-09-21T14:13:20Z.** Plan version 1 waits for a writer's approval: `/approve plan c0266e1c`, or `/revise <text>` to have it changed.

    discovery / planning / **handoff_to_coder** / implementation / handoff_to_tester / testing / handoff_to_verifier / verification / handoff_to_releaser / deployment / complete

    Next step, for maintainer: comment `/approve plan c0266e1c` on this issue.

    Cost: $0.02 of $5.00 for 2 model calls.

    Written by Millhand, a bot, with language models. This comment is kept up to date. `/help` lists the commands.
    "###);
}

#[test]
fn phases_under_way_stand_in_a_table() {
    assert_snapshot!(shown(&building()), @r###"
    **Waiting for reviewer since 2026-09-21T14:13:20Z.** Phase `02-rank` waits for reviewer to review pull request #4: approve it there, or `/approve 02-rank`.

    discovery / planning / handoff_to_coder / implementation / handoff_to_tester / **testing** / handoff_to_verifier / verification / handoff_to_releaser / deployment / complete

    | # | Phase | State | Pull request | Checks | Attempts |
    | --- | --- | --- | --- | --- | --- |
    | 1 | `01-read` Read items | testing | #3 | 1 running | CI 1 of 3 |
    | 2 | `02-rank` Rank items | verification | #4 | 1 passed | - |
    | 3 | `03-list` List items | not begun | - | - | - |

    Also:

    - Phase `01-read` waits for its checks to finish, until 2026-09-21T15:13:20Z at the latest.
    - Phase `03-list` begins when `01-read` and `02-rank` are merged.

    Next step, for reviewer: review and approve #4, or comment `/approve 02-rank` on this issue.

    Cost: $0.02 of $5.00 for 2 model calls.

    <details>
    <summary>Graph of the phases</summary>

    ```mermaid
    graph LR
      p1["01-read"]
      p2["02-rank"]
      p3["03-list"]
      p1 --> p3
      p2 --> p3
    ```

    </details>

    Written by Millhand, a bot, with language models. This comment is kept up to date. `/help` lists the commands.
    "###);
}

#[test]
fn the_end_is_a_report() {
    let mut w = complete();
    w.release_approved = None;
    assert_snapshot!(shown(&w), @r###"
    **Done.** 3 phases are merged and released to `main` with #6.

    discovery / planning / handoff_to_coder / implementation / handoff_to_tester / testing / handoff_to_verifier / verification / handoff_to_releaser / deployment / **complete**

    | # | Phase | State | Pull request | Checks | Attempts |
    | --- | --- | --- | --- | --- | --- |
    | 1 | `01-read` Read items | merged | #3 | 1 passed | CI 1 of 3 |
    | 2 | `02-rank` Rank items | merged | #4 | 1 passed | - |
    | 3 | `03-list` List items | merged | #5 | 1 passed | - |
    | | Release | merged | #6 | 1 passed | - |

    Merged, newest first:

    - Release: #6 as [`dddddddd`](https://github.test/acme/todo/commit/dddddddddddddddddddddddddddddddddddddddd)
    - `03-list`: #5 as [`cccccccc`](https://github.test/acme/todo/commit/cccccccccccccccccccccccccccccccccccccccc)
    - `02-rank`: #4 as [`bbbbbbbb`](https://github.test/acme/todo/commit/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb)
    - `01-read`: #3 as [`aaaaaaaa`](https://github.test/acme/todo/commit/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)

    To take the release back, press Revert on #6, or run this on `main`:

    ```sh
    git revert -m 1 dddddddddddddddddddddddddddddddddddddddd
    ```

    In numbers:

    - Cost: $1.23 of $5.00 for 11 model calls.
    - GitHub API requests: 5 for `01-read`, 5 for `02-rank`, 5 for `03-list`, 4 for the release, 21 for the rest, before this comment was written
    - Notifications: 7 (pull requests opened, comments and reviews written)

    Remarks:

    - lint failed on phase `02-rank` and on its base as well; that was reported, not repaired

    <details>
    <summary>Graph of the phases</summary>

    ```mermaid
    graph LR
      p1["01-read: merged"]
      p2["02-rank: merged"]
      p3["03-list: merged"]
      p1 --> p3
      p2 --> p3
    ```

    </details>

    Written by Millhand, a bot, with language models. This comment is kept up to date. `/help` lists the commands.
    "###);
}

#[test]
fn the_end_in_direct_reverts_phase_by_phase() {
    assert_snapshot!(shown(&offline(complete_direct())), @r###"
    **Done.** 3 phases are merged to `main`.

    discovery / planning / handoff_to_coder / implementation / handoff_to_tester / testing / handoff_to_verifier / verification / handoff_to_releaser / deployment / **complete**

    | # | Phase | State | Pull request | Checks | Attempts |
    | --- | --- | --- | --- | --- | --- |
    | 1 | `01-read` Read items | merged | #3 | 1 passed | - |
    | 2 | `02-rank` Rank items | merged | #4 | 1 passed | - |
    | 3 | `03-list` List items | merged | #5 | 1 passed | - |

    Merged, newest first:

    - `03-list`: #5 as [`cccccccc`](https://github.test/acme/todo/commit/cccccccccccccccccccccccccccccccccccccccc)
    - `02-rank`: #4 as [`bbbbbbbb`](https://github.test/acme/todo/commit/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb)
    - `01-read`: #3 as [`aaaaaaaa`](https://github.test/acme/todo/commit/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)

    To take the work back, press Revert on #5, #4 and #3, in this order, or run this on `main`:

    ```sh
    git revert cccccccccccccccccccccccccccccccccccccccc bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    ```

    In numbers:

    - Cost: $0.02 of $5.00 for 2 model calls. The price is nominal: the offline model costs nothing.
    - GitHub API requests: 5 for `01-read`, 5 for `02-rank`, 5 for `03-list`, 0 for the rest, before this comment was written
    - Notifications: 0 (pull requests opened, comments and reviews written)

    <details>
    <summary>Graph of the phases</summary>

    ```mermaid
    graph LR
      p1["01-read: merged"]
      p2["02-rank: merged"]
      p3["03-list: merged"]
      p1 --> p3
      p2 --> p3
    ```

    </details>

    Written by Millhand, a bot, with its offline model: a script, no language model. This comment is kept up to date. `/help` lists the commands.
    "###);
}

#[test]
fn a_cancelled_workflow_says_what_stays() {
    let mut w = building();
    w.ended = Some(End::Cancelled);
    change_phase(&mut w, 1, |p| p.track.closed_by_us = true);
    w.remarks = vec!["cancelled by maintainer".to_owned()];
    assert_snapshot!(shown(&w), @r###"
    **Cancelled.** Nothing more is done here.

    discovery / planning / handoff_to_coder / implementation / handoff_to_tester / **testing** / handoff_to_verifier / verification / handoff_to_releaser / deployment / complete

    | # | Phase | State | Pull request | Checks | Attempts |
    | --- | --- | --- | --- | --- | --- |
    | 1 | `01-read` Read items | testing | #3 | 1 running | CI 1 of 3 |
    | 2 | `02-rank` Rank items | verification | #4 | 1 passed | - |
    | 3 | `03-list` List items | not begun | - | - | - |

    - Closed: #3
    - Being closed: #4
    - Branches that stay: `millhand/1-let-todo-read-rank-and-list/01-read`, `millhand/1-let-todo-read-rank-and-list/02-rank`
    - To begin again, set the label `millhand` anew or comment `/start`

    In numbers:

    - Cost: $0.02 of $5.00 for 2 model calls.
    - GitHub API requests: 3 for `01-read`, 3 for `02-rank`, 0 for the rest, before this comment was written
    - Notifications: 0 (pull requests opened, comments and reviews written)

    Remarks:

    - cancelled by maintainer

    <details>
    <summary>Graph of the phases</summary>

    ```mermaid
    graph LR
      p1["01-read"]
      p2["02-rank"]
      p3["03-list"]
      p1 --> p3
      p2 --> p3
    ```

    </details>

    Written by Millhand, a bot, with language models. This comment is kept up to date. `/help` lists the commands.
    "###);
}

#[test]
fn a_plan_shows_what_will_be_done() {
    let text = plan_text::comment(&planned(), MicroUsd(800_000));
    let (before, after) = around_the_settings(&text);
    assert_snapshot!(format!("{before}{after}"), @r###"
    ### Plan, version 1 (`c0266e1c`)

    maintainer or anybody else with write access can approve it with `/approve plan c0266e1c`, or say what to change with `/revise <text>`. Nothing is built before that.

    Three modules; `list` uses the other two.

    #### 1. Read items (`01-read`)

    Read items from lines of text.

    Done when:

    - `read` does what its tests say

    Files: `src/read.rs`, `tests/read.rs`
    Tests: `tests/read.rs`
    After: nothing, it can begin at once

    #### 2. Rank items (`02-rank`)

    Order items by priority.

    Done when:

    - `rank` does what its tests say

    Files: `src/rank.rs`, `tests/rank.rs`
    Tests: `tests/rank.rs`
    After: nothing, it can begin at once

    #### 3. List items (`03-list`)

    Print the ranked items.

    Done when:

    - `list` does what its tests say

    Files: `src/list.rs`, `tests/list.rs`
    Tests: `tests/list.rs`
    After: `01-read` and `02-rank`

    #### How it reaches the default branch

    Delivery `integration`, because the repository's workflows start for pull requests between Millhand's branches. Phases are merged into `millhand/1-let-todo-read-rank-and-list/base`; one release pull request brings all of it to `main`. To have each phase as a pull request onto `main` instead, set `delivery: direct` in `.github/millhand.yml`.

    Checks on the phases: `test`. Checks on the release: `test`.

    Reviews: one per phase (an approving review on GitHub, or `/approve`), asked of whoever last changed most of the files. The release waits for the approval of somebody with write access. maintainer asked for the work, so the code is for somebody else to approve.

    To expect: 4 pull requests and, if nothing goes wrong, 7 notifications (each pull request opened and each comment of Millhand is one). Cost: about $0.80 of at most $5.00.

    <details>
    <summary>Graph of the phases</summary>

    ```mermaid
    graph LR
      p1["01-read"]
      p2["02-rank"]
      p3["03-list"]
      p1 --> p3
      p2 --> p3
    ```

    </details>

    Written by Millhand, a bot, with language models.
    "###);
}

/// A plan without its settings, cut where they stand.
fn around_the_settings(plan: &str) -> (&str, &str) {
    let (before, rest) = plan.split_once("<details>\n<summary>Settings in force</summary>").unwrap();
    (before, rest.split_once("</details>\n\n").unwrap().1)
}

#[test]
fn a_plan_shows_the_settings_in_force_with_who_set_them() {
    let text = plan_text::comment(&planned(), MicroUsd(800_000));
    let (before, after) = around_the_settings(&text);
    let settings = text.strip_prefix(before).unwrap().strip_suffix(after).unwrap();
    assert_snapshot!(settings, @r###"
    <details>
    <summary>Settings in force</summary>

    As they are built in:

    ```yaml
    labels.trigger: millhand
    labels.auto: millhand:auto
    commands.bare: true
    triggers.bots: []
    recipe: micro_phase
    delivery: auto
    branches.prefix: millhand/
    pull_requests.draft: until_green
    pull_requests.title: auto
    pull_requests.commit: auto
    pull_requests.sign_off: auto
    approvals.plan: required
    approvals.release: required
    approvals.phase_reviews: auto
    approvals.self_approval: auto
    reviewers: auto
    limits.phases: 6
    limits.parallel_phases: 2
    limits.attempts: 3
    limits.files_per_phase: 25
    limits.lines_per_phase: 400
    limits.budget_usd: 5
    ci.required: auto
    ci.ignore: []
    ci.absent: ask
    ci.timeout_minutes: 60
    ci.grace_minutes: 5
    ci.rerun_flaky: 1
    merge.phases: squash
    merge.release: auto
    merge.delete_branches: auto
    protected_paths: []
    models.q_assistant: large
    models.code_writer: large
    models.test_auditor: small
    models.verification_overseer: other_family
    models.release_manager: small
    report.cost: public
    notifications.events: [needs_human, complete, failed, budget]
    ```

    A team sets its own in `.github/millhand.yml`.

    </details>
    "###);
}

#[test]
fn a_plan_in_direct_says_how_to_have_it_otherwise() {
    let mut w = offline(planned_with(begun(), plan(), false));
    w.settings.branches.prefix = "bots/".to_owned();
    w.settings.reviewers = Reviewers::Logins(vec!["alice".to_owned(), "bob".to_owned()]);
    w.settings.approvals.plan = PlanApproval::None;
    w.survey.as_mut().unwrap().required_reviews = 1;
    w.plan.as_mut().unwrap().plan.notes = vec!["Old files are left alone.".to_owned()];
    let text = plan_text::comment(&w, MicroUsd(800_000));
    let text = text.split("<details>").next().unwrap();
    assert_snapshot!(text, @r###"
    ### Plan, version 1 (`c0266e1c`)

    No approval is waited for: the settings ask for none. `/revise <text>` sends the work back to planning.

    Three modules; `list` uses the other two.

    #### 1. Read items (`01-read`)

    Read items from lines of text.

    Done when:

    - `read` does what its tests say

    Files: `src/read.rs`, `tests/read.rs`
    Tests: `tests/read.rs`
    After: nothing, it can begin at once

    #### 2. Rank items (`02-rank`)

    Order items by priority.

    Done when:

    - `rank` does what its tests say

    Files: `src/rank.rs`, `tests/rank.rs`
    Tests: `tests/rank.rs`
    After: nothing, it can begin at once

    #### 3. List items (`03-list`)

    Print the ranked items.

    Done when:

    - `list` does what its tests say

    Files: `src/list.rs`, `tests/list.rs`
    Tests: `tests/list.rs`
    After: `01-read` and `02-rank`

    Worth knowing:

    - Old files are left alone.

    #### How it reaches the default branch

    Delivery `direct`, because no workflow of the repository starts for pull requests between Millhand's branches. Each phase is a pull request onto `main`. To have them gathered on one branch with one release pull request instead, let a workflow start for pull requests between Millhand's branches:

    ```yaml
    on:
      pull_request:
        branches: [main, 'bots/**']
    ```

    Checks on the phases: `test`.

    Reviews: one per phase (the branch's rules ask for it on GitHub), asked of alice or bob. The release waits for the approval of somebody with write access. maintainer asked for the work, so the code is for somebody else to approve.

    To expect: 3 pull requests and, if nothing goes wrong, 6 notifications (each pull request opened and each comment of Millhand is one). Cost: about $0.80 (nominal, the model is offline) of at most $5.00.
    "###);
}

#[test]
fn questions_say_who_may_answer() {
    let mut w = begun();
    w.questions.push(Questions {
        questions: vec!["Which priority wins?".to_owned(), "May `list` page?".to_owned()],
        comment: None,
        posted_at: None,
        answer: None,
        by: None,
    });
    assert_snapshot!(questions::comment(&w, 1), @r###"
    2 questions before a plan is made:

    1. Which priority wins?
    2. May `list` page?

    Please answer in one comment on this issue. An answer by maintainer or by anybody with write access counts; the work goes on by itself then.

    Written by Millhand, a bot.
    "###);
}

#[test]
fn a_person_is_asked_in_a_few_lines() {
    let w = joined();
    let waits = waits(&w);
    assert_snapshot!(need::comment(&w, &waits[0]), @r###"
    @maintainer The release waits for a writer's approval: review pull request #6 and approve it there, or `/approve release`.

    The commit in question is `cccccccc`; `/approve release cccccccc` approves that one and no other.

    Written by Millhand, a bot, with language models. This comment is folded away once the question is settled.
    "###);
    assert_eq!(need::mention(&w, &waits[0]), "maintainer");
}

#[test]
fn whoever_is_asked_is_the_one_mentioned() {
    let mut w = joined();
    w.release.asked = vec!["reviewer".to_owned()];
    let wait = waits(&w).remove(0);
    assert_eq!(need::mention(&w, &wait), "reviewer");
    for (who, mentioned) in [
        ("a writer", "maintainer"),
        ("alice or bob", "maintainer"),
        ("dependabot[bot]", "dependabot[bot]"),
        ("octo_corp", "octo_corp"),
    ] {
        let wait = Waiting {
            who: who.to_owned(),
            ..wait.clone()
        };
        assert_eq!(need::mention(&w, &wait), mentioned);
        assert_eq!(need::comment(&w, &wait).matches('@').count(), 1);
    }
    // The operator stands for nobody on GitHub: the author of the issue is told.
    w.requester = Person::operator();
    w.issue.author = reviewer();
    let wait = Waiting {
        who: "operator".to_owned(),
        ..wait
    };
    assert_eq!(need::mention(&w, &wait), "reviewer");
}

#[test]
fn a_pull_request_carries_its_document() {
    let w = building();
    assert_eq!(pull_text::title(&w, PhaseNumber(3)), "List items");
    assert_snapshot!(pull_text::body(&w, PhaseNumber(3)), @r###"
    Part of #1, asked for by maintainer. This is phase `03-list`, one of 3 in the plan.

    Print the ranked items.

    Done when:

    - `list` does what its tests say

    Files: `src/list.rs`, `tests/list.rs`
    Tests: `tests/list.rs`
    Builds on: `01-read` (#3) and `02-rank` (#4)

    It is merged when its checks are green and it has an approving review by somebody with write access. Asked to review: whoever last changed most of the files. `/approve 03-list` counts as one review. Changes requested in a review are made in one commit and answered.

    Written by Millhand, a bot, with language models. It never force-pushes, never approves, never bypasses a rule, and never runs this repository's code itself: checks run in this repository's own CI. `/help` lists what can be said to it.
    "###);
}

#[test]
fn the_last_pull_request_in_direct_closes_the_issue() {
    let mut w = offline(forked_from(planned_with(begun(), plan(), false)));
    w.survey.as_mut().unwrap().required_reviews = 1;
    assert_snapshot!(pull_text::closing_body(&w, PhaseNumber(3)), @r###"
    Fixes #1, asked for by maintainer. This is phase `03-list`, one of 3 in the plan.

    Print the ranked items.

    Done when:

    - `list` does what its tests say

    Files: `src/list.rs`, `tests/list.rs`
    Tests: `tests/list.rs`
    Builds on: `01-read` and `02-rank`

    It is merged when its checks are green and it has an approving review by somebody with write access. Asked to review: whoever last changed most of the files. The rules of `main` ask for the review on GitHub. Changes requested in a review are made in one commit and answered.

    Written by Millhand, a bot, with its offline model: a script, no language model. It never force-pushes, never approves, never bypasses a rule, and never runs this repository's code itself: checks run in this repository's own CI. `/help` lists what can be said to it.
    "###);
    assert!(pull_text::body(&w, PhaseNumber(3)).starts_with("Part of #1,"));
}

#[test]
fn a_release_tells_what_is_new_and_how_to_take_it_back() {
    let mut w = joined();
    assert_eq!(release::title(&w), "Release: Let todo read, rank and list");
    assert!(release::body(&w).contains("written when every phase is merged"));
    w.notes = Some(ReleaseNotes {
        headline: "todo lists what matters first".to_owned(),
        changes: vec!["Items are read from text".to_owned(), "The list is ranked".to_owned()],
    });
    assert_snapshot!(release::body(&w), @r###"
    Fixes #1, asked for by maintainer.

    todo lists what matters first

    - Items are read from text
    - The list is ranked

    | # | Phase | Pull request | Commit |
    | --- | --- | --- | --- |
    | 1 | `01-read` Read items | #3 | [`aaaaaaaa`](https://github.test/acme/todo/commit/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa) |
    | 2 | `02-rank` Rank items | #4 | [`bbbbbbbb`](https://github.test/acme/todo/commit/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb) |
    | 3 | `03-list` List items | #5 | [`cccccccc`](https://github.test/acme/todo/commit/cccccccccccccccccccccccccccccccccccccccc) |

    It is merged into `main` when its checks are green and somebody with write access approves it: by a review, or by `/approve release` where `main` asks for no review.

    To take all of it back once it is merged, press Revert on this pull request.

    Each phase is a commit of its own in the history. To take back only the newest ones, leave out the commits at the end of this command, which reverts `03-list`, `02-rank`, `01-read`:

    ```sh
    git revert cccccccccccccccccccccccccccccccccccccccc bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    ```

    Cost: $1.23 of $5.00 for 11 model calls.

    Written by Millhand, a bot, with language models. It never force-pushes, never approves, never bypasses a rule, and never runs this repository's code itself: checks run in this repository's own CI. `/help` lists what can be said to it.
    "###);
}

#[test]
fn commits_name_their_work_and_close_nothing() {
    let w = building();
    let (headline, body) = commit::message(&w, target(1), "Fixes #7, closes GH-8: read lines [skip ci] for @alice\nmore");
    assert_eq!(headline, "Fixes 7, closes GH 8: read lines (skip ci) for alice");
    assert_snapshot!(body, @r###"
    Written by Millhand, a bot, with language models.

    Millhand-Workflow: 01a0c2d4-0000-7000-8000-000000000001
    Millhand-Phase: 01-read
    "###);
    assert_eq!(commit::merge(&w, target(1)).0, "Read items (#3)");
    assert_eq!(
        commit::merge(&joined(), RELEASE).0,
        "Release: Let todo read, rank and list (#6)"
    );
    assert_eq!(commit::message(&w, target(1), " \n").0, "Work on 01-read");
    let (long, _) = commit::message(&w, RELEASE, &"word ".repeat(40));
    assert!(long.chars().count() <= 72);
}

#[test]
fn a_check_run_judges_criterion_by_criterion() {
    let w = building();
    let run = check::run(&w, target(2), &waits(&w));
    assert_eq!(run.conclusion, check::Conclusion::Success);
    assert_snapshot!(format!("{}\n---\n{}\n---\n{}", run.title, run.summary, run.text), @r###"
    1 of 1 acceptance criteria hold
    ---
    The criterion is shown by a test.

    - Phase `02-rank` waits for reviewer to review pull request #4: approve it there, or `/approve 02-rank`.

    Written by Millhand, a bot, with language models.
    ---
    ### Acceptance criteria

    - **Holds**: `rank` does what its tests say (shown by: tests/rank.rs, `ties_keep_their_order`)
    "###);
}

#[test]
fn a_bad_verdict_fails_with_its_findings_on_the_lines() {
    let mut w = building();
    change_phase(&mut w, 2, |p| {
        let mut verdict = verdict(false);
        verdict.findings = vec![Finding {
            severity: Severity::Blocking,
            message: "The comparison panics on an empty list".to_owned(),
            path: Some("src/rank.rs".to_owned()),
            line: Some(12),
        }];
        p.track.verdict = Some((sha('2'), verdict));
        p.track.presented = None;
    });
    let run = check::run(&w, target(2), &waits(&w));
    assert_eq!(run.conclusion, check::Conclusion::Failure);
    assert_eq!(run.annotations[0].path, "src/rank.rs");
    assert_eq!(
        (run.annotations[0].line, run.annotations[0].level),
        (12, check::Level::Failure)
    );
    assert_snapshot!(format!("{}\n---\n{}\n---\n{}", run.title, run.summary, run.text), @r###"
    0 of 1 acceptance criteria hold, 1 blocking finding
    ---
    Ties are not shown to keep their order.

    The change goes back to be mended; the next commit is judged anew.

    Written by Millhand, a bot, with language models.
    ---
    ### Acceptance criteria

    - **Does not hold**: `rank` does what its tests say (because: no test covers ties)

    ### Findings

    - blocking: The comparison panics on an empty list (`src/rank.rs`, line 12)
    "###);
}

#[test]
fn failed_checks_are_explained_and_the_check_run_stays_neutral() {
    let mut w = building();
    change_phase(&mut w, 1, |p| {
        p.track.checks = Some(checks('1', Some("failure")));
        p.track.failures = Some(Failures {
            head: sha('1'),
            blob: BlobHash("log".to_owned()),
            red_on_base: vec!["lint".to_owned()],
            readable: true,
        });
        p.track.diagnosis = Some(Diagnosis {
            cause: Cause::Code,
            explanation: "`read` drops the last line.".to_owned(),
            evidence: "assertion `left == right` failed\n  left: 2\n right: 3".to_owned(),
            files: vec!["src/read.rs".to_owned()],
        });
        p.track.report = Some(Report {
            warnings: vec![Remark {
                path: Some("src/read.rs".to_owned()),
                line: Some(3),
                message: "A line of 300 characters".to_owned(),
            }],
            score: 95,
            ..Report::default()
        });
    });
    let run = check::run(&w, target(1), &waits(&w));
    assert_eq!(run.conclusion, check::Conclusion::Neutral);
    assert_snapshot!(format!("{}\n---\n{}\n---\n{}", run.title, run.summary, run.text), @r###"
    Checks failed; the reason is below
    ---
    Written by Millhand, a bot, with language models.
    ---
    ### Why the checks failed

    `read` drops the last line.

    > assertion `left == right` failed
    > left: 2
    > right: 3

    The cause is in the change: it is mended in the next commit.

    Failing on the base branch as well: `lint`. That is reported, not repaired.

    ### Validation

    Score 95 of 100 for the change set that was pushed.

    Warnings:

    - A line of 300 characters (`src/read.rs`, line 3)
    "###);
}

#[test]
fn a_refused_change_fails_without_annotations_on_lines_that_are_not_there() {
    let mut w = building();
    change_phase(&mut w, 1, |p| {
        p.track.refused = Some(Change {
            blob: BlobHash("c".to_owned()),
            summary: "read".to_owned(),
            paths: vec![],
            executables: vec![],
            report: Report {
                critical: vec![Remark {
                    path: Some("src/read.rs".to_owned()),
                    line: Some(9),
                    message: "What looks like a token".to_owned(),
                }],
                score: 70,
                ..Report::default()
            },
        });
    });
    let run = check::run(&w, target(1), &waits(&w));
    assert_eq!(run.conclusion, check::Conclusion::Failure);
    assert_eq!(run.title, "Validation found 1 thing to mend");
    assert!(run.annotations.is_empty());
}

fn approval(id: u64, by: Person, commit: char) -> ReviewView {
    ReviewView {
        edited: false,
        id,
        node_id: format!("PRR_{id}"),
        pull: 4,
        by,
        state: ReviewState::Approved,
        commit: sha(commit),
        body: String::new(),
        remarks: vec![],
        at: BEGIN,
    }
}

#[test]
fn an_approval_that_was_carried_over_is_shown_with_its_proof() {
    let mut w = building();
    change_phase(&mut w, 2, |p| {
        p.track.reviews = BTreeMap::from([
            (21, approval(21, reviewer(), '9')),
            (22, approval(22, person(3, "second", Permission::Write), '8')),
        ]);
        p.track.same_patch = BTreeMap::from([(sha('2'), sha('9'))]);
        p.track.compared = BTreeSet::from([(sha('8'), sha('2')), (sha('9'), sha('2'))]);
    });
    let text = check::run(&w, target(2), &[]).text;
    let approvals = text.split("### Approvals").nth(1).unwrap();
    assert_snapshot!(approvals.trim(), @r###"
    - reviewer approved `99999999`. The head is `22222222` now; the diff against the merge base is the same ([compare](https://github.test/acme/todo/compare/9999999999999999999999999999999999999999...2222222222222222222222222222222222222222)), so the approval counts.
    - second approved `88888888`. The diff against the merge base has changed since ([compare](https://github.test/acme/todo/compare/8888888888888888888888888888888888888888...2222222222222222222222222222222222222222)), so the approval does not count any more.
    "###);
}

#[test]
fn a_review_is_answered_in_one_review() {
    let mut w = building();
    let remark = |id: u64, body: &str| RemarkView {
        id,
        thread: format!("PRRT_{id}"),
        path: "src/rank.rs".to_owned(),
        line: Some(4),
        body: body.to_owned(),
    };
    change_phase(&mut w, 2, |p| {
        let mut asked = approval(21, reviewer(), '2');
        asked.state = ReviewState::ChangesRequested;
        asked.remarks = vec![remark(31, "Name it"), remark(32, "And this?")];
        p.track.reviews.insert(21, asked);
    });
    let replies = [Reply {
        remark: 31,
        text: "It is called `order` now, as @alice asked in #4.".to_owned(),
    }];
    let answer = review::answer(&w, target(2), &[21], &replies, &sha('f'));
    assert_snapshot!(answer.body, @r###"
    What reviewer asked for is taken up in [`ffffffff`](https://github.test/acme/todo/commit/ffffffffffffffffffffffffffffffffffffffff).

    1 remark has no answer of its own; please look at the commit.

    Written by Millhand, a bot, with language models.
    "###);
    assert_eq!(answer.replies.len(), 1);
    assert_eq!(
        (answer.replies[0].comment, answer.replies[0].thread.as_str()),
        (31, "PRRT_31")
    );
    assert_snapshot!(answer.replies[0].text, @r###"
    It is called `order` now, as `@alice` asked in `#4`.

    In [`ffffffff`](https://github.test/acme/todo/commit/ffffffffffffffffffffffffffffffffffffffff).
    "###);
}

#[test]
fn a_team_that_hides_the_cost_sees_no_amount_anywhere() {
    let hide = |mut w: Workflow| {
        w.settings.report.cost = CostReport::Hidden;
        w
    };
    let mut poor = hide(building());
    poor.cost.spent = poor.budget;
    for w in [
        hide(begun()),
        hide(planned()),
        hide(building()),
        poor,
        hide(joined()),
        hide(complete()),
    ] {
        let waits = waits(&w);
        let mut texts = vec![
            status::comment(&w, &waits),
            plan_text::comment(&w, MicroUsd(800_000)),
            pull_text::body(&w, PhaseNumber(1)),
            release::body(&w),
        ];
        texts.extend(waits.iter().map(|wait| need::comment(&w, wait)));
        for text in texts {
            assert!(!text.contains('$') && !text.contains("budget_usd"), "{text}");
        }
    }
}

#[test]
fn where_bare_commands_are_not_read_none_is_shown() {
    let mut w = planned();
    w.settings.commands.bare = false;
    let hash = w.plan.as_ref().unwrap().hash[..8].to_owned();
    for text in [shown(&w), plan_text::comment(&w, MicroUsd(0))] {
        assert!(text.contains(&format!("`/millhand approve plan {hash}`")), "{text}");
        assert!(!text.contains("`/approve"), "{text}");
        assert!(!text.contains("`/revise"), "{text}");
    }
}

#[test]
fn counting_requests_is_no_reason_for_another_edit() {
    let one = complete();
    let mut other = one.clone();
    other.requests += 1;
    assert_ne!(shown(&one), shown(&other));
    assert_eq!(status::digest(&shown(&one)), status::digest(&shown(&other)));
    other.notifications += 1;
    assert_ne!(status::digest(&shown(&one)), status::digest(&shown(&other)));
}

#[test]
fn an_edit_after_the_fork_is_noted() {
    let mut w = building();
    w.issue.seen_hash = "other".to_owned();
    assert!(shown(&w).contains("The issue was edited after the work began."));
}

#[test]
fn an_approval_of_ones_own_work_is_told() {
    let mut w = complete();
    w.survey.as_mut().unwrap().active_writers.clear();
    change_phase(&mut w, 1, |p| {
        p.track.approved = Some(Approval {
            by: Some(maintainer()),
            comment: Some(4),
            on: sha('a').0,
            at: BEGIN,
        });
    });
    assert!(shown(&w).contains("#3 was approved by maintainer, who asked for the work; the settings allow it"));
}

#[test]
fn offline_work_says_so_wherever_it_shows() {
    let w = offline(joined());
    let waits = waits(&w);
    let texts = [
        status::comment(&w, &waits),
        plan_text::comment(&w, MicroUsd(0)),
        questions::comment(&w, 1),
        need::comment(&w, &waits[0]),
        pull_text::body(&w, PhaseNumber(1)),
        release::body(&w),
        commit::message(&w, target(1), "x").1,
        commit::merge(&w, RELEASE).1,
        check::run(&w, target(1), &waits).summary,
        review::answer(&w, target(1), &[], &[], &sha('f')).body,
    ];
    let first = status::comment(&begun(), &[]);
    assert!(
        first.contains("Written by Millhand, a bot.") && !first.contains("language model"),
        "{first}"
    );
    for text in texts {
        assert!(text.contains("Millhand") && text.contains("offline"), "{text}");
        assert!(!text.contains('!'), "{text}");
    }
}
