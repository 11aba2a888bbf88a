//! GitHub refuses a branch whose workflow files differ from the default branch's, if the App may not write workflows: the
//! default branch is brought in, or a branch that is not there yet begins at a newer commit. What was written for the older
//! commit is written anew.
//!
//! Source: GitHub's "refusing to allow a GitHub App to create or update workflow", also of commits that touch none.
//!
//! Invariant: nobody's commit is passed over, and after a bounded number of tries a person is asked.

use super::super::{Deciding, track};
use crate::workflow::fact::Target;
use crate::workflow::model::{Fate, Workflow};
use crate::workflow::order::Order;

/// Tries in a row: the first may meet with another change of workflow files on the default branch.
const TRIES_MAX: u32 = 2;

/// GitHub refused an order for workflow files; whether there is a way on that needs no person.
#[expect(clippy::wildcard_enum_match_arm, reason = "only these put commits on branches of ours")]
pub(super) fn refused(d: &mut Deciding, order: &Order, seq: i64) -> bool {
    let Some(target) = order.target() else { return false };
    let integrated = !d.w.is_direct() && d.w.reverting().is_none();
    let (own, integration) = match order {
        Order::Open { .. } => (true, integrated),
        Order::Push { .. } | Order::UpdateBranch { .. } if target != Target::Release => (true, integrated),
        Order::Push { .. } if integrated => (true, false),
        Order::Merge { .. } if target != Target::Release && integrated => (false, true),
        Order::TakeOut { .. } => (false, true),
        _ => return false,
    };
    d.w.look = Some(seq); // the default branch's head is read with the issue
    let Some(track) = d.w.track_mut(target).filter(|track| track.refreshed < TRIES_MAX) else {
        return false;
    };
    track.refreshed += 1;
    track.outdated |= own;
    if integration {
        d.w.release.outdated = true;
    }
    true
}

/// The default branch is in a branch, or was already.
pub(super) fn brought_in(d: &mut Deciding, target: Target) {
    let Some(track) = d.w.track_mut(target).filter(|track| track.outdated) else {
        return;
    };
    track.outdated = false;
    survey_again(d);
}

/// Which checks run is known from the workflow files.
fn survey_again(d: &mut Deciding) {
    d.w.survey_stale = d.w.survey_stale.or(Some(d.now));
    d.w.survey_turn += 1;
}

/// A branch that is not there yet begins at the newest commit of its base.
pub(in crate::workflow::decide) fn begin_anew(d: &mut Deciding, target: Target) -> bool {
    let Some(track) = d.w.track(target).filter(|track| track.outdated && track.pull.is_none()) else {
        return false;
    };
    let newer = track::base_head(&d.w).filter(|base| Some(base) != track.from.as_ref());
    // In a direct delivery the default branch is read first; a read that shows nothing newer ends the wait.
    let unread = d.w.is_direct() && newer.is_none() && d.w.look.is_some();
    if unread || d.w.release.outdated {
        return false;
    }
    if let Some(track) = d.w.track_mut(target) {
        track.outdated = false;
        track.from = newer.or_else(|| track.from.clone());
    }
    survey_again(d);
    true
}

/// A deleted integration branch cannot be made again at its last commit. As long as nothing was merged into it, one at the
/// default branch's head is as good.
pub(super) fn begun_anew(d: &mut Deciding) -> bool {
    let nothing_merged = !d.w.phases.values().any(|phase| phase.fate == Fate::Merged);
    let Some(heads) = d.w.heads.as_mut().filter(|_| nothing_merged) else {
        return false;
    };
    heads.integration = None;
    heads.gone = false;
    d.w.restoring = false;
    true
}

/// The integration branch that has to be brought up before anything else can be done with it.
pub(in crate::workflow::decide) fn bring_up(w: &Workflow) -> Option<Order> {
    let heads = w.heads.as_ref().filter(|_| w.release.outdated)?;
    Some(Order::UpdateBranch {
        target: Target::Release,
        head: heads.integration.clone()?,
        base: heads.default.clone(),
    })
}

/// Whether an order waits until a branch was brought up, or is there again.
#[expect(clippy::wildcard_enum_match_arm, reason = "only these are about branches of ours")]
pub(in crate::workflow::decide) fn waits(w: &Workflow, order: &Order) -> bool {
    let target = order.target();
    let onto_it = matches!(
        order,
        Order::Open { .. } | Order::UpdateBranch { .. } | Order::TakeOut { .. } | Order::Merge { .. } | Order::OpenRelease
    );
    if w.base_gone() && onto_it {
        return true;
    }
    let outdated = |target: Option<Target>| target.and_then(|t| w.track(t)).is_some_and(|track| track.outdated);
    match order {
        Order::TakeOut { .. } => w.release.outdated,
        Order::Merge { .. } => target != Some(Target::Release) && w.release.outdated,
        Order::Present { .. } => w.survey_stale.is_some(),
        Order::Open { .. } | Order::Push { .. } => outdated(target),
        Order::UpdateBranch { .. } => target != Some(Target::Release) && outdated(target) && w.release.outdated,
        _ => false,
    }
}
