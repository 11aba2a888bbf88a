//! The first state of a workflow.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::configured;
use crate::clock::Millis;
use crate::workflow::fact::{IssueView, Start, Thread};
use crate::workflow::ids::{MicroUsd, Person};
use crate::workflow::model::{Ack, Issue, StatusComment, Track, Workflow};
use crate::workflow::order::Reaction;
use crate::workflow::state::{Baton, State};
use crate::workflow::text::branch;

/// The workflow that a start makes.
pub(super) fn begin(start: &Start, now: Millis) -> Workflow {
    let hash = text_hash(&start.issue.title, &start.issue.body);
    let settings = start.configuration.settings();
    let budget = MicroUsd(settings.limits.budget().0.min(start.budget_max.0));
    Workflow {
        id: start.id.clone(),
        repository: start.repository.clone(),
        issue: issue(&start.issue, hash.clone(), &settings.labels.trigger),
        round: start.round,
        previous: start.previous.clone(),
        slug: branch::slug(&start.issue.title),
        requester: start.by.clone(),
        how: start.how,
        auto_for: start.auto.then_some(hash),
        app: start.app.clone(),
        settings: settings.clone(),
        configured: configured::first(&start.configuration),
        timing: start.timing,
        budget,
        budget_max: start.budget_max,
        started_at: start.at.min(now),
        version: 0,
        baton: Baton::Whole(State::Discovery),
        paused: None,
        ended: None,
        survey: None,
        survey_turn: 0,
        survey_stale: None,
        checked_before: Vec::new(),
        restoring: false,
        delivery: None,
        requirements: None,
        requirements_turn: 0,
        questions: Vec::new(),
        plan: None,
        plan_turn: 0,
        plan_versions: 0,
        stale_comments: BTreeSet::new(),
        revisions: Vec::new(),
        phases: BTreeMap::new(),
        last_number: 0,
        release: Track::default(),
        notes: None,
        described: None,
        release_approved: None,
        heads: None,
        outstanding: BTreeMap::new(),
        delays: BTreeMap::new(),
        troubles: BTreeMap::new(),
        deaf: None,
        look: None,
        read_at: None,
        status: StatusComment::default(),
        acks: start.comment.iter().map(|(id, node_id)| (*id, obeyed(node_id))).collect(),
        heard: start.comment.iter().map(|(id, _)| *id).collect(),
        timeline: BTreeSet::new(),
        shown: BTreeMap::new(),
        needs: BTreeMap::new(),
        waiting_since: BTreeMap::new(),
        cost: crate::workflow::fact::CostSeen::default(),
        requests: 0,
        notifications: 0,
        remarks: Vec::new(),
        cleanup: crate::workflow::model::Cleanup::default(),
        no_ci_accepted: None,
        closing: None,
        held: None,
        rollback: None,
        reverts: None,
        revert: None,
    }
}

/// The answer to a comment that started the work.
fn obeyed(node_id: &str) -> Ack {
    Ack {
        node_id: node_id.to_owned(),
        on: Thread::Issue,
        reactions: vec![Reaction::Eyes, Reaction::Up],
        reply: None,
    }
}

/// The issue as taken in.
fn issue(view: &IssueView, hash: String, trigger: &str) -> Issue {
    Issue {
        number: view.number,
        node_id: view.node_id.clone(),
        title: view.title.clone(),
        body: view.body.clone(),
        author: view.author.clone(),
        seen_hash: hash.clone(),
        hash,
        newer: None,
        edits: 0,
        open: view.open,
        labelled: view.labels.iter().any(|l| l.eq_ignore_ascii_case(trigger)),
        assignees: view.assignees.clone(),
        closing_pulls: view.closing_pulls.clone(),
        other_work_accepted: false,
    }
}

/// Hash of the issue's text: what approvals and the auto label are bound to.
pub(super) fn text_hash(title: &str, body: &str) -> String {
    let mut digest = Sha256::new();
    digest.update((title.len() as u64).to_be_bytes());
    digest.update(title);
    digest.update(body);
    hex::encode(digest.finalize())
}

/// Whether somebody other than the requester works on it already: a pull request of somebody else closes the issue, or it
/// is assigned to somebody else.
pub(in crate::workflow) fn other_work(issue: &Issue, requester: &Person) -> bool {
    !issue.other_work_accepted && (!issue.closing_pulls.is_empty() || issue.assignees.iter().any(|a| *a != requester.login))
}
