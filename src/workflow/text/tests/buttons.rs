//! Which buttons a check run has, and what pressing one does.

use super::*;
use crate::workflow::code_owners::Owners;
use crate::workflow::decide::Note;
use crate::workflow::fact::{Change, Press, Target};
use crate::workflow::model::{End, ShownChange, Trouble, TroubleKind};
use crate::workflow::order::Order;
use crate::workflow::text::check::{
    self, BUTTONS_MAX, DESCRIPTION_CHARS_MAX, IDENTIFIER_CHARS_MAX, LABEL_CHARS_MAX, buttons, command, marks,
};
use crate::workflow::validate::{Protected, Report};

const RELEASE: Target = Target::Release;

fn target(number: u32) -> Target {
    Target::Phase(PhaseNumber(number))
}

/// Identifiers, within GitHub's limits, each of them known.
fn offered(w: &Workflow, target: Target) -> Vec<String> {
    let found = buttons(w, target, &waits(w));
    assert!(found.len() <= BUTTONS_MAX, "{found:?}");
    for button in &found {
        assert!(button.label.chars().count() <= LABEL_CHARS_MAX, "{button:?}");
        assert!(button.description.chars().count() <= DESCRIPTION_CHARS_MAX, "{button:?}");
        assert!(button.identifier.chars().count() <= IDENTIFIER_CHARS_MAX, "{button:?}");
        assert!(command(&button.identifier).is_some(), "{button:?}");
    }
    found.into_iter().map(|button| button.identifier).collect()
}

fn trouble(w: &mut Workflow, target: Target, kind: TroubleKind, until: Option<Millis>) {
    let order = Order::MarkReady { target };
    let trouble = Trouble {
        kind,
        target: Some(target),
        sentence: "no".to_owned(),
        until,
        order: order.clone(),
    };
    w.troubles.insert(order.slot(), trouble);
}

#[test]
fn buttons_follow_from_the_state() {
    let w = building();
    assert_eq!(offered(&w, target(1)), ["hold:0"], "its checks run");
    assert_eq!(offered(&w, target(2)), ["approve:222222222222", "hold:0"]);
    assert_eq!(offered(&w, target(3)), Vec::<String>::new(), "it has no pull request");
    assert_eq!(offered(&w, RELEASE), Vec::<String>::new(), "the batons are forked");

    // The check run is written just before the wait begins: its buttons are those of the wait.
    let mut about_to = w.clone();
    change_phase(&mut about_to, 2, |p| p.track.presented = None);
    assert_eq!(offered(&about_to, target(2)), offered(&w, target(2)));
    // Where GitHub's rules ask for a review, or somebody's requested changes stand, the command is none.
    about_to.delivery.as_mut().unwrap().kind = DeliveryKind::Direct;
    about_to.survey.as_mut().unwrap().required_reviews = 1;
    assert_eq!(offered(&about_to, target(2)), ["hold:0"]);

    let mut held = w.clone();
    change_phase(&mut held, 2, |p| p.track.held = Some("reviewer".to_owned()));
    assert_eq!(offered(&held, target(2)), ["approve:222222222222", "unhold:0"]);

    let mut stuck = w.clone();
    change_phase(&mut stuck, 1, |p| {
        p.track.gave_up = true;
        p.fate = Fate::Failed;
        p.track.presses = 4;
    });
    assert_eq!(offered(&stuck, target(1)), ["retry:4", "hold:4"]);

    let mut done = w.clone();
    change_phase(&mut done, 2, |p| merged(p, 0, 'a'));
    assert_eq!(offered(&done, target(2)), Vec::<String>::new(), "it is merged");
    let mut frozen = w.clone();
    change_phase(&mut frozen, 2, |p| p.frozen = true);
    assert_eq!(offered(&frozen, target(2)), Vec::<String>::new());
}

#[test]
fn what_is_tried_again_by_itself_has_no_retry() {
    for (kind, until, expected) in [
        (TroubleKind::MergeRefused, None, true),
        (TroubleKind::Conflict, None, true),
        (TroubleKind::Model, None, true),
        (TroubleKind::Budget, None, false),
        (TroubleKind::Github, Some(Millis(BEGIN.0 + 1)), false),
    ] {
        let mut w = building();
        trouble(&mut w, target(2), kind, until);
        assert_eq!(offered(&w, target(2)).contains(&"retry:0".to_owned()), expected, "{kind:?}");
        assert!(!offered(&w, target(1)).contains(&"retry:0".to_owned()), "{kind:?}");
    }
}

#[test]
fn the_release_is_approved_held_and_tried_again() {
    let w = joined();
    assert_eq!(offered(&w, RELEASE), ["release:cccccccccccc", "hold:0"]);
    let mut stuck = w.clone();
    trouble(&mut stuck, RELEASE, TroubleKind::MergeRefused, None);
    assert_eq!(offered(&stuck, RELEASE), ["release:cccccccccccc", "retry:0", "hold:0"]);
    let mut back = w;
    back.baton = Baton::Whole(State::Planning);
    assert_eq!(offered(&back, RELEASE), Vec::<String>::new(), "it is planned anew");
    assert_eq!(offered(&complete(), RELEASE), Vec::<String>::new(), "it has ended");
}

#[test]
fn a_head_without_checks_may_be_let_pass() {
    let mut w = building();
    change_phase(&mut w, 1, |p| {
        p.track.checks = Some(ChecksView {
            checks: vec![],
            ..checks('1', None)
        });
        p.track.head_at = Some(Millis(0));
    });
    assert_eq!(offered(&w, target(1)), ["no-ci:111111111111", "hold:0"]);
}

#[test]
fn a_change_of_protected_paths_is_let_go_by_its_hash() {
    let mut w = building();
    let blob = BlobHash("0123456789abcdef".repeat(4));
    change_phase(&mut w, 2, |p| {
        p.state = State::HandoffToTester;
        p.track.change = Some(Change {
            blob: blob.clone(),
            summary: "Add a dependency".to_owned(),
            paths: vec!["Cargo.toml".to_owned()],
            executables: vec![],
            report: Report {
                protected: vec![Protected {
                    path: "Cargo.toml".to_owned(),
                    because: "it is a manifest".to_owned(),
                }],
                score: 100,
                ..Report::default()
            },
        });
    });
    assert_eq!(offered(&w, target(2)), ["hold:0"], "it is not shown yet");
    let shown = ShownChange {
        target: target(2),
        comment: comment(40),
        at: BEGIN,
        owners: vec![("Cargo.toml".to_owned(), Owners::default())],
        approvals: vec![],
    };
    w.shown.insert(blob.clone(), shown);
    assert_eq!(offered(&w, target(2)), ["change:0123456789ab", "hold:0"]);
    let (next, refused) = press(&w, reviewer(), '2', "change:0123456789ab");
    assert_eq!((refused, next.shown[&blob].approvals.len()), (None, 1));
    let (_, refused) = press(&next, reviewer(), '2', "change:0123456789ab");
    assert!(refused.unwrap().0.contains("does not wait for an approval"));
}

#[test]
fn other_buttons_are_another_text() {
    let w = building();
    let mut held = w.clone();
    change_phase(&mut held, 2, |p| p.track.presses = 1);
    let of = |w: &Workflow| check::run(w, target(2), &waits(w));
    assert_ne!(of(&w).digest, of(&held).digest);
    assert_eq!(of(&w).buttons.len(), 2);
    assert_eq!(of(&w).marks, marks(&w, target(2), &waits(&w)));
}

/// Presses a button; the state after it, and the sentence of its refusal with what the log says.
fn press(w: &Workflow, by: Person, head: char, button: &str) -> (Workflow, Option<(String, Vec<Note>)>) {
    let arrival = Arrival {
        id: format!("button:{button}:{}", w.version),
        seq: 100 + w.version,
        fact: Fact::Pressed(Press {
            by,
            run: 5,
            head: sha(head),
            button: button.to_owned(),
            at: BEGIN,
        }),
    };
    let decision = decide(Some(w), &[arrival], BEGIN).unwrap();
    let row = decision.rows.first().unwrap();
    let noted = row.notes.iter().filter(|n| matches!(n, Note::Refused { .. }));
    let refused = decision
        .refused
        .first()
        .map(|(_, sentence)| (sentence.clone(), noted.cloned().collect()));
    (decision.next, refused)
}

fn phase_two(w: &Workflow) -> &Track {
    &w.phases[&PhaseNumber(2)].track
}

#[test]
fn a_press_is_obeyed_once() {
    let w = building();
    let (approved, refused) = press(&w, reviewer(), '2', "approve:222222222222");
    assert_eq!(refused, None);
    let approval = phase_two(&approved).approved.as_ref().unwrap();
    assert_eq!((approval.on.as_str(), approval.comment), (sha('2').0.as_str(), None));

    let (held, refused) = press(&w, maintainer(), '2', "hold:0");
    assert_eq!((refused, phase_two(&held).held.as_deref()), (None, Some("maintainer")));
    let (again, refused) = press(&held, maintainer(), '2', "hold:0");
    assert!(refused.unwrap().0.contains("held already"));
    let (free, refused) = press(&again, reviewer(), '2', "unhold:1");
    assert_eq!((refused, &phase_two(&free).held), (None, &None));
    let (free, refused) = press(&free, maintainer(), '2', "hold:0");
    assert!(
        refused.unwrap().0.contains("let go again"),
        "an old press told late holds nothing"
    );
    let (held, refused) = press(&free, maintainer(), '2', "hold:2");
    assert_eq!((refused, phase_two(&held).held.is_some()), (None, true));
}

#[test]
fn who_may_not_and_what_is_out_of_date_is_refused_and_noted() {
    let w = building();
    let bot = Person {
        bot: true,
        ..person(77, "helper[bot]", Permission::Write)
    };
    let ours = Person {
        bot: true,
        ..person(78, "millhand[bot]", Permission::Write)
    };
    let reader = person(79, "reader", Permission::Read);
    let outsider = person(80, "outsider", Permission::None);
    let cases = [
        (bot, '2', "approve:222222222222", "Bots may not", Some("approve")),
        (ours, '2', "hold:0", "by Millhand itself", Some("hold")),
        (reader, '2', "hold:0", "people with write permission", Some("hold")),
        (
            outsider,
            '2',
            "approve:222222222222",
            "people with write permission",
            Some("approve"),
        ),
        (
            maintainer(),
            '2',
            "approve:222222222222",
            "may not approve its code",
            Some("approve"),
        ),
        (
            reviewer(),
            '2',
            "approve:999999999999",
            "does not wait for an approval",
            Some("approve"),
        ),
        (reviewer(), '9', "approve:222222222222", "not the newest", Some("approve")),
        (reviewer(), '2', "retry:0", "not stuck", Some("retry")),
        (reviewer(), '2', "unhold:0", "not held", Some("unhold")),
        (reviewer(), '2', "merge:0", "no such button", None),
        (reviewer(), '2', "", "no such button", None),
        (reviewer(), '2', "hold", "no such button", None),
    ];
    for (by, head, button, words, word) in cases {
        let told = by.writes() && !by.bot && head == '2';
        let (next, refused) = press(&w, by.clone(), head, button);
        let (sentence, notes) = refused.unwrap();
        assert!(sentence.contains(words), "{button}: {sentence}");
        let note = Note::Refused {
            who: by.login.clone(),
            command: word.map(str::to_owned),
            why: sentence.clone(),
        };
        assert_eq!(notes, [note], "{button}");
        assert_eq!(phase_two(&next).approved, None, "{button}");
        assert_eq!(phase_two(&next).held, None, "{button}");
        let run = check::run(&next, target(2), &waits(&next));
        assert_eq!(run.summary.contains(&sentence), told, "{button}: {}", run.summary);
    }
}

#[test]
fn after_the_end_nothing_is_pressed() {
    let (next, refused) = press(&complete(), reviewer(), 'c', "release:cccccccccccc");
    let (sentence, notes) = refused.unwrap();
    assert!(sentence.contains("This work has ended"), "{sentence}");
    assert_eq!((notes.len(), next.ended), (1, Some(End::Complete)));
}
