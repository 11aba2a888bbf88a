//! What must hold at any moment, and what must hold at the end.
//!
//! Invariant: everything here is read from GitHub, from the log, or from what the bot shows; nothing is asked of its insides
//! that a person could not see.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use millhand::clock::Clock as _;
use millhand::engine::record::replay;
use millhand::github::render::Marker;
use millhand::sim::world::ReviewState;
use millhand::workflow::model::{Fate, Phase, Track, Workflow};
use millhand::workflow::waits::waits;

use super::sight::{Pull, Sight, git};
use super::walk::Walk;
use crate::story::ear::BOT;

impl Walk {
    /// What holds at any moment.
    pub(super) async fn hold(&mut self) {
        let sight = self.sight();
        nothing_twice(&sight, |number| self.reopened(number));
        for row in self.rows().await {
            let w: Workflow = serde_json::from_str(&row.state).unwrap();
            assert!(w.cost.spent <= w.budget, "I8: {:?} spent of {:?}", w.cost.spent, w.budget);
            if w.is_open() {
                let all = waits(&w, self.town.clock.now());
                assert!(!all.is_empty(), "I16: #{} waits for nothing", w.issue.number);
                for wait in &all {
                    assert!(!wait.sentence.is_empty() && !wait.who.is_empty(), "{wait:#?}");
                    assert!(wait.since <= self.town.clock.now(), "{wait:#?}");
                    assert!(
                        wait.next_look.is_some() || !w.outstanding.is_empty(),
                        "I16: nobody looks again: {wait:#?}"
                    );
                }
                continue;
            }
            let taken = self.taken(&row.id).await;
            let before = *self.ended.entry(row.id.clone()).or_insert(taken.len());
            let first = taken.get(before);
            assert!(
                first.is_none_or(|number| [27, 28].contains(number)),
                "I5: an ended workflow went on by {first:?}: {taken:?}"
            );
        }
    }

    /// What holds once everything has ended.
    pub(super) async fn hold_at_the_end(&mut self) {
        let sight = self.sight();
        for row in self.rows().await {
            let found = replay(self.town.store().as_ref(), &row.id).await.unwrap();
            assert_eq!(found.differences, vec![], "the log of {} does not replay", row.id);
            assert!(found.compared > 0, "nothing of {} was compared", row.id);
            let w: Workflow = serde_json::from_str(&row.state).unwrap();
            self.merges_hold(&w, &sight);
            order_holds(&w);
        }
        self.commits_stay(&sight);
        let tracked = self.tracked_to_the_end().await;
        let open: Vec<u64> = sight.ours().iter().map(|p| p.number).collect();
        let left = open.into_iter().find(|n| tracked.contains(n) || !self.reopened(*n));
        assert_eq!(left, None, "everything has ended, and this pull request is open");
        let mut faults = self.town.faults.lock().unwrap().clone();
        // Of an App that opened an issue this webhook's description knows fewer events than the description of Apps itself.
        faults.retain(|fault| !fault.starts_with("issue-comment-deleted/issue/performed_via_github_app/events/"));
        assert!(faults.is_empty(), "the wire: {}", faults.join("\n"));
    }

    /// Pull requests of the workflows that were open when people stopped, without those that had been left out or taken back.
    async fn tracked_to_the_end(&self) -> Vec<u64> {
        let mut found = Vec::new();
        for row in self.rows().await.iter().filter(|row| self.cancelled.contains(&row.id)) {
            let w: Workflow = serde_json::from_str(&row.state).unwrap();
            found.extend(
                tracks(&w)
                    .iter()
                    .filter(|(_, _, phase)| phase.is_none_or(|p| matches!(p.fate, Fate::Open | Fate::Failed | Fate::Merged)))
                    .filter_map(|(_, track, _)| track.pull.as_ref().map(|p| p.number)),
            );
        }
        found
    }

    /// Whether a person opened a pull request again: one that is built no more stays as people leave it.
    fn reopened(&self, number: u64) -> bool {
        let act = format!("PATCH /pulls/{number} {{\"state\":\"open\"}}");
        self.journal.iter().any(|line| line.contains(&act))
    }

    /// I15: what people committed is reachable, unless people deleted it.
    fn commits_stay(&self, sight: &Sight) {
        let kept: BTreeSet<String> = git(&self.town, |git| {
            let logs = sight.branches.values().map(|head| git.log(*head, None).unwrap());
            logs.flatten().map(|oid| oid.to_string()).collect()
        });
        let commit = |sha: &&String| git(&self.town, |git| git.commit(sha.parse().unwrap()).unwrap());
        let lost = self.pushed.iter().filter(|sha| !kept.contains(*sha)).map(|sha| commit(&sha));
        // Whoever merges a change of Millhand's makes a commit that is still Millhand's.
        let lost: Vec<_> = lost.filter(|commit| commit.author.name != BOT).collect();
        assert!(lost.is_empty(), "I15: commits of people are gone: {lost:#?}");
    }

    /// Log and GitHub agree on what was merged; what Millhand merged was approved on that patch (I4).
    fn merges_hold(&self, w: &Workflow, sight: &Sight) {
        for (name, track, phase) in tracks(w) {
            let Some(number) = track.pull.as_ref().map(|p| p.number) else {
                continue;
            };
            let pull = sight.pulls.iter().find(|p| p.number == number).expect("the pull request");
            let Some(merged) = &pull.merged else {
                assert!(track.merged.is_none(), "{name}: merged in the log only, #{number}");
                continue;
            };
            if let Some(told) = &track.merged {
                assert_eq!(told.sha.0, merged.commit.to_string(), "{name}: another commit");
            }
            if merged.bot
                && let Some(phase) = phase
            {
                self.approved_by_people(w, phase, pull, sight);
            }
        }
    }

    fn approved_by_people(&self, w: &Workflow, phase: &Phase, pull: &Pull, sight: &Sight) {
        // The settings may have asked for no review when it was merged, and for one since.
        let waived = STANDARD.encode("approvals: { phase_reviews: 0 }\n");
        if millhand::workflow::reviews::needed(w) == 0 || self.journal.iter().any(|line| line.contains(&waived)) {
            return;
        }
        let at = pull.merged.as_ref().map_or(0, |m| m.at);
        let requester = &w.requester.login;
        let writers = ["maintainer", "reviewer"].into_iter().filter(|login| login != requester);
        let approved = writers.clone().any(|login| {
            let theirs = sight
                .reviews
                .iter()
                .filter(|r| r.pull == pull.number && r.author == login && r.at <= at);
            let same = |r: &&super::sight::Seen| r.commit == pull.head || self.same_patch(pull, r.commit);
            theirs
                .filter(same)
                .any(|r| matches!(r.state, ReviewState::Approved | ReviewState::Dismissed))
        });
        let said = |login: &str| {
            // An approval that was deleted after its use was one.
            let unsaid = self.unsaid.iter().filter(|(_, gone)| *gone >= at).map(|(said, _)| said);
            let all = sight.comments.iter().chain(unsaid);
            let all = all.filter(|c| c.author == login && c.at <= at);
            let mut on = all.filter(|c| c.on == pull.number || c.on == w.issue.number);
            on.any(|c| c.body.to_lowercase().contains("approve"))
        };
        let pressed = self
            .journal
            .iter()
            .any(|line| line.contains("switch press") && line.contains("approve"));
        let commanded = writers.clone().any(said);
        assert!(
            approved || commanded || pressed,
            "I4: #{} of {} was merged at {} without an approval: {:#?}",
            pull.number,
            phase.plan.id,
            pull.head,
            sight.reviews
        );
    }

    /// Whether another head of a pull request changes the same.
    fn same_patch(&self, pull: &Pull, other: millhand::sim::git::Oid) -> bool {
        let Some(merged) = &pull.merged else { return false };
        git(&self.town, |git| {
            let Ok(info) = git.commit(merged.commit) else { return false };
            let Some(base) = info.parents.first() else { return false };
            let patch = |head| {
                let from = git.merge_base(*base, head).ok().flatten();
                git.diff(from, Some(head)).map(|all| format!("{all:?}")).ok()
            };
            patch(pull.head).is_some() && patch(pull.head) == patch(other)
        })
    }
}

/// I2: no two comments with one marker (what was folded away is over and may be said again), no two pull requests from one branch
/// onto another (one that a person closed, or gave another base, may be followed by another, and may be opened again by people).
fn nothing_twice(sight: &Sight, reopened: impl Fn(u64) -> bool) {
    let mut markers: BTreeMap<String, u64> = BTreeMap::new();
    for comment in sight.comments.iter().filter(|c| c.author == BOT && !c.folded) {
        let Some(marker) = Marker::of(&comment.body) else { continue };
        let twin = markers.insert(marker.to_string(), comment.id);
        assert!(twin.is_none(), "I2: {marker} stands on {twin:?} and {}", comment.id);
    }
    let mut ways: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let there = |p: &&Pull| p.ours && (p.merged.is_some() || (p.open && !reopened(p.number)));
    for pull in sight.pulls.iter().filter(there) {
        let way = (pull.head_ref.as_str(), pull.base_ref.as_str());
        let twin = ways.insert(way, pull.number);
        assert!(twin.is_none(), "I2: {way:?} has pull requests {twin:?} and {}", pull.number);
    }
}

/// I7: what Millhand merged came after what it depends on.
fn order_holds(w: &Workflow) {
    // What was taken back may stand on what was built anew since.
    for phase in w.phases.values().filter(|phase| phase.fate == Fate::Merged) {
        let Some(merged) = phase.track.merged.as_ref().filter(|m| m.by.is_none()) else {
            continue;
        };
        for before in phase.plan.depends_on.iter().filter_map(|n| w.phases.get(n)) {
            let done = before.track.merged.as_ref().is_some_and(|m| m.at <= merged.at);
            assert!(
                done || matches!(before.fate, Fate::Skipped(_) | Fate::RolledBack),
                "I7: {} was merged before {}",
                phase.plan.id,
                before.plan.id
            );
        }
    }
}

fn tracks(w: &Workflow) -> Vec<(String, &Track, Option<&Phase>)> {
    let phases = w.phases.values().map(|p| (p.plan.id.to_string(), &p.track, Some(p)));
    phases.chain([("the release".to_owned(), &w.release, None)]).collect()
}
