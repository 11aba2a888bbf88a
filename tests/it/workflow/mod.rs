//! The core alone, under chance: the 28 transitions and no others, the invariants, replay.
//!
//! Invariant: what is checked here is true of every state that chance can reach.

mod bench;

use std::collections::BTreeSet;

use bench::{Bench, start};
use millhand::workflow::decide::{decide, state_hash};
use millhand::workflow::fact::{Arrival, Target};
use millhand::workflow::model::{End, Fate, Phase};
use millhand::workflow::order::Order;
use millhand::workflow::reviews;
use millhand::workflow::settings::Settings;
use millhand::workflow::state::{Baton, State, TRANSITIONS};
use millhand::workflow::waits::{WaitKind, What, waits};

#[test]
fn a_kind_world_leads_from_label_to_complete() {
    for seed in 0..50 {
        let mut bench = Bench::new(start(&Settings::default(), false), seed, 0);
        for _ in 0..60 {
            bench.settle(400);
            check(&bench, seed);
            if bench.workflow().ended.is_some() || !bench.people_help() {
                break;
            }
        }
        bench.settle(400);
        let w = bench.workflow();
        assert_eq!(w.ended, Some(End::Complete), "seed {seed}: {:#?}", waits(w, bench.now));
        assert!(w.phases.values().all(|p| p.fate == Fate::Merged), "seed {seed}");
    }
}

#[test]
fn a_read_that_overtakes_what_it_shows_takes_nothing_of_ours_for_a_persons() {
    for seed in 0..30 {
        let mut bench = Bench::new(start(&Settings::default(), false), seed, 0);
        bench.overtaken = true;
        for _ in 0..60 {
            bench.settle(400);
            check(&bench, seed);
            if bench.workflow().ended.is_some() || !bench.people_help() {
                break;
            }
        }
        bench.settle(400);
        let w = bench.workflow();
        assert_eq!(w.ended, Some(End::Complete), "seed {seed}: {:#?}", waits(w, bench.now));
        for target in w.targets() {
            let track = w.track(target).expect("a target has a track");
            assert!(track.foreign.is_empty(), "seed {seed}: {target:?} {:?}", track.foreign);
        }
        replays(&bench, seed);
    }
}

#[test]
fn a_push_right_below_a_merge_is_no_newer_head_than_the_merge() {
    let mut met = 0;
    for seed in 0..10 {
        let mut bench = Bench::new(start(&Settings::default(), false), seed, 0);
        for _ in 0..400 {
            bench.settle(1);
            if bench.pushes_below_a_merge() {
                met += 1;
                break;
            }
            bench.people_help();
        }
        for _ in 0..60 {
            bench.settle(400);
            check(&bench, seed);
            if bench.workflow().ended.is_some() || !bench.people_help() {
                break;
            }
        }
        bench.settle(400);
        let w = bench.workflow();
        assert_eq!(w.ended, Some(End::Complete), "seed {seed}: {:#?}", waits(w, bench.now));
        assert_eq!(w.release.head, bench.release_head(), "seed {seed}");
        replays(&bench, seed);
    }
    assert!(met > 5, "a phase was merged below a push {met} times");
}

#[test]
fn chance_takes_all_28_transitions_and_breaks_nothing() {
    let mut taken = BTreeSet::new();
    let mut ends = std::collections::BTreeMap::new();
    let mut stuck = Vec::new();
    let mut told = BTreeSet::new();
    for seed in 0..100 {
        let mut first = start(&Settings::default(), seed % 3 == 0);
        first.reopened = seed % 50 == 0;
        let mut bench = Bench::new(first, seed, 1 + seed % 3);
        bench.refuse_release = seed % 2 == 0;
        for round in 0..60 {
            for _ in 0..20 {
                bench.settle(1);
                told.insert(tells(&bench, seed));
            }
            check(&bench, seed);
            if round < 30 {
                bench.somebody_acts();
            } else {
                bench.mischief = 0;
                bench.refuse_release = false;
                bench.people_help();
            }
            check(&bench, seed);
        }
        bench.settle(400);
        if seed % 4 == 0 && bench.workflow().ended == Some(End::Complete) {
            let look = millhand::workflow::fact::Fact::Look(millhand::workflow::fact::Look::Revert(9999));
            bench.facts(vec![("delivery:revert".to_owned(), look)]);
            bench.settle(50);
        }
        replays(&bench, seed);
        // After the mischief has stopped and people helped, a workflow is at its end, or says what somebody can do.
        let waits = waits(bench.workflow(), bench.now);
        let told = waits.iter().any(|it| it.kind == WaitKind::Person && it.command.is_some());
        if bench.workflow().is_open() && !told {
            stuck.push((seed, bench.workflow().baton, waits));
        }
        *ends.entry(format!("{:?}", bench.workflow().ended)).or_insert(0) += 1;
        taken.extend(bench.taken.iter().copied());
    }
    for bench in rare_places() {
        taken.extend(bench.taken.iter().copied());
    }
    let all: BTreeSet<u8> = TRANSITIONS.iter().map(|t| t.number).collect();
    assert_eq!(taken, all, "ends: {ends:?}");
    assert!(stuck.is_empty(), "stuck: {stuck:#?}; ends: {ends:?}");
    every_state_was_met(told);
}

/// Every state was met active, waiting and paused.
fn every_state_was_met(mut told: BTreeSet<(State, &'static str)>) {
    let open = TRANSITIONS
        .iter()
        .flat_map(|t| [t.from, t.to])
        .filter(|state| *state != State::Complete);
    let gates = [
        State::Planning,
        State::HandoffToCoder,
        State::Testing,
        State::Verification,
        State::HandoffToReleaser,
    ];
    for mut bench in gates
        .map(standing_in)
        .into_iter()
        .chain([held_in_deployment(), short_of_money()])
    {
        told.insert(tells(&bench, 0));
        bench.say(bench::maintainer(), "/pause");
        bench.settle(20);
        told.insert(tells(&bench, 0));
    }
    let mut matrix: BTreeSet<(State, &str)> = open
        .flat_map(|state| ["active", "waiting", "paused"].map(|status| (state, status)))
        .collect();
    // That gate opens at once, or waits for money.
    matrix.remove(&(State::HandoffToVerifier, "active"));
    let missing: Vec<_> = matrix.difference(&told).collect();
    assert!(missing.is_empty(), "never met: {missing:?}");
}

/// A workflow that shows this state.
fn standing_in(state: State) -> Bench {
    let mut bench = Bench::new(start(&Settings::default(), false), 1, 0);
    bench.slow_ci = state == State::Testing;
    drive_to(&mut bench, |b| b.workflow().shown_state() == state);
    bench
}

/// Where a workflow stands; open, it says what it waits for, since when, who can move it and how, and so does each of its
/// phases.
fn tells(bench: &Bench, seed: u64) -> (State, &'static str) {
    let w = bench.workflow();
    let waits = waits(w, bench.now);
    let status = millhand::engine::view::status(w, &waits);
    let here = (w.shown_state(), status);
    for wait in &waits {
        let words = [&wait.sentence, &wait.who, &wait.key];
        assert!(
            words.iter().all(|word| !word.trim().is_empty()),
            "seed {seed}, {here:?}: {wait:?}"
        );
        assert!(wait.since <= bench.now, "seed {seed}, {here:?}: {wait:?}");
        let command = wait
            .command
            .as_ref()
            .map(|command| command.split(" -- ").next().unwrap_or_default());
        assert!(
            command.is_none_or(|command| wait.sentence.contains(command) || wait.what == What::Paused),
            "seed {seed}, {here:?}: {wait:?}"
        );
        let machine = wait.kind == WaitKind::Machine;
        let looks = !machine || wait.next_look.is_some() || !w.outstanding.is_empty();
        assert!(looks, "seed {seed}, {here:?}: nothing will ever move {wait:?}");
    }
    if w.ended.is_some() || w.baton != Baton::Forked || w.paused.is_some() {
        return here;
    }
    let open = |p: &&Phase| matches!(p.fate, Fate::Open | Fate::Failed | Fate::RolledBack);
    for phase in w.phases.values().filter(open) {
        let mine = waits.iter().any(|wait| wait.phase == Some(phase.plan.number));
        let general = waits.iter().any(|wait| wait.phase.is_none());
        assert!(
            mine || general,
            "seed {seed}, {here:?}: {} says nothing: {waits:#?}",
            phase.plan.id
        );
    }
    here
}

/// Places that chance seldom finds people at.
fn rare_places() -> Vec<Bench> {
    vec![
        release_checks_turn_red(),
        somebody_pushes_to_the_release(),
        the_plan_is_revised_at_the_release(),
        no_money_for_the_verdict(),
        the_plan_is_revised_in(State::Testing),
        the_plan_is_revised_in(State::Verification),
        somebody_pushes_to_what_is_held(),
        a_protected_change_is_sent_back(),
        what_is_released_is_taken_back(),
    ]
}

#[test]
fn rare_places_are_left_by_their_routes() {
    for (place, bench) in rare_places().iter().enumerate() {
        replays(bench, place as u64);
    }
}

/// The plan is revised while its only phase is in this state.
fn the_plan_is_revised_in(state: State) -> Bench {
    let built = |seed| {
        let mut bench = Bench::new(start(&Settings::default(), true), seed, 0);
        bench.slow_ci = state == State::Testing;
        let begun = |b: &Bench| b.workflow().phases.values().any(|p| p.state == State::Implementation);
        drive_to(&mut bench, begun);
        bench
    };
    let mut bench = (0..50)
        .map(built)
        .find(|b| b.workflow().phases.len() == 1)
        .expect("a plan of one phase");
    drive_to(&mut bench, |b| b.workflow().phases.values().all(|p| p.state == state));
    bench.say(bench::reviewer(), "/revise another way");
    assert_eq!(bench.workflow().baton, Baton::Whole(State::Planning));
    bench
}

/// A release is taken back: whatever chance does to the pull requests, people merge them and it ends.
fn what_is_released_is_taken_back() -> Bench {
    let mut bench = Bench::new(start(&Settings::default(), true), 1, 0);
    drive_to(&mut bench, |b| b.workflow().ended == Some(End::Complete));
    bench.mischief = 2;
    bench.say(bench::maintainer(), "/rollback all");
    check(&bench, 0);
    bench.say(bench::maintainer(), "/approve rollback");
    assert_eq!(bench.workflow().baton, Baton::Whole(State::Deployment));
    drive_to(&mut bench, |b| b.workflow().ended == Some(End::RolledBack));
    assert_eq!(bench.workflow().baton, Baton::Whole(State::Complete));
    bench
}

/// A change of protected paths is refused by a person.
fn a_protected_change_is_sent_back() -> Bench {
    let mut bench = Bench::new(start(&Settings::default(), true), 1, 0);
    bench.protects = true;
    let shown = |b: &Bench| {
        waits(b.workflow(), b.now)
            .first()
            .filter(|wait| wait.what == What::ProtectedChange)?
            .phase
    };
    drive_to(&mut bench, |b| shown(b).is_some());
    let number = shown(&bench).expect("a change that is shown");
    bench.protects = false;
    bench.say(bench::maintainer(), &format!("/revise {number} otherwise"));
    drive_to(&mut bench, |b| b.taken.contains(&19) && shown(b).is_none());
    bench
}

/// An approved phase is held, and somebody pushes to it.
fn somebody_pushes_to_what_is_held() -> Bench {
    let mut bench = Bench::new(start(&Settings::default(), true), 1, 0);
    drive_to(&mut bench, |b| {
        b.workflow().phases.values().any(|p| p.state == State::Implementation)
    });
    bench.say(bench::maintainer(), "/hold");
    let waits_there = |b: &Bench| {
        b.workflow()
            .phases
            .iter()
            .find(|(_, p)| p.state == State::HandoffToReleaser)
            .map(|(n, _)| *n)
    };
    drive_to(&mut bench, |b| waits_there(b).is_some());
    let held = waits_there(&bench).expect("a phase that is held");
    bench.foreign_push(Target::Phase(held));
    drive_to(&mut bench, |b| b.taken.contains(&21));
    bench
}

/// A workflow in `deployment` whose merge GitHub refuses for now.
fn held_in_deployment() -> Bench {
    let mut bench = Bench::new(start(&Settings::default(), false), 5, 0);
    bench.refuse_release = true;
    drive_to(&mut bench, |b| b.workflow().baton == Baton::Whole(State::Deployment));
    bench.settle(20);
    bench
}

fn drive_to(bench: &mut Bench, there: impl Fn(&Bench) -> bool) {
    for _ in 0..2000 {
        check(bench, 0);
        if there(bench) {
            return;
        }
        if bench.settle(1) == 0 && !bench.people_help() {
            bench.work(); // the next look from time to time
        }
    }
    panic!(
        "never there: {:#?} {:?} {:#?}",
        bench.workflow().baton,
        bench.workflow().outstanding,
        waits(bench.workflow(), bench.now)
    );
}

fn release_checks_turn_red() -> Bench {
    let mut bench = held_in_deployment();
    bench.recheck(Target::Release, "failure");
    drive_to(&mut bench, |b| b.taken.contains(&13));
    assert!(matches!(
        bench.workflow().baton,
        Baton::Whole(State::Implementation | State::HandoffToTester)
    ));
    bench.refuse_release = false;
    drive_to(&mut bench, |b| b.workflow().ended == Some(End::Complete));
    bench
}

fn somebody_pushes_to_the_release() -> Bench {
    let mut bench = held_in_deployment();
    bench.foreign_push(Target::Release);
    drive_to(&mut bench, |b| b.taken.contains(&14));
    bench.refuse_release = false;
    drive_to(&mut bench, |b| b.workflow().ended == Some(End::Complete));
    assert!(bench.merges.iter().filter(|(t, _)| *t == Target::Release).count() == 1);
    bench
}

fn the_plan_is_revised_at_the_release() -> Bench {
    let mut bench = held_in_deployment();
    let merged: Vec<_> = bench.workflow().phases.keys().copied().collect();
    bench.say(bench::reviewer(), "/revise and a fourth thing");
    assert!(bench.taken.contains(&26));
    bench.refuse_release = false;
    drive_to(&mut bench, |b| b.workflow().ended == Some(End::Complete));
    assert!(
        bench.workflow().phases.len() > merged.len(),
        "the new phases have numbers of their own"
    );
    bench
}

fn no_money_for_the_verdict() -> Bench {
    let mut bench = short_of_money();
    let (number, _) = bench
        .workflow()
        .phases
        .iter()
        .find(|(_, p)| p.state == State::HandoffToVerifier)
        .map(|(n, p)| (*n, p.clone()))
        .unwrap();
    bench.foreign_push(Target::Phase(number));
    drive_to(&mut bench, |b| b.taken.contains(&20));
    bench
}

/// A green phase whose verdict nobody can pay.
fn short_of_money() -> Bench {
    let mut bench = Bench::new(start(&Settings::default(), false), 3, 0);
    drive_to(&mut bench, |b| {
        b.workflow()
            .phases
            .values()
            .any(|p| p.state == State::HandoffToTester && p.track.pull.is_some())
    });
    bench.say(bench::maintainer(), "/budget 0");
    drive_to(&mut bench, |b| {
        b.workflow().phases.values().any(|p| p.state == State::HandoffToVerifier)
    });
    bench.settle(100);
    bench
}

/// The invariants that can be seen from one state.
fn check(bench: &Bench, seed: u64) {
    let w = bench.workflow();
    let waits = waits(w, bench.now);
    assert_eq!(
        w.ended.is_none() || w.rollback.is_some(),
        !waits.is_empty(),
        "seed {seed}: an open workflow waits for something it can name, an ended one for a rollback's confirmation at most"
    );
    for wait in &waits {
        assert!(!wait.sentence.is_empty() && !wait.who.is_empty(), "seed {seed}: {wait:?}");
    }
    assert!(
        w.paused.as_ref().is_none_or(|p| !p.why.contains("circles")),
        "seed {seed}: it went in circles"
    );
    for order in w.outstanding.values() {
        if let Order::Merge { target, head, .. } = order {
            assert!(w.reverting().is_none(), "seed {seed}: a revert is merged by people only");
            assert!(
                reviews::approved(w, *target),
                "seed {seed}: a merge of {target:?} that nobody approved"
            );
            assert_eq!(w.track(*target).and_then(|t| t.head.as_ref()), Some(head), "seed {seed}");
            assert!(
                w.held_by(*target).is_none(),
                "seed {seed}: a merge of {target:?}, which is held"
            );
            if let Target::Phase(number) = target {
                let phase = w.phase(*number).unwrap();
                let merged = |n| w.phase(n).is_some_and(|p| matches!(p.fate, Fate::Merged | Fate::Skipped(_)));
                assert!(
                    phase.plan.depends_on.iter().all(|n| merged(*n)),
                    "seed {seed}: a merge before its dependencies"
                );
            }
        }
    }
    let mut orders: Vec<&Order> = w.outstanding.values().collect();
    orders.sort();
    let before = orders.len();
    orders.dedup();
    assert_eq!(orders.len(), before, "seed {seed}: one order is out twice");
}

/// The log alone makes the same states again.
fn replays(bench: &Bench, seed: u64) {
    let mut w = None;
    let mut batch: Vec<Arrival> = Vec::new();
    for (row, at) in &bench.rows {
        batch.push(row.arrival.clone());
        if !row.decided {
            continue;
        }
        let decision = decide(w.as_ref(), &batch, *at).unwrap();
        let last = decision.rows.last().unwrap();
        assert_eq!(last.seq, row.seq, "seed {seed}");
        assert_eq!(last.state_hash, row.state_hash, "seed {seed}, row {}", row.seq);
        assert_eq!(last.transitions, row.transitions, "seed {seed}, row {}", row.seq);
        w = Some(decision.next);
        batch.clear();
    }
    assert_eq!(w.as_ref().map(state_hash), Some(state_hash(bench.workflow())), "seed {seed}");
    for (place, (row, _)) in bench.rows.iter().enumerate() {
        assert_eq!(
            row.seq,
            i64::try_from(place).unwrap() + 1,
            "seed {seed}: rows are numbered without gaps"
        );
    }
}
