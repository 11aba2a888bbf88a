//! The eleven states, the five roles, the 28 transitions and the routes over several of them.
//!
//! Invariant: a baton moves only through [`go`], which knows [`TRANSITIONS`] and nothing else. `docs/states.md` says the
//! same to people; a test compares the two.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::PhaseNumber;

/// Where a baton lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Reads the issue, writes requirements, asks.
    Discovery,
    /// Makes the plan.
    Planning,
    /// Gate: plan approved, dependencies merged, a free slot, budget.
    HandoffToCoder,
    /// Writes the change set.
    Implementation,
    /// Gate: commit pushed, pull request open, CI begun or its grace time over.
    HandoffToTester,
    /// Watches the checks.
    Testing,
    /// Gate: head unchanged since green.
    HandoffToVerifier,
    /// Checks the criteria, waits for human review.
    Verification,
    /// Gate: merged; for the workflow: joined and release approved.
    HandoffToReleaser,
    /// Merges the release.
    Deployment,
    /// Done.
    Complete,
}

impl State {
    /// All of them, in the order of work.
    pub const ALL: [Self; 11] = [
        Self::Discovery,
        Self::Planning,
        Self::HandoffToCoder,
        Self::Implementation,
        Self::HandoffToTester,
        Self::Testing,
        Self::HandoffToVerifier,
        Self::Verification,
        Self::HandoffToReleaser,
        Self::Deployment,
        Self::Complete,
    ];

    /// The name people and programs see.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Planning => "planning",
            Self::HandoffToCoder => "handoff_to_coder",
            Self::Implementation => "implementation",
            Self::HandoffToTester => "handoff_to_tester",
            Self::Testing => "testing",
            Self::HandoffToVerifier => "handoff_to_verifier",
            Self::Verification => "verification",
            Self::HandoffToReleaser => "handoff_to_releaser",
            Self::Deployment => "deployment",
            Self::Complete => "complete",
        }
    }

    /// Whether it is a gate: something is waited for, nothing is worked on.
    #[must_use]
    pub const fn is_gate(self) -> bool {
        matches!(
            self,
            Self::HandoffToCoder | Self::HandoffToTester | Self::HandoffToVerifier | Self::HandoffToReleaser
        )
    }

    /// The role whose state it is; `complete` has none.
    #[must_use]
    pub const fn role(self) -> Option<Role> {
        match self {
            Self::Discovery | Self::Planning => Some(Role::QAssistant),
            Self::HandoffToCoder | Self::Implementation => Some(Role::CodeWriter),
            Self::HandoffToTester | Self::Testing => Some(Role::TestAuditor),
            Self::HandoffToVerifier | Self::Verification => Some(Role::VerificationOverseer),
            Self::HandoffToReleaser | Self::Deployment => Some(Role::ReleaseManager),
            Self::Complete => None,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The five roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Requirements and plan.
    QAssistant,
    /// Code.
    CodeWriter,
    /// Checks.
    TestAuditor,
    /// Criteria and review.
    VerificationOverseer,
    /// Merges and release.
    ReleaseManager,
}

impl Role {
    /// The name people and programs see.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::QAssistant => "q_assistant",
            Self::CodeWriter => "code_writer",
            Self::TestAuditor => "test_auditor",
            Self::VerificationOverseer => "verification_overseer",
            Self::ReleaseManager => "release_manager",
        }
    }
}

/// Whose baton a transition moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// The workflow's, before the fork or at the very end.
    Workflow,
    /// A phase's.
    Phase,
    /// A phase's that thereby becomes the workflow's.
    PhaseJoinsEarly,
    /// The workflow's while it works on the release pull request.
    Release,
}

/// A line of the transition table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Its number in `docs/states.md`.
    pub number: u8,
    /// The state left.
    pub from: State,
    /// The state entered.
    pub to: State,
    /// Whose batons may take it.
    pub whose: &'static [Whose],
}

const fn line(number: u8, from: State, to: State, whose: &'static [Whose]) -> Transition {
    Transition { number, from, to, whose }
}

const WORKFLOW: &[Whose] = &[Whose::Workflow];
const PHASE: &[Whose] = &[Whose::Phase];
const BUILD: &[Whose] = &[Whose::Phase, Whose::Release];
const REPLAN: &[Whose] = &[Whose::PhaseJoinsEarly, Whose::Release];

/// The 28 transitions. Every other pair is refused.
pub const TRANSITIONS: [Transition; 28] = [
    line(1, State::Discovery, State::Planning, WORKFLOW),
    line(2, State::Planning, State::HandoffToCoder, WORKFLOW),
    line(3, State::HandoffToCoder, State::Implementation, PHASE),
    line(4, State::Implementation, State::HandoffToTester, BUILD),
    line(5, State::HandoffToTester, State::Testing, BUILD),
    line(6, State::Testing, State::HandoffToVerifier, BUILD),
    line(7, State::HandoffToVerifier, State::Verification, BUILD),
    line(8, State::Verification, State::HandoffToReleaser, BUILD),
    line(9, State::HandoffToReleaser, State::Deployment, WORKFLOW),
    line(10, State::Deployment, State::Complete, WORKFLOW),
    line(11, State::Testing, State::Implementation, BUILD),
    line(12, State::Verification, State::Implementation, BUILD),
    line(13, State::Deployment, State::Implementation, WORKFLOW),
    line(14, State::Deployment, State::Verification, WORKFLOW),
    line(15, State::Implementation, State::Planning, REPLAN),
    line(16, State::Planning, State::Discovery, WORKFLOW),
    line(17, State::HandoffToCoder, State::Planning, &[Whose::Workflow, Whose::Phase]),
    line(18, State::HandoffToCoder, State::Discovery, WORKFLOW),
    line(19, State::HandoffToTester, State::Implementation, BUILD),
    line(20, State::HandoffToVerifier, State::Testing, BUILD),
    line(21, State::HandoffToReleaser, State::Verification, BUILD),
    line(22, State::Verification, State::Testing, BUILD),
    line(23, State::Verification, State::HandoffToCoder, PHASE),
    line(24, State::Testing, State::Planning, REPLAN),
    line(25, State::Verification, State::Planning, REPLAN),
    line(26, State::Deployment, State::Planning, WORKFLOW),
    line(27, State::Complete, State::Discovery, WORKFLOW),
    line(28, State::Complete, State::Deployment, WORKFLOW),
];

/// The workflow's baton: one, or forked into one per phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Baton {
    /// It lies in one state.
    Whole(State),
    /// Every phase has its own.
    Forked,
}

/// A pair of states that is not in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a baton cannot go from {from} to {to}")]
pub struct IllegalTransition {
    /// The state it is in.
    pub from: State,
    /// The state asked for.
    pub to: State,
}

/// A transition taken: a row of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Its number.
    pub number: u8,
    /// The state left.
    pub from: State,
    /// The state entered.
    pub to: State,
    /// The phase whose baton moved; `None` for the workflow's.
    pub phase: Option<PhaseNumber>,
    /// Why, in a few words.
    pub cause: String,
    /// Who caused it, if a person did.
    pub actor: Option<String>,
    /// What is handed over when the role changes.
    pub data: serde_json::Value,
}

/// Moves a baton: the number of the transition.
///
/// # Errors
/// [`IllegalTransition`] if the pair is not in the table for this baton.
pub fn go(from: State, to: State, phase: bool) -> Result<u8, IllegalTransition> {
    TRANSITIONS
        .iter()
        .find(|t| {
            t.from == from
                && t.to == to
                && t.whose
                    .iter()
                    .any(|w| matches!(w, Whose::Phase | Whose::PhaseJoinsEarly) == phase)
        })
        .map(|t| t.number)
        .ok_or(IllegalTransition { from, to })
}

/// The hops of a phase's or the release's baton back to planning; `None` from where there is no way.
#[must_use]
pub fn route_to_planning(from: State) -> Option<&'static [State]> {
    use State as S;
    match from {
        S::HandoffToCoder | S::Implementation | S::Testing | S::Verification | S::Deployment => Some(&[S::Planning]),
        S::HandoffToTester => Some(&[S::Implementation, S::Planning]),
        S::HandoffToVerifier => Some(&[S::Testing, S::Planning]),
        S::HandoffToReleaser => Some(&[S::Verification, S::Planning]),
        S::Discovery | S::Planning | S::Complete => None,
    }
}

/// The hops of a baton to `implementation`, to write again: checks failed, changes requested, conflict.
#[must_use]
pub fn route_to_writer(from: State) -> Option<&'static [State]> {
    use State as S;
    match from {
        S::HandoffToTester | S::Testing | S::Verification => Some(&[S::Implementation]),
        S::HandoffToVerifier => Some(&[S::Testing, S::Implementation]),
        S::HandoffToReleaser | S::Deployment => Some(&[S::Verification, S::Implementation]),
        S::Discovery | S::Planning | S::HandoffToCoder | S::Implementation | S::Complete => None,
    }
}

/// The hops of a baton to `implementation`, because checks failed.
#[must_use]
pub fn route_to_repair(from: State) -> Option<&'static [State]> {
    if from == State::Deployment {
        return Some(&[State::Implementation]);
    }
    route_to_writer(from)
}

/// The hops of a baton to `testing` after new commits.
#[must_use]
pub fn route_to_testing(from: State) -> Option<&'static [State]> {
    use State as S;
    match from {
        S::HandoffToTester | S::HandoffToVerifier | S::Verification => Some(&[S::Testing]),
        S::HandoffToReleaser | S::Deployment => Some(&[S::Verification, S::Testing]),
        S::Discovery | S::Planning | S::HandoffToCoder | S::Implementation | S::Testing | S::Complete => None,
    }
}

/// The hops of a phase's baton to begin afresh.
#[must_use]
pub fn route_afresh(from: State) -> Option<&'static [State]> {
    use State as S;
    match from {
        S::HandoffToTester | S::Testing => Some(&[S::Implementation]),
        S::HandoffToVerifier => Some(&[S::Testing, S::Implementation]),
        S::HandoffToReleaser => Some(&[S::Verification, S::HandoffToCoder]),
        S::Verification => Some(&[S::HandoffToCoder]),
        S::Discovery | S::Planning | S::HandoffToCoder | S::Implementation | S::Deployment | S::Complete => None,
    }
}

/// The hops forward to where a merged pull request rests.
#[must_use]
pub fn route_merged(from: State) -> Option<&'static [State]> {
    use State as S;
    const WAY: [State; 6] = [
        S::Implementation,
        S::HandoffToTester,
        S::Testing,
        S::HandoffToVerifier,
        S::Verification,
        S::HandoffToReleaser,
    ];
    match from {
        S::HandoffToCoder => Some(&WAY),
        S::Implementation => Some(&WAY[1..]),
        S::HandoffToTester => Some(&WAY[2..]),
        S::Testing => Some(&WAY[3..]),
        S::HandoffToVerifier => Some(&WAY[4..]),
        S::Verification => Some(&WAY[5..]),
        S::HandoffToReleaser => Some(&[]),
        S::Discovery | S::Planning | S::Deployment | S::Complete => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOC: &str = include_str!("../../docs/states.md");

    fn rows<'a>(header: &str) -> Vec<Vec<&'a str>> {
        DOC.lines()
            .skip_while(|l| !l.starts_with(header))
            .skip(2)
            .take_while(|l| l.starts_with('|'))
            .map(|l| l.trim_matches('|').split('|').map(str::trim).collect())
            .collect()
    }

    fn state(name: &str) -> State {
        *State::ALL
            .iter()
            .find(|s| s.name() == name.trim_matches('`'))
            .unwrap_or_else(|| panic!("no state {name:?}"))
    }

    #[test]
    fn the_states_and_roles_are_those_of_the_document() {
        let rows = rows("| state | role");
        assert_eq!(rows.len(), State::ALL.len());
        for row in rows {
            let role = state(row[0]).role().map_or("-", Role::name);
            assert_eq!(row[1].trim_matches('`'), role, "{}", row[0]);
        }
    }

    #[test]
    fn the_transitions_are_those_of_the_document_no_more_and_no_fewer() {
        let rows = rows("| # | from");
        assert_eq!(rows.len(), TRANSITIONS.len());
        for (row, transition) in rows.iter().zip(TRANSITIONS) {
            assert_eq!(row[0].parse(), Ok(transition.number));
            assert_eq!((state(row[1]), state(row[2])), (transition.from, transition.to), "{}", row[0]);
            let whose: Vec<Whose> = row[4]
                .split(", ")
                .map(|w| match w {
                    "workflow" => Whose::Workflow,
                    "phase" => Whose::Phase,
                    "phase joins early" => Whose::PhaseJoinsEarly,
                    "release" => Whose::Release,
                    other => panic!("whose baton is {other:?}"),
                })
                .collect();
            assert_eq!(whose, transition.whose, "{}", row[0]);
        }
    }

    #[test]
    fn every_other_pair_is_refused() {
        for from in State::ALL {
            for to in State::ALL {
                for phase in [false, true] {
                    let known = TRANSITIONS.iter().find(|t| {
                        (t.from, t.to) == (from, to)
                            && t.whose
                                .iter()
                                .any(|w| phase == matches!(w, Whose::Phase | Whose::PhaseJoinsEarly))
                    });
                    assert_eq!(
                        go(from, to, phase).ok(),
                        known.map(|t| t.number),
                        "{from} -> {to}, phase: {phase}"
                    );
                }
            }
        }
    }

    /// The numbers of the hops a route takes.
    fn hops(from: State, route: &[State]) -> String {
        let mut at = from;
        let mut numbers = Vec::new();
        for to in route {
            let number = go(at, *to, true).or_else(|_| go(at, *to, false)).unwrap();
            numbers.push(number.to_string());
            at = *to;
        }
        numbers.join("+")
    }

    #[test]
    fn the_routes_are_those_of_the_document() {
        let rows = rows("| need | from");
        let find = |need: &str| {
            rows.iter()
                .find(|r| r[0].starts_with(need))
                .unwrap_or_else(|| panic!("no route {need:?}"))
                .clone()
        };

        let back = find("back to planning");
        let expected: Vec<&str> = back[2].split("; ").collect();
        for (from, expected) in back[1].split("; ").zip(expected) {
            assert_eq!(hops(state(from), route_to_planning(state(from)).unwrap()), expected, "{from}");
        }
        let afresh = find("start a phase afresh");
        for (from, expected) in afresh[1].split("; ").zip(afresh[2].split("; ")).skip(1) {
            assert_eq!(hops(state(from), route_afresh(state(from)).unwrap()), expected, "{from}");
        }
        assert_eq!(route_afresh(State::Implementation), None, "a new attempt in place");
        let changes = find("changes requested, or conflict");
        assert_eq!(
            hops(state(changes[1]), route_to_writer(state(changes[1])).unwrap()),
            changes[2]
        );
        let commits = find("new commits after approval");
        assert_eq!(
            hops(state(commits[1]), route_to_testing(state(commits[1])).unwrap()),
            commits[2]
        );
        let release = find("release checks must run again");
        assert_eq!(
            hops(state(release[1]), route_to_testing(state(release[1])).unwrap()),
            release[2]
        );
        let conflict = find("changes requested on the release");
        assert_eq!(
            hops(state(conflict[1]), route_to_writer(state(conflict[1])).unwrap()),
            conflict[2]
        );
        let red = find("the release's checks are red before 9");
        assert_eq!(
            hops(State::HandoffToReleaser, route_to_writer(State::HandoffToReleaser).unwrap()),
            red[2].split(';').next().unwrap()
        );
        for from in State::ALL {
            if let Some(route) = route_merged(from) {
                hops(from, route);
                assert_eq!(route.last().copied().unwrap_or(from), State::HandoffToReleaser);
            }
        }
    }
}
