//! `/approve`: of the plan, the release, a phase that no review is asked for, a head without checks.
//!
//! Invariant: an approval is bound to what was shown, by its hash or head.

use super::super::Deciding;
use super::rollback::confirm;
use super::{From, find};
use crate::clock::Millis;
use crate::workflow::command::ApproveWhat;
use crate::workflow::fact::{Target, Thread};
use crate::workflow::guarded::{self, Guard};
use crate::workflow::model::{Approval, Workflow};
use crate::workflow::reviews;
use crate::workflow::waits::{self, What};

/// What an approval may concern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Approvable {
    Plan,
    Rollback,
    OtherWork,
    Protected(Target),
    NoCi(Target),
    Review(Target),
    /// Of the release, asked for in this pull request: in a direct delivery the last phase's.
    Release(Target),
}

pub(super) fn approve(d: &mut Deciding, what: Option<&ApproveWhat>, hash: Option<&str>, from: &From) -> Result<(), String> {
    let open = approvables(&d.w, d.now);
    let here: Vec<Approvable> = match (what, from.on) {
        (Some(ApproveWhat::Rollback), _) => open.iter().copied().filter(|a| *a == Approvable::Rollback).collect(),
        (Some(ApproveWhat::Plan), _) => open.iter().copied().filter(|a| *a == Approvable::Plan).collect(),
        (Some(ApproveWhat::Release), _) => open
            .iter()
            .copied()
            .filter(|a| matches!(a, Approvable::Release(_)) || concerns(*a, Target::Release))
            .collect(),
        (Some(ApproveWhat::Phase(phase)), _) => {
            let target = find(&d.w, phase)?;
            open.iter().copied().filter(|a| concerns(*a, target)).collect()
        }
        (None, Some(Thread::Pull(number))) => {
            let target = d.w.target_of_pull(number);
            open.iter()
                .copied()
                .filter(|a| target.is_some_and(|t| concerns(*a, t)))
                .collect()
        }
        (None, Some(Thread::Issue) | None) => open.clone(),
    };
    match here.as_slice() {
        [] if open.is_empty() => Err("Nothing waits for an approval now.".to_owned()),
        [] => Err(format!(
            "That does not wait for an approval now; this does: {}.",
            list(&d.w, &open)
        )),
        [one] => approve_one(d, *one, hash, from),
        several => Err(format!(
            "Several things wait for an approval: {}. Please name one.",
            list(&d.w, several)
        )),
    }
}

fn approve_one(d: &mut Deciding, what: Approvable, hash: Option<&str>, from: &From) -> Result<(), String> {
    let approval = |on: String| Approval {
        by: Some(from.by.clone()),
        comment: from.comment,
        on,
        at: from.at,
    };
    match what {
        Approvable::Plan => {
            let Some(plan) = &mut d.w.plan else {
                return Err("There is no plan yet.".to_owned());
            };
            named(&plan.hash, hash)?;
            if hash.is_none() && plan.posted_at.is_none_or(|posted| posted > from.at) {
                return Err(format!(
                    "A newer plan (version {}) was posted after that; please read it and approve again.",
                    plan.version
                ));
            }
            plan.approved = Some(approval(plan.hash.clone()));
        }
        Approvable::Rollback => confirm(d, from)?,
        Approvable::OtherWork => d.w.issue.other_work_accepted = true,
        Approvable::Protected(target) => approve_protected(d, target, hash, from)?,
        Approvable::NoCi(target) => {
            let head =
                d.w.track(target)
                    .and_then(|t| t.head.clone())
                    .map(|h| h.0)
                    .unwrap_or_default();
            named(&head, hash)?;
            d.w.no_ci_accepted = Some(approval(head));
        }
        Approvable::Review(target) => {
            reviews::may_approve_code(&d.w, &from.by).map_err(|r| r.sentence)?;
            let head =
                d.w.track(target)
                    .and_then(|t| t.head.clone())
                    .map(|h| h.0)
                    .unwrap_or_default();
            named(&head, hash)?;
            if let Some(track) = d.w.track_mut(target) {
                track.approved = Some(approval(head));
            }
        }
        Approvable::Release(_) => {
            reviews::may_approve_code(&d.w, &from.by).map_err(|r| r.sentence)?;
            let head = d.w.release_head().map(|h| h.0).unwrap_or_default();
            named(&head, hash)?;
            d.w.release_approved = Some(approval(head));
        }
    }
    Ok(())
}

/// Of a change of protected paths: by somebody who may approve the work's code, and by a code owner where there is one.
fn approve_protected(d: &mut Deciding, target: Target, hash: Option<&str>, from: &From) -> Result<(), String> {
    let Some(change) = d.w.track(target).and_then(|t| t.change.as_ref()).map(|c| c.blob.clone()) else {
        return Err("There is no change that waits for an approval.".to_owned());
    };
    named(&change.0, hash)?;
    let Guard::Waits(missing) = guarded::guard(&d.w, target) else {
        return Err("That change is not shown yet; please look at it first.".to_owned());
    };
    if !guarded::helps(&d.w, &missing, &from.by) {
        reviews::may_approve_code(&d.w, &from.by).map_err(|r| r.sentence)?;
        let groups: Vec<String> = missing.owners.iter().map(|group| group.join(" or ")).collect();
        return Err(format!(
            "What is missing is the approval of its code owners: {}.",
            groups.join(", and ")
        ));
    }
    let Some(shown) = d.w.shown.get_mut(&change) else {
        return Ok(());
    };
    if hash.is_none() && shown.at > from.at {
        return Err("Another change was shown after that; please look at it and approve again.".to_owned());
    }
    shown.approvals.push(Approval {
        by: Some(from.by.clone()),
        comment: from.comment,
        on: change.0.clone(),
        at: from.at,
    });
    let remark = format!(
        "{} approved a change of protected paths (`{}`)",
        from.by.login,
        change.0.get(..8).unwrap_or(&change.0)
    );
    d.w.remarks.push(remark);
    Ok(())
}

/// An approval that names a hash must name this one.
fn named(actual: &str, hash: Option<&str>) -> Result<(), String> {
    match hash {
        Some(hash) if !actual.starts_with(&hash.to_ascii_lowercase()) => Err(format!(
            "What waits now has the hash `{}`, not `{hash}`; please look at it again.",
            actual.get(..8).unwrap_or(actual)
        )),
        _ => Ok(()),
    }
}

/// What waits for an approval, by the same waits that people are shown.
fn approvables(w: &Workflow, now: Millis) -> Vec<Approvable> {
    let mut found = Vec::new();
    for wait in waits::waits(w, now) {
        let target = wait.phase.map_or(Target::Release, Target::Phase);
        let what = match wait.what {
            What::PlanApproval => Approvable::Plan,
            What::Question if wait.command.is_some() => Approvable::Rollback,
            What::OtherWork => Approvable::OtherWork,
            What::ProtectedChange => Approvable::Protected(target),
            What::NoCi => Approvable::NoCi(target),
            What::PhaseReview if wait.command.is_some() => Approvable::Review(target),
            What::ReleaseApproval => Approvable::Release(target),
            What::PhaseReview
            | What::Question
            | What::Conflict
            | What::Attempts
            | What::Held
            | What::Paused
            | What::PullRequestClosed
            | What::MergeRefused
            | What::Budget
            | What::RateLimit
            | What::Slot
            | What::Dependency
            | What::Ci
            | What::Model
            | What::Github
            | What::Clock => continue,
        };
        if !found.contains(&what) {
            found.push(what);
        }
    }
    found
}

fn concerns(what: Approvable, target: Target) -> bool {
    match what {
        Approvable::Protected(t) | Approvable::NoCi(t) | Approvable::Review(t) | Approvable::Release(t) => t == target,
        Approvable::Plan | Approvable::Rollback | Approvable::OtherWork => false,
    }
}

fn list(w: &Workflow, open: &[Approvable]) -> String {
    let name = |target: &Target| match target {
        Target::Phase(n) => w
            .phases
            .get(n)
            .map_or_else(|| n.to_string(), |p| format!("`/approve {}`", p.plan.id)),
        Target::Release => "`/approve release`".to_owned(),
    };
    open.iter()
        .map(|a| match a {
            Approvable::Plan => "`/approve plan`".to_owned(),
            Approvable::Rollback => "`/approve rollback`".to_owned(),
            Approvable::OtherWork => "`/approve` (work beside somebody else's)".to_owned(),
            Approvable::Protected(t) => format!("{} (protected paths)", name(t)),
            Approvable::NoCi(t) | Approvable::Review(t) => name(t),
            Approvable::Release(_) => "`/approve release`".to_owned(),
        })
        .collect::<Vec<_>>()
        .join(", ")
}
