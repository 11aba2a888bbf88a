//! Why nothing moves: every wait, computed from the state by one function and shown everywhere the same.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ci::{self, CiVerdict};
use super::decide::seen::{
    by_chance, closed_by_a_person, dependencies_merged, next_to_merge, other_work, over_budget, plan_waits_for_a_person,
    slot_free,
};
use super::fact::{DelayedBy, PullState, Target};
use super::ids::{PhaseNumber, Sha};
use super::model::{Fate, Phase, Track, Trouble, TroubleKind, Workflow};
use super::reviews;
use super::state::{Baton, State};
use crate::clock::Millis;

/// Something that is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Identity of this wait: the same wait keeps its key, a new question gets a new one.
    pub key: String,
    /// Who or what can move it.
    pub kind: WaitKind,
    /// What it is.
    pub what: What,
    /// The phase, if one.
    pub phase: Option<PhaseNumber>,
    /// Since when.
    pub since: Millis,
    /// When Millhand looks again by itself.
    pub next_look: Option<Millis>,
    /// Who can move it: a login, "a writer", "GitHub" ...
    pub who: String,
    /// The command that moves it, as it would be typed.
    pub command: Option<String>,
    /// The hash an approval would bind to.
    pub hash: Option<String>,
    /// One sentence that says all this.
    pub sentence: String,
}

/// Who or what can move a wait; the headline is the first in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitKind {
    /// A person on GitHub.
    Person,
    /// The operator.
    Operator,
    /// A limit.
    Limit,
    /// A machine, or the clock.
    Machine,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// An answer to a question.
    Question,
    /// The plan's approval.
    PlanApproval,
    /// A person lets a head pass on which no check ran.
    NoCi,
    /// A review of a phase.
    PhaseReview,
    /// The release's approval.
    ReleaseApproval,
    /// A conflict that a person must resolve.
    Conflict,
    /// Attempts are used up.
    Attempts,
    /// Paused.
    Paused,
    /// A person closed or retargeted a pull request.
    PullRequestClosed,
    /// GitHub refuses the merge.
    MergeRefused,
    /// Somebody else works on the issue.
    OtherWork,
    /// The cap.
    Budget,
    /// A rate limit.
    RateLimit,
    /// A slot.
    Slot,
    /// A phase before it.
    Dependency,
    /// Checks.
    Ci,
    /// A model.
    Model,
    /// GitHub.
    Github,
    /// The clock.
    Clock,
}

/// Everything a workflow waits for, the headline first: persons, operator, limits, machines. An ended workflow waits for
/// nothing; an open one always waits for something, or something is being done for it.
#[must_use]
pub fn waits(w: &Workflow, now: Millis) -> Vec<Waiting> {
    let mut found = Found { w, list: Vec::new() };
    if w.ended.is_some() {
        return found.list;
    }
    paused(&mut found);
    troubles(&mut found);
    money(&mut found);
    before_the_fork(&mut found);
    if w.baton == Baton::Forked {
        for (number, phase) in &w.phases {
            a_phase(&mut found, *number, phase, now);
        }
    }
    release(&mut found, now);
    delays(&mut found);
    if found.list.is_empty() {
        at_work(&mut found);
    }
    found.list.sort_by_key(|wait| wait.kind);
    let (mut seen, mut said) = (BTreeSet::new(), BTreeSet::new());
    // Several orders may have met with the same: saying it once is enough.
    found
        .list
        .retain(|wait| seen.insert(wait.key.clone()) && said.insert(wait.sentence.clone()));
    found.list
}

struct Found<'a> {
    w: &'a Workflow,
    list: Vec<Waiting>,
}

/// What a wait is about; the rest follows from the workflow.
struct About {
    kind: WaitKind,
    what: What,
    phase: Option<PhaseNumber>,
    /// Tells this wait from the next of its kind.
    mark: String,
    who: String,
    command: Option<String>,
    hash: Option<String>,
    sentence: String,
}

impl Found<'_> {
    fn add(&mut self, about: About) {
        let word = serde_json::to_value(about.what)
            .ok()
            .and_then(|v| v.as_str().map(str::to_owned))
            .unwrap_or_default();
        let phase = about.phase.map(|n| format!(":{n}")).unwrap_or_default();
        let key = format!("{word}{phase}:{}", about.mark);
        let w = self.w;
        let since = w
            .waiting_since
            .get(&key)
            .copied()
            .unwrap_or_else(|| w.read_at.unwrap_or(w.started_at));
        let next_look = w.outstanding.values().filter_map(super::order::Order::due).max();
        let About {
            kind,
            what,
            phase,
            who,
            command,
            hash,
            sentence,
            ..
        } = about;
        self.list.push(Waiting {
            key,
            kind,
            what,
            phase,
            since,
            next_look,
            who,
            command,
            hash,
            sentence: capital(&sentence),
        });
    }

    fn person(&mut self, what: What, phase: Option<PhaseNumber>, mark: &str, ask: Ask) {
        let Ask {
            who,
            command,
            hash,
            sentence,
        } = ask;
        self.add(About {
            kind: WaitKind::Person,
            what,
            phase,
            mark: mark.to_owned(),
            who,
            command,
            hash,
            sentence,
        });
    }

    fn machine(&mut self, what: What, phase: Option<PhaseNumber>, mark: &str, of: Ask) {
        let Ask {
            who,
            command,
            hash,
            sentence,
        } = of;
        self.add(About {
            kind: WaitKind::Machine,
            what,
            phase,
            mark: mark.to_owned(),
            who,
            command,
            hash,
            sentence,
        });
    }
}

/// What a person is asked.
struct Ask {
    who: String,
    command: Option<String>,
    hash: Option<String>,
    sentence: String,
}

/// A sentence with its command at the end.
fn ask(who: &str, command: Option<String>, sentence: String) -> Ask {
    Ask {
        who: who.to_owned(),
        command,
        hash: None,
        sentence,
    }
}

fn paused(found: &mut Found<'_>) {
    if let Some(pause) = found.w.paused.clone() {
        let mark = pause.at.0.to_string();
        found.person(
            What::Paused,
            None,
            &mark,
            ask("a writer", Some("/resume".to_owned()), format!("Paused: {}", pause.why)),
        );
    }
}

/// Orders that could not be carried out.
fn troubles(found: &mut Found<'_>) {
    for (slot, trouble) in &found.w.troubles {
        let phase = trouble.target.and_then(Target::phase);
        let name = name(found.w, trouble.target);
        let retry = phase
            .and_then(|n| found.w.phases.get(&n))
            .map_or_else(|| "/retry".to_owned(), |p| format!("/retry {}", p.plan.id));
        let Trouble { kind, until, .. } = trouble;
        let sentence = trouble.sentence.trim_end_matches('.');
        match kind {
            TroubleKind::Budget => {} // told by the money below
            TroubleKind::Model => {
                let text = format!("No model gave a usable answer for {name}: {sentence}. `{retry}` asks again.");
                found.person(What::Model, phase, slot, ask("a writer", Some(retry), text));
            }
            TroubleKind::Conflict => {
                let text = format!(
                    "{name} conflicts with its base: {sentence}. Please merge the base into the branch and resolve it; Millhand goes on by itself."
                );
                found.person(What::Conflict, phase, slot, ask("a writer", Some(retry), text));
            }
            TroubleKind::Workflows => {
                let text = format!(
                    "GitHub does not let Millhand update {name}, because workflow files on the default branch have changed: {sentence}. Please press \"Update branch\" on its pull request, then `{retry}`."
                );
                found.person(What::MergeRefused, phase, slot, ask("a writer", Some(retry), text));
            }
            TroubleKind::MergeRefused => {
                let text = format!(
                    "GitHub refuses the merge of {name}: {sentence}. Once that is settled, merge it yourself or `{retry}`."
                );
                found.person(What::MergeRefused, phase, slot, ask("a writer", Some(retry), text));
            }
            TroubleKind::Permission | TroubleKind::Loop => {
                let then = until.map_or_else(|| format!("then `{retry}`"), |_| "Millhand tries again by itself".to_owned());
                let text = format!("{name} cannot go on: {sentence}. The operator or an owner must look; {then}.");
                let kind = WaitKind::Operator;
                let mark = slot.clone();
                let who = "the operator".to_owned();
                found.add(About {
                    kind,
                    what: What::Github,
                    phase,
                    mark,
                    who,
                    command: until.is_none().then_some(retry),
                    hash: None,
                    sentence: text,
                });
            }
            TroubleKind::ModelAway | TroubleKind::Github => {
                let (what, who) = if *kind == TroubleKind::ModelAway {
                    (What::Model, "the model's provider")
                } else {
                    (What::Github, "GitHub")
                };
                let again = until
                    .map(|u| format!(" Millhand tries again at {}.", u.rfc3339()))
                    .unwrap_or_default();
                found.machine(
                    what,
                    phase,
                    slot,
                    ask(who, None, format!("{who} does not answer for {name}: {sentence}.{again}")),
                );
            }
        }
    }
}

fn money(found: &mut Found<'_>) {
    let w = found.w;
    if !over_budget(w) {
        return;
    }
    let sentence = format!(
        "The budget is used up: {} of {} are spent and the next model call could pass the cap. `/budget <amount>` raises it, up to {}.",
        w.cost.spent, w.budget, w.budget_max
    );
    let who = w.requester.login.clone();
    let mark = w.budget.0.to_string();
    let command = Some("/budget <amount>".to_owned());
    found.add(About {
        kind: WaitKind::Limit,
        what: What::Budget,
        phase: None,
        mark,
        who,
        command,
        hash: None,
        sentence,
    });
}

/// Questions, other people's work, the plan's approval.
fn before_the_fork(found: &mut Found<'_>) {
    let w = found.w;
    let Baton::Whole(state) = w.baton else { return };
    if other_work(&w.issue, &w.requester) && matches!(state, State::Discovery | State::Planning | State::HandoffToCoder) {
        let who = w.issue.assignees.iter().find(|a| **a != w.requester.login);
        let why = w.issue.closing_pulls.first().map_or_else(
            || format!("it is assigned to {}", who.map_or("somebody else", String::as_str)),
            |n| format!("pull request #{n} of somebody else closes it"),
        );
        let sentence = format!("Somebody else may be working on this issue: {why}. `/approve` goes on all the same.");
        let mark = format!("{}-{}", w.issue.closing_pulls.len(), w.issue.assignees.len());
        found.person(
            What::OtherWork,
            None,
            &mark,
            ask(&w.requester.login, Some("/approve".to_owned()), sentence),
        );
    }
    if state == State::Discovery
        && let Some(open) = w.questions.last().filter(|q| q.answer.is_none() && q.comment.is_some())
    {
        let count = open.questions.len();
        let sentence = format!(
            "{count} question{} must be answered before the plan is made; a comment by {} or by a writer is the answer.",
            if count == 1 { "" } else { "s" },
            w.issue.author.login
        );
        found.person(
            What::Question,
            None,
            &w.questions.len().to_string(),
            ask(&w.issue.author.login, None, sentence),
        );
    }
    if plan_waits_for_a_person(w)
        && let Some(plan) = &w.plan
    {
        let short = plan.hash.get(..8).unwrap_or(&plan.hash).to_owned();
        let command = format!("/approve plan {short}");
        let sentence = format!(
            "Plan version {} waits for a writer's approval: `{command}`, or `/revise <text>` to have it changed.",
            plan.version
        );
        let who = w.requester.login.clone();
        found.person(
            What::PlanApproval,
            None,
            &plan.version.to_string(),
            Ask {
                who,
                command: Some(command),
                hash: Some(plan.hash.clone()),
                sentence,
            },
        );
    }
}

fn a_phase(found: &mut Found<'_>, number: PhaseNumber, phase: &Phase, now: Millis) {
    if phase.frozen || matches!(phase.fate, Fate::Merged | Fate::Skipped(_)) {
        return;
    }
    let w = found.w;
    let target = Target::Phase(number);
    if phase.state == State::HandoffToCoder {
        not_begun(found, number, phase);
        return;
    }
    a_track(found, target, &phase.track, phase.state, now);
    if phase.fate == Fate::Failed || found.list.iter().any(|wait| wait.phase == Some(number)) {
        return;
    }
    match phase.state {
        State::Verification => review(found, number, &phase.track),
        State::HandoffToReleaser => merge(found, number, phase),
        State::Discovery
        | State::Planning
        | State::HandoffToCoder
        | State::Implementation
        | State::HandoffToTester
        | State::Testing
        | State::HandoffToVerifier
        | State::Deployment
        | State::Complete => {
            if w.paused.is_some() {
                return;
            }
            let doing = doing(phase.state);
            found.machine(
                What::Clock,
                Some(number),
                phase.state.name(),
                ask("Millhand", None, format!("Phase `{}`: {doing}.", phase.plan.id)),
            );
        }
    }
}

/// What keeps a phase from beginning.
fn not_begun(found: &mut Found<'_>, number: PhaseNumber, phase: &Phase) {
    let w = found.w;
    if !dependencies_merged(w, number) {
        let open: Vec<String> = phase
            .plan
            .depends_on
            .iter()
            .filter_map(|n| w.phases.get(n))
            .filter(|p| !matches!(p.fate, Fate::Merged | Fate::Skipped(_)))
            .map(|p| format!("`{}`", p.plan.id))
            .collect();
        let sentence = format!(
            "Phase `{}` begins when {} {} merged.",
            phase.plan.id,
            open.join(" and "),
            if open.len() == 1 { "is" } else { "are" }
        );
        found.machine(What::Dependency, Some(number), "dependency", ask("Millhand", None, sentence));
    } else if !slot_free(w) {
        let max = w.settings.limits.parallel_phases;
        let sentence = format!(
            "Phase `{}` begins when a slot is free; at most {max} phases are worked on at once.",
            phase.plan.id
        );
        let (kind, who) = (WaitKind::Limit, "Millhand".to_owned());
        found.add(About {
            kind,
            what: What::Slot,
            phase: Some(number),
            mark: "slot".to_owned(),
            who,
            command: None,
            hash: None,
            sentence,
        });
    } else if !over_budget(w) {
        found.machine(
            What::Github,
            Some(number),
            "base",
            ask(
                "GitHub",
                None,
                format!("Phase `{}` begins when its base branch is there.", phase.plan.id),
            ),
        );
    }
}

/// Waits of a branch and its pull request, the same for a phase and for the release.
fn a_track(found: &mut Found<'_>, target: Target, track: &Track, state: State, now: Millis) {
    let w = found.w;
    let name = name(w, Some(target));
    let phase = target.phase();
    let id = phase.and_then(|n| w.phases.get(&n)).map(|p| p.plan.id.clone());
    let retry = id.as_ref().map_or_else(|| "/retry".to_owned(), |id| format!("/retry {id}"));
    if closed_by_a_person(track) {
        let what = match &track.seen {
            Some(seen) if seen.state == PullState::Closed => "was closed",
            _ => "was given another base branch",
        };
        let number = track.pull.as_ref().map_or(0, |p| p.number);
        let mark = track.seen.as_ref().map_or(0, |s| s.updated_at.0).to_string();
        let sentence = format!(
            "Pull request #{number} of {name} {what} by a person. Undo that to go on, `{retry}` to start it afresh, or `/cancel` to end."
        );
        found.person(What::PullRequestClosed, phase, &mark, ask("a writer", Some(retry), sentence));
        return;
    }
    if track.gave_up {
        attempts(found, target, track, &retry);
        return;
    }
    if state == State::Testing || (state == State::HandoffToTester && track.head.is_some()) {
        checks(found, target, track, now);
    }
}

/// Attempts are used up, or there is nothing that the writer could mend.
fn attempts(found: &mut Found<'_>, target: Target, track: &Track, retry: &str) {
    let name = name(found.w, Some(target));
    let why = match (&track.diagnosis, &track.report, &track.verdict) {
        (_, Some(report), _) if !report.critical.is_empty() => {
            let first = report.critical.first().map(|r| r.message.clone()).unwrap_or_default();
            format!("its change does not pass validation ({first})")
        }
        (Some(diagnosis), _, _) => {
            let chance = if by_chance(track) {
                "its checks keep failing by what looks like chance"
            } else {
                "its checks fail"
            };
            format!("{chance} ({})", one_line(&diagnosis.explanation))
        }
        (None, _, Some((_, verdict))) if !verdict.good() => format!("its verdict stays bad ({})", one_line(&verdict.summary)),
        _ => "its checks fail".to_owned(),
    };
    let sentence =
        format!("{name} is stuck: {why}. `{retry} -- <hint>` tries again with your hint, or push a commit to its branch.");
    let mark = format!("{}-{}", track.turn, track.head.as_ref().map_or("", Sha::short));
    found.person(
        What::Attempts,
        target.phase(),
        &mark,
        ask("a writer", Some(format!("{retry} -- <hint>")), sentence),
    );
}

fn checks(found: &mut Found<'_>, target: Target, track: &Track, now: Millis) {
    let w = found.w;
    let name = name(w, Some(target));
    let phase = target.phase();
    let head = track.head.clone().unwrap_or(Sha(String::new()));
    match ci::judge(w, target, now) {
        CiVerdict::NotBegun { grace_until } => {
            let sentence = format!(
                "{name} waits for its checks to begin, until {} at the latest.",
                grace_until.rfc3339()
            );
            found.machine(What::Ci, phase, &format!("begin-{head}"), ask("CI", None, sentence));
        }
        CiVerdict::Running { until } => {
            let sentence = format!(
                "{name} waits for its checks to finish, until {} at the latest.",
                until.rfc3339()
            );
            found.machine(What::Ci, phase, &format!("run-{head}"), ask("CI", None, sentence));
        }
        CiVerdict::TooLong => {
            let sentence = format!(
                "The checks of {name} take longer than {} minutes. Please look at them; Millhand goes on when they finish.",
                w.settings.ci.timeout_minutes
            );
            found.person(What::Ci, phase, &format!("long-{head}"), ask("a writer", None, sentence));
        }
        CiVerdict::Person(names) => {
            let sentence = format!(
                "The checks {} of {name} need a person: GitHub waits for an approval or could not start them.",
                names.join(", ")
            );
            found.person(What::Ci, phase, &format!("person-{head}"), ask("a writer", None, sentence));
        }
        CiVerdict::Absent => {
            let id = phase
                .and_then(|n| w.phases.get(&n))
                .map_or_else(|| "release".to_owned(), |p| p.plan.id.clone());
            let command = format!("/approve {id}");
            let sentence = format!(
                "No check ran on {name} at {}. `{command}` lets it go on without; the same then holds for the rest of this work.",
                head.short()
            );
            let hash = Some(head.0.clone());
            found.person(
                What::NoCi,
                phase,
                &head.0,
                Ask {
                    who: "a writer".to_owned(),
                    command: Some(command),
                    hash,
                    sentence,
                },
            );
        }
        CiVerdict::Red(_) | CiVerdict::Rerun(_) | CiVerdict::Green { .. } => {
            found.machine(
                What::Clock,
                phase,
                "diagnosis",
                ask(
                    "Millhand",
                    None,
                    format!("{name}: the results of its checks are being worked through."),
                ),
            );
        }
    }
}

/// The verdict, then people's reviews.
fn review(found: &mut Found<'_>, number: PhaseNumber, track: &Track) {
    let w = found.w;
    let target = Target::Phase(number);
    let name = name(w, Some(target));
    let head = track.head.clone().unwrap_or(Sha(String::new()));
    if track.presented.as_ref() != Some(&head) {
        found.machine(
            What::Clock,
            Some(number),
            "verdict",
            ask("Millhand", None, format!("{name} is being verified.")),
        );
        return;
    }
    if !reviews::open_rounds(w, target).is_empty() {
        found.machine(
            What::Clock,
            Some(number),
            "quiet",
            ask(
                "Millhand",
                None,
                format!("{name}: a review came in; it is taken up after a moment of quiet."),
            ),
        );
        return;
    }
    let blocking = reviews::blocking(w, target);
    let pull = track.pull.as_ref().map_or(0, |p| p.number);
    let required = w.survey.as_ref().is_some_and(|s| s.required_reviews > 0) && w.is_direct();
    let id = w.phases.get(&number).map(|p| p.plan.id.clone()).unwrap_or_default();
    let command = (!required && blocking.is_empty()).then(|| format!("/approve {id}"));
    let (who, sentence) = match blocking.first() {
        Some(review) => (
            review.by.login.clone(),
            format!(
                "{name} waits for {} to look again at pull request #{pull}; the requested changes were made.",
                review.by.login
            ),
        ),
        None => {
            let asked = if track.asked.is_empty() {
                "a writer".to_owned()
            } else {
                track.asked.join(" or ")
            };
            let way = command.as_ref().map(|c| format!(", or `{c}`")).unwrap_or_default();
            (
                asked.clone(),
                format!("{name} waits for {asked} to review pull request #{pull}: approve it there{way}."),
            )
        }
    };
    found.person(
        What::PhaseReview,
        Some(number),
        &head.0,
        Ask {
            who,
            command,
            hash: Some(head.0.clone()),
            sentence,
        },
    );
}

/// Approved: its turn to be merged.
fn merge(found: &mut Found<'_>, number: PhaseNumber, phase: &Phase) {
    let w = found.w;
    if w.is_direct() && w.last_phase() == Some(number) && !reviews::last_phase_released(w, number) {
        release_approval(found, Some(number));
        return;
    }
    let sentence = if next_to_merge(w) == Some(number) {
        format!("Phase `{}` is being merged.", phase.plan.id)
    } else {
        format!("Phase `{}` is approved and waits for its turn to be merged.", phase.plan.id)
    };
    found.machine(What::Clock, Some(number), "merge", ask("Millhand", None, sentence));
}

/// The release pull request, from the join on.
fn release(found: &mut Found<'_>, now: Millis) {
    let w = found.w;
    let Baton::Whole(state) = w.baton else { return };
    if w.is_direct()
        || matches!(
            state,
            State::Discovery | State::Planning | State::HandoffToCoder | State::Complete
        )
    {
        return;
    }
    let track = &w.release;
    if track.pull.is_none() {
        found.machine(
            What::Github,
            None,
            "release",
            ask("GitHub", None, "The release pull request is being opened.".to_owned()),
        );
        return;
    }
    a_track(found, Target::Release, track, state, now);
    let at_gate = matches!(state, State::HandoffToReleaser | State::Deployment);
    if !at_gate || track.gave_up || closed_by_a_person(track) {
        return;
    }
    match ci::judge(w, Target::Release, now) {
        CiVerdict::Green { .. } if state == State::HandoffToReleaser && !reviews::approved(w, Target::Release) => {
            if track.presented == track.head {
                release_approval(found, None);
            } else {
                found.machine(
                    What::Clock,
                    None,
                    "present",
                    ask("Millhand", None, "The release is being prepared for its approval.".to_owned()),
                );
            }
        }
        CiVerdict::Green { .. } => found.machine(
            What::Clock,
            None,
            "release",
            ask("Millhand", None, "The release is being merged.".to_owned()),
        ),
        CiVerdict::NotBegun { .. }
        | CiVerdict::Absent
        | CiVerdict::Running { .. }
        | CiVerdict::TooLong
        | CiVerdict::Red(_)
        | CiVerdict::Rerun(_)
        | CiVerdict::Person(_) => checks(found, Target::Release, track, now),
    }
}

fn release_approval(found: &mut Found<'_>, last: Option<PhaseNumber>) {
    let w = found.w;
    let head = w.release_head().unwrap_or(Sha(String::new()));
    let pull = match last {
        Some(number) => w
            .phases
            .get(&number)
            .and_then(|p| p.track.pull.as_ref())
            .map_or(0, |p| p.number),
        None => w.release.pull.as_ref().map_or(0, |p| p.number),
    };
    let command = "/approve release".to_owned();
    let sentence =
        format!("The release waits for a writer's approval: review pull request #{pull} and approve it there, or `{command}`.");
    let who = if w.release.asked.is_empty() {
        "a writer".to_owned()
    } else {
        w.release.asked.join(" or ")
    };
    let hash = Some(head.0.clone());
    found.person(
        What::ReleaseApproval,
        last,
        &head.0,
        Ask {
            who,
            command: Some(command),
            hash,
            sentence,
        },
    );
}

/// Orders that wait for capacity.
fn delays(found: &mut Found<'_>) {
    for (key, delay) in &found.w.delays {
        let (kind, what, who) = match delay.on {
            DelayedBy::Github => (WaitKind::Machine, What::Github, "GitHub"),
            DelayedBy::RateLimit => (WaitKind::Limit, What::RateLimit, "GitHub"),
            DelayedBy::Model => (WaitKind::Machine, What::Model, "the model's provider"),
        };
        let phase = found
            .w
            .outstanding
            .get(key)
            .and_then(super::order::Order::target)
            .and_then(Target::phase);
        let sentence = format!("{} Millhand tries again at {}.", delay.sentence, delay.until.rfc3339());
        found.add(About {
            kind,
            what,
            phase,
            mark: key.clone(),
            who: who.to_owned(),
            command: None,
            hash: None,
            sentence,
        });
    }
}

/// Nothing is waited for: something is being done.
fn at_work(found: &mut Found<'_>) {
    let state = found.w.shown_state();
    found.machine(
        What::Clock,
        None,
        state.name(),
        ask("Millhand", None, format!("Millhand is at work: {}.", doing(state))),
    );
}

fn doing(state: State) -> &'static str {
    match state {
        State::Discovery => "it reads the issue and the repository",
        State::Planning => "it makes the plan",
        State::HandoffToCoder => "it prepares the branches",
        State::Implementation => "the change is being written",
        State::HandoffToTester => "the change is being pushed",
        State::Testing => "its checks are watched",
        State::HandoffToVerifier | State::Verification => "the change is being verified",
        State::HandoffToReleaser => "the merge is being prepared",
        State::Deployment => "the release is being merged",
        State::Complete => "it is done",
    }
}

fn name(w: &Workflow, target: Option<Target>) -> String {
    match target {
        Some(Target::Phase(number)) => w
            .phases
            .get(&number)
            .map_or_else(|| format!("phase {number}"), |p| format!("phase `{}`", p.plan.id)),
        Some(Target::Release) => "the release".to_owned(),
        None => "this work".to_owned(),
    }
}

/// A sentence may begin with a name.
fn capital(sentence: &str) -> String {
    let mut rest = sentence.chars();
    let first = rest.next().into_iter().flat_map(char::to_uppercase);
    first.chain(rest).collect()
}

/// The first line, cut to a length that fits into a sentence.
fn one_line(text: &str) -> String {
    const CHARS_MAX: usize = 160;
    let line = text.lines().next().unwrap_or_default().trim().trim_end_matches('.');
    if line.chars().count() > CHARS_MAX {
        line.chars().take(CHARS_MAX).chain(['…']).collect()
    } else {
        line.to_owned()
    }
}
