//! What went wrong, who has to act, and what only takes time.
//!
//! Invariant: what is tried again by itself asks nobody.

use super::super::decide::seen::{closed_by_a_person, over_budget};
use super::super::fact::{DelayedBy, Target};
use super::super::model::{Trouble, TroubleKind, Workflow};
use super::super::order::Order;
use super::super::state::Baton;
use super::{About, Found, WaitKind, What, ask, name};

/// Where workflow files lie.
const WORKFLOWS: &str = ".github/workflows/";

/// Open conversations that a sentence links to.
const THREADS_SHOWN: usize = 3;

/// The issue cannot be read: whatever else is waited for, nobody could be heard.
pub(super) fn deaf(found: &mut Found<'_>, why: &str) {
    let why = why.trim_end_matches('.');
    let sentence = format!(
        "Millhand cannot read this issue, so it hears nobody and does nothing: {why}. An owner of the repository or the operator must look; Millhand goes on by itself when it can read again, and the operator's `millhand cancel` ends the work."
    );
    found.add(About {
        kind: WaitKind::Operator,
        what: What::Github,
        phase: None,
        mark: "deaf".to_owned(),
        who: "an owner of the repository or the operator".to_owned(),
        command: None,
        hash: None,
        sentence,
    });
}

/// Somebody deleted the branch that phases are merged into.
pub(super) fn base_gone(found: &mut Found<'_>) {
    let w = found.w;
    if !w.base_gone() {
        return;
    }
    let (branch, head) = (w.work_branch(), w.heads.as_ref().and_then(|h| h.integration.as_ref()));
    if w.restoring {
        let sentence = format!("The branch `{branch}` is being made again.");
        return found.machine(What::Github, None, "restoring", ask("GitHub", None, sentence));
    }
    let at = head.map_or("", |head| head.short());
    let sentence = format!(
        "The branch `{branch}`, which the phases are merged into, was deleted, and GitHub closed the pull requests onto it. `/retry` makes it again at its last commit {at} and begins afresh what was closed; or push it again yourself and reopen them; or `/cancel` to end."
    );
    let of = ask("a writer", Some("/retry".to_owned()), sentence);
    found.person(What::PullRequestClosed, None, &format!("base-{at}"), of);
}

/// Orders that could not be carried out.
pub(super) fn troubles(found: &mut Found<'_>) {
    for (slot, trouble) in found.w.troubles.iter().filter(|(_, trouble)| !is_moot(found.w, trouble)) {
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
                let text = conflict(found.w, trouble, &name, &retry);
                found.person(What::Conflict, phase, slot, ask("a writer", Some(retry), text));
            }
            TroubleKind::Workflows => {
                let text = workflows(found.w, trouble, &name, &retry);
                found.person(What::MergeRefused, phase, slot, ask("a writer", Some(retry), text));
            }
            TroubleKind::MergeRefused => {
                let text = refused(found.w, trouble, &name, &retry);
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

/// Whether it is about the merge of a pull request that a person took away meanwhile, which is told of itself; of the release's
/// only behind the join.
fn is_moot(w: &Workflow, trouble: &Trouble) -> bool {
    let about_merging = matches!(trouble.kind, TroubleKind::Conflict | TroubleKind::MergeRefused);
    let told = (trouble.target == Some(Target::Release)) == matches!(w.baton, Baton::Whole(_));
    about_merging
        && told
        && trouble
            .target
            .and_then(|target| w.track(target))
            .is_some_and(closed_by_a_person)
}

/// What a person does where GitHub refuses a branch for its workflow files.
fn workflows(w: &Workflow, trouble: &Trouble, name: &str, retry: &str) -> String {
    let sentence = trouble.sentence.trim_end_matches('.');
    let change = trouble
        .target
        .and_then(|target| w.track(target))
        .and_then(|track| track.change.as_ref());
    if change.is_some_and(|change| change.paths.iter().any(|path| path.starts_with(WORKFLOWS))) {
        return format!(
            "GitHub does not let Millhand push {name}, because it changes workflow files: {sentence}. Please `/revise` the plan without them and commit them yourself, or have the App given the `workflows` permission and then `{retry}`."
        );
    }
    if let Order::CreateBase { from } = &trouble.order {
        let branch = w.work_branch();
        return format!(
            "GitHub does not let Millhand make `{branch}` again, because workflow files on the default branch have changed since: {sentence}. Please push it again yourself at {}, or `{retry}` to have it tried again, or `/cancel` to end.",
            from.short()
        );
    }
    format!(
        "GitHub does not let Millhand update {name}, because workflow files on the default branch have changed: {sentence}. Please press \"Update branch\" on its pull request, then `{retry}`."
    )
}

/// Why a merge is refused, and what a person does. GitHub does not say that it is for open conversations: they are named.
fn refused(w: &Workflow, trouble: &Trouble, name: &str, retry: &str) -> String {
    let sentence = trouble.sentence.trim_end_matches('.');
    let track = trouble.target.and_then(|target| w.track(target));
    let open = track.and_then(|t| t.seen.as_ref()).map_or(&[][..], |seen| &seen.open_threads);
    if open.is_empty() {
        return format!("GitHub refuses the merge of {name}: {sentence}. Once that is settled, merge it yourself or `{retry}`.");
    }
    let more = open.len().saturating_sub(THREADS_SHOWN);
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    let links = open.iter().take(THREADS_SHOWN).cloned().collect::<Vec<_>>().join(", ");
    format!(
        "GitHub refuses the merge of {name}: {sentence}. Conversations are open: {links}{more}. Where the rules ask for it, a writer resolves them, and Millhand merges; else merge it yourself or `{retry}`."
    )
}

/// What a person does about a conflict, by what met with it.
fn conflict(w: &Workflow, trouble: &Trouble, name: &str, retry: &str) -> String {
    let sentence = trouble.sentence.trim_end_matches('.');
    if let Order::TakeOut { .. } = trouble.order {
        let (skip, branch) = (retry.replace("/retry", "/skip"), w.work_branch());
        return format!(
            "{name} cannot be taken out of `{branch}`: {sentence}. Please take it out there by a commit of your own and then `{skip}`, or `{retry}` to have it tried again."
        );
    }
    if let Order::OpenRevert { .. } = trouble.order {
        return format!(
            "{name} cannot be made: {sentence}. Please take it back yourself by a pull request and then `{retry}`, or `/cancel` to leave the rest as it is."
        );
    }
    format!(
        "{name} conflicts with its base: {sentence}. Please merge the base into the branch and resolve it, and Millhand goes on by itself; or `{retry}` has the code writer try again."
    )
}

pub(super) fn money(found: &mut Found<'_>) {
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

/// Orders that wait for capacity.
pub(super) fn delays(found: &mut Found<'_>) {
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
            .and_then(super::super::order::Order::target)
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
