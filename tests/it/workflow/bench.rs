//! A bench for the core alone: it answers the core's orders out of a small picture of GitHub, as chance will have it.
//!
//! It is no second GitHub: it knows only what facts there are. What GitHub really does is the simulated GitHub's business.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use millhand::clock::Millis;
use millhand::workflow::answer::{
    Cause, CriterionVerdict, Diagnosis, PhaseDraft, PlanDraft, ReleaseNotes, Requirements, Verdict,
};
use millhand::workflow::code_owners::Owners;
use millhand::workflow::decide::{Decision, Row, decide};
use millhand::workflow::fact::{
    Answer, App, Arrival, Change, CheckView, ChecksView, CiWorkflow, Clash, CommentRef, CommentView, Configuration, Done, Fact,
    Failures, Heads, IssueView, Outcome, PullRef, PullState, PullView, RefusalKind, Refused, Repository, ReviewState, ReviewView,
    Start, StartedBy, Survey, Target, Thread, TimelineEvent, TimelineKind, Timing,
};
use millhand::workflow::guarded::{self, Guard};
use millhand::workflow::ids::{BlobHash, MicroUsd, Permission, Person, Sha};
use millhand::workflow::model::Workflow;
use millhand::workflow::order::{Ask, Order};
use millhand::workflow::plan::{Plan, PlanBounds};
use millhand::workflow::repo_config::OperatorPolicy;
use millhand::workflow::settings::Settings;
use millhand::workflow::validate::{Protected, Remark, Report};

/// A small generator of chance, so that a seed says everything.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n.max(1)
    }

    /// True once in `n`.
    pub(crate) fn once_in(&mut self, n: u64) -> bool {
        n > 0 && self.below(n) == 0
    }
}

/// What the bench knows of a pull request.
#[derive(Clone)]
struct Pull {
    target: Target,
    view: PullView,
    checks: Vec<CheckView>,
    reviews: Vec<ReviewView>,
}

/// A workflow with a picture of GitHub around it.
pub(crate) struct Bench {
    pub(crate) w: Option<Workflow>,
    pub(crate) now: Millis,
    pub(crate) rows: Vec<(Row, Millis)>,
    pub(crate) taken: BTreeSet<u8>,
    pub(crate) chance: Chance,
    /// How ill-disposed the world is: 0 does everything right.
    pub(crate) mischief: u64,
    pub(crate) merges: Vec<(Target, Sha)>,
    /// GitHub refuses every merge of the release: it stays in deployment.
    pub(crate) refuse_release: bool,
    /// Checks begin and do not end.
    pub(crate) slow_ci: bool,
    /// Every change touches what is protected.
    pub(crate) protects: bool,
    /// Every write is seen by a read before its outcome is known, and who was writing died.
    pub(crate) overtaken: bool,
    start: Start,
    open: BTreeMap<String, Order>,
    pulls: BTreeMap<u64, Pull>,
    seq: i64,
    ids: u64,
}

pub(crate) fn person(id: u64, login: &str, permission: Permission) -> Person {
    Person {
        id,
        login: login.to_owned(),
        bot: false,
        permission,
        node_id: None,
    }
}

pub(crate) fn maintainer() -> Person {
    person(1, "maintainer", Permission::Admin)
}

pub(crate) fn reviewer() -> Person {
    person(2, "reviewer", Permission::Write)
}

pub(crate) fn start(settings: &Settings, auto: bool) -> Start {
    Start {
        id: "0192-test".to_owned(),
        repository: Repository {
            id: 7,
            node_id: "R_7".to_owned(),
            installation: 3,
            name: "acme/todo".to_owned(),
            url: "https://github.test/acme/todo".to_owned(),
        },
        issue: IssueView {
            number: 1,
            node_id: "I_1".to_owned(),
            title: "Let todo read, rank and list".to_owned(),
            body: "- read\n- rank\n- list".to_owned(),
            author: maintainer(),
            editor: None,
            edited_at: None,
            open: true,
            labels: vec!["millhand".to_owned()],
            assignees: vec![],
            closing_pulls: vec![],
        },
        at: Millis(1_700_000_000_000),
        comment: None,
        by: maintainer(),
        how: StartedBy::Label,
        auto,
        round: 1,
        previous: None,
        reopened: false,
        configuration: Configuration::of_operator(settings, &OperatorPolicy::default()),
        timing: Timing {
            edit_ms: 30_000,
            quiet_ms: 60_000,
            active_ms: 60_000,
            idle_ms: 300_000,
        },
        budget_max: MicroUsd(50_000_000),
        app: App {
            id: 99,
            login: "millhand[bot]".to_owned(),
        },
    }
}

impl Bench {
    pub(crate) fn new(start: Start, seed: u64, mischief: u64) -> Self {
        let now = Millis(1_700_000_000_000);
        let mut bench = Self {
            w: None,
            now,
            rows: vec![],
            taken: BTreeSet::new(),
            chance: Chance::new(seed),
            mischief,
            merges: vec![],
            refuse_release: false,
            slow_ci: false,
            protects: false,
            overtaken: false,
            start: start.clone(),
            open: BTreeMap::new(),
            pulls: BTreeMap::new(),
            seq: 0,
            ids: 100,
        };
        bench.facts(vec![("start".to_owned(), Fact::Started(Box::new(start)))]);
        bench
    }

    pub(crate) fn workflow(&self) -> &Workflow {
        self.w.as_ref().expect("a started workflow")
    }

    pub(crate) fn id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    fn sha(&mut self) -> Sha {
        let id = self.id();
        Sha(format!("{id:040x}"))
    }

    /// Gives the core a batch of facts and keeps what it decided.
    pub(crate) fn facts(&mut self, facts: Vec<(String, Fact)>) -> Option<Decision> {
        let arrivals: Vec<Arrival> = facts
            .into_iter()
            .map(|(id, fact)| {
                self.seq += 1;
                Arrival { id, seq: self.seq, fact }
            })
            .collect();
        let decision = decide(self.w.as_ref(), &arrivals, self.now)?;
        for row in &decision.rows {
            self.taken.extend(row.transitions.iter().map(|t| t.number));
            self.rows.push((row.clone(), self.now));
        }
        for key in &decision.withdrawn {
            self.open.remove(key);
        }
        for (key, order) in &decision.effects {
            assert!(
                self.open.insert(key.clone(), order.clone()).is_none(),
                "the key {key} was used twice"
            );
        }
        self.w = Some(decision.next.clone());
        Some(decision)
    }

    /// Carries out one order that is due, or moves the clock to the next. `false`: nothing is open.
    pub(crate) fn work(&mut self) -> bool {
        let due: Vec<(String, Order)> = self
            .open
            .iter()
            .filter(|(_, o)| o.due().is_none_or(|d| d <= self.now))
            .map(|(k, o)| (k.clone(), o.clone()))
            .collect();
        if due.is_empty() {
            let Some(next) = self.open.values().filter_map(Order::due).min() else {
                return false;
            };
            self.now = Millis(next.0.max(self.now.0 + 1));
            return true;
        }
        let place = usize::try_from(self.chance.below(due.len() as u64)).unwrap_or(0);
        let (key, order) = due[place].clone();
        self.open.remove(&key);
        let mut facts = Vec::new();
        let outcome = self.carry_out(&order, &mut facts);
        if self.overtaken && self.is_withdrawn_at_a_read(&key) {
            return true; // nobody is left to tell what came of it
        }
        facts.push((
            format!("effect:{key}"),
            Fact::Done(Done {
                key,
                order,
                requests: 1,
                cost: None,
                outcome,
            }),
        ));
        self.facts(facts);
        true
    }

    /// A person pushes to the integration branch while a phase is being merged into it, and that is read before the merge is
    /// told. `false`: nothing is being merged, or there is no release pull request yet.
    pub(crate) fn pushes_below_a_merge(&mut self) -> bool {
        let merging = |order: &Order| {
            matches!(
                order,
                Order::Merge {
                    target: Target::Phase(_),
                    ..
                }
            )
        };
        let found = self.open.iter().find(|(_, order)| merging(order));
        let found = found.map(|(key, order)| (key.clone(), order.clone()));
        let (Some((key, order)), Some(release)) = (found, self.release_pull()) else {
            return false;
        };
        let head = self.sha();
        self.set_head(release, &head);
        let mut facts = Vec::new();
        self.show(release, &mut facts);
        self.facts(facts);
        if self.open.remove(&key).is_none() {
            return false;
        }
        let mut facts = Vec::new();
        let outcome = self.carry_out(&order, &mut facts);
        let done = Done {
            key: key.clone(),
            order,
            requests: 1,
            cost: None,
            outcome,
        };
        facts.push((format!("effect:{key}"), Fact::Done(done)));
        self.facts(facts);
        true
    }

    fn release_pull(&self) -> Option<u64> {
        let release = self.pulls.values().find(|p| p.target == Target::Release);
        release.map(|p| p.view.number)
    }

    /// The head of the release pull request.
    pub(crate) fn release_head(&self) -> Option<Sha> {
        self.release_pull().map(|number| self.pulls[&number].view.head.clone())
    }

    /// Shows all pull requests; whether an order under way is not wanted any more then.
    fn is_withdrawn_at_a_read(&mut self, key: &str) -> bool {
        let mut read = Vec::new();
        for number in self.pulls.keys().copied().collect::<Vec<_>>() {
            self.show(number, &mut read);
        }
        let decision = self.facts(read);
        decision.is_some_and(|decision| decision.withdrawn.iter().any(|withdrawn| withdrawn == key))
    }

    /// Works until a person is needed or nothing is left but idle reading; at most `steps` orders.
    pub(crate) fn settle(&mut self, steps: usize) -> usize {
        for step in 0..steps {
            let only_reading = self
                .open
                .values()
                .all(|o| matches!(o, Order::ReadIssue { .. }) && o.due() > Some(self.now));
            if only_reading || !self.work() {
                return step;
            }
        }
        steps
    }

    fn mishap(&mut self, one_in: u64) -> bool {
        self.mischief > 0 && self.chance.once_in((one_in / self.mischief).max(2))
    }

    #[expect(clippy::too_many_lines, reason = "one arm an order")]
    fn carry_out(&mut self, order: &Order, facts: &mut Vec<(String, Fact)>) -> Outcome {
        if !matches!(order, Order::WakeAt { .. }) && self.mishap(40) {
            return Outcome::Refused(Refused {
                kind: RefusalKind::Unreachable,
                sentence: "502".to_owned(),
            });
        }
        let refusable = matches!(
            order,
            Order::CreateBase { .. }
                | Order::Open { .. }
                | Order::Push { .. }
                | Order::TakeOut { .. }
                | Order::UpdateBranch { .. }
        );
        if refusable && self.mishap(24) {
            return Outcome::Refused(Refused {
                kind: RefusalKind::Workflows,
                sentence: "workflow files differ".to_owned(),
            });
        }
        if let Order::Open { target, .. } | Order::Push { target, .. } = order {
            let guard = guarded::guard(self.workflow(), *target);
            assert_eq!(guard, Guard::Open, "nothing protected is pushed that nobody approved");
        }
        match order {
            Order::ReadIssue { .. } => {
                let numbers: Vec<u64> = self.pulls.keys().copied().collect();
                for number in numbers {
                    self.show(number, facts);
                }
                Outcome::Read { as_of: self.seq }
            }
            Order::ReadPull { pull, .. } => {
                self.show(*pull, facts);
                Outcome::Read { as_of: self.seq }
            }
            Order::Survey { .. } => Outcome::Surveyed(Box::new(self.survey())),
            Order::Ask(ask) => self.model(ask),
            Order::ReadFailures { head, names, .. } => {
                let red_on_base = if self.mishap(10) { names.clone() } else { vec![] };
                Outcome::FailuresRead(Failures {
                    head: head.clone(),
                    blob: BlobHash(format!("log-{head}")),
                    red_on_base,
                    readable: true,
                })
            }
            Order::ComparePatch { old, new, .. } => {
                let equal = !self.mishap(3);
                Outcome::PatchCompared {
                    old: old.clone(),
                    new: new.clone(),
                    equal,
                    patch: "p".to_owned(),
                }
            }
            Order::Status { .. } => {
                let text = millhand::workflow::text::status::comment(
                    self.workflow(),
                    &millhand::workflow::waits::waits(self.workflow(), self.now),
                );
                Outcome::StatusWritten {
                    comment: self.comment(),
                    digest: millhand::workflow::text::status::digest(&text),
                }
            }
            Order::PostPlan { .. } | Order::PostQuestions { .. } | Order::AskPerson { .. } | Order::Reply { .. } => {
                Outcome::Posted {
                    comment: self.comment(),
                    at: self.now,
                }
            }
            Order::ShowChange { .. } => {
                let owner = ["maintainer", "reviewer"][usize::try_from(self.chance.below(2)).unwrap_or(0)];
                let owners = Owners {
                    people: if self.mishap(3) { vec![owner.to_owned()] } else { vec![] },
                    others: vec![],
                };
                Outcome::Shown {
                    comment: self.comment(),
                    at: self.now,
                    owners: vec![("Cargo.toml".to_owned(), owners)],
                }
            }
            Order::CreateBase { from } => Outcome::BaseCreated { head: from.clone() },
            Order::Open { target, branch, .. } => self.open_pull(*target, branch.clone()),
            Order::OpenRevert { .. } if self.mishap(6) => Outcome::Refused(Refused {
                kind: RefusalKind::Conflict,
                sentence: "both changed src/same.rs".to_owned(),
            }),
            Order::OpenRevert { base, .. } if self.mishap(6) => Outcome::TakenOut { head: base.clone() },
            Order::OpenRevert { branch, .. } => self.open_pull(Target::Release, branch.clone()),
            Order::OpenRelease => {
                let branch = self.workflow().release.branch.clone();
                self.open_pull(Target::Release, branch)
            }
            Order::Push { target, .. } => self.push(*target),
            Order::Present { target, .. } => {
                self.ready(*target);
                Outcome::Presented {
                    status: None,
                    asked: vec!["reviewer".to_owned()],
                    shown: self.marks(*target),
                }
            }
            Order::WriteCheck { target, .. } => Outcome::CheckWritten {
                shown: self.marks(*target),
            },
            Order::UpdateBranch { target, base, .. } => self.update(*target, base),
            Order::Merge { target, head, .. } => self.merge(*target, head),
            Order::TakeOut { .. } => self.take_out(),
            Order::WakeAt { .. } => Outcome::Woke,
            Order::ReadRevert { .. } => Outcome::Reverted { by: reviewer() },
            Order::Minimise { .. }
            | Order::React { .. }
            | Order::SetLabel
            | Order::Rerun { .. }
            | Order::MarkReady { .. }
            | Order::AnswerReviews { .. }
            | Order::DescribeRelease { .. }
            | Order::CloseIssue
            | Order::ClosePull { .. }
            | Order::DeleteBranches { .. } => self.small(order),
        }
    }

    fn small(&mut self, order: &Order) -> Outcome {
        if let Order::Rerun { target, .. } = order {
            let conclusion = if self.mishap(3) { "failure" } else { "success" };
            self.recheck(*target, conclusion);
        }
        if let Order::ClosePull { pull, .. } = order
            && let Some(pull) = self.pulls.get_mut(pull)
        {
            pull.view.state = PullState::Closed;
        }
        if let Order::MarkReady { target } = order {
            self.ready(*target);
        }
        Outcome::Settled { note: None }
    }

    /// What the check run of a target shows.
    fn marks(&self, target: Target) -> Vec<String> {
        let waits = millhand::workflow::waits::waits(self.workflow(), self.now);
        millhand::workflow::text::check::marks(self.workflow(), target, &waits)
    }

    /// The target's pull request leaves draft.
    fn ready(&mut self, target: Target) {
        for pull in self.pulls.values_mut().filter(|pull| pull.target == target) {
            pull.view.draft = false;
        }
    }

    fn comment(&mut self) -> CommentRef {
        let id = self.id();
        CommentRef {
            id,
            node_id: format!("IC_{id}"),
        }
    }

    fn survey(&mut self) -> Survey {
        let integration = !self.mishap(4);
        let ci = CiWorkflow {
            file: ".github/workflows/ci.yml".to_owned(),
            name: "ci".to_owned(),
            jobs: vec!["test".to_owned()],
            on_integration: integration,
            on_default: true,
            on_push: false,
            problem: None,
        };
        Survey {
            default_branch: "main".to_owned(),
            head: self.sha(),
            tree: BlobHash("tree".to_owned()),
            workflows: vec![ci],
            required_checks: vec![],
            required_of: BTreeMap::new(),
            required_reviews: 0,
            habits: millhand::workflow::habits::Habits::default(),
            squash: true,
            merge_commits: true,
            rebase: true,
            linear: false,
            deletes_branches: false,
            has_codeowners: false,
            active_writers: vec![reviewer()],
            reviewers: std::collections::BTreeMap::new(),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm a question")]
    fn model(&mut self, ask: &Ask) -> Outcome {
        if self.mishap(20) {
            let capacity = self.chance.once_in(2);
            return Outcome::Unanswered {
                sentence: "nonsense".to_owned(),
                capacity,
            };
        }
        if self.mishap(40) {
            return Outcome::OverBudget { needed: MicroUsd(1) };
        }
        let answer = match ask {
            Ask::Requirements { .. } => {
                let questions = if self.mishap(4) { vec!["Which?".to_owned()] } else { vec![] };
                Answer::Requirements(Requirements {
                    summary: "s".to_owned(),
                    criteria: vec!["c".to_owned()],
                    questions,
                })
            }
            Ask::Plan { .. } if self.mishap(6) => Answer::Missing {
                questions: vec!["What?".to_owned()],
            },
            Ask::Plan { .. } => Answer::Plan(self.plan()),
            Ask::Write { .. } if self.mishap(12) => Answer::Cannot {
                because: "no such thing".to_owned(),
            },
            Ask::Write { target, turn } => {
                let critical = if self.mishap(6) {
                    vec![Remark {
                        path: None,
                        line: None,
                        message: "a secret".to_owned(),
                    }]
                } else {
                    vec![]
                };
                let protected = if self.protects || self.mishap(12) {
                    vec![Protected {
                        path: "Cargo.toml".to_owned(),
                        because: "it is a manifest".to_owned(),
                    }]
                } else {
                    vec![]
                };
                let number = target.phase().map_or(0, |n| n.0);
                Answer::Change(Change {
                    blob: BlobHash(format!("{number:04x}{turn:04x}{:056x}", 0)),
                    summary: "change".to_owned(),
                    paths: vec!["src/a.rs".to_owned()],
                    executables: vec![],
                    report: Report {
                        critical,
                        protected,
                        ..Report::default()
                    },
                })
            }
            Ask::Diagnose { .. } => {
                let cause = if self.mischief == 0 {
                    Cause::Code
                } else {
                    [Cause::Code, Cause::Code, Cause::Flaky, Cause::Unknown][usize::try_from(self.chance.below(4)).unwrap_or(0)]
                };
                Answer::Diagnosis(Diagnosis {
                    cause,
                    explanation: "e".to_owned(),
                    evidence: String::new(),
                    files: vec![],
                })
            }
            Ask::Verify { .. } => {
                let met = !self.mishap(6);
                let criteria = vec![CriterionVerdict {
                    criterion: "c".to_owned(),
                    met,
                    evidence: "e".to_owned(),
                }];
                Answer::Verdict(Verdict {
                    criteria,
                    findings: vec![],
                    summary: "s".to_owned(),
                })
            }
            Ask::Notes { .. } => Answer::Notes(ReleaseNotes {
                headline: "h".to_owned(),
                changes: vec![],
            }),
        };
        Outcome::Answered(Box::new(answer))
    }

    fn plan(&mut self) -> Plan {
        let w = self.workflow();
        let bounds = PlanBounds {
            phases_max: 6,
            files_max: 25,
            last_number: w.last_number,
        };
        let count = 1 + self.chance.below(4);
        let phases = (1..=count)
            .map(|n| {
                let overlap = self.mishap(6);
                let depends_on = (1..n)
                    .filter(|_| self.chance.once_in(3))
                    .map(|n| u32::try_from(n).unwrap_or(1))
                    .collect();
                PhaseDraft {
                    slug: format!("p{}", (b'a' + u8::try_from(n).unwrap_or(0)) as char),
                    title: format!("Phase {n}"),
                    goal: "g".to_owned(),
                    files: vec![if overlap {
                        "src/same.rs".to_owned()
                    } else {
                        format!("src/{n}.rs")
                    }],
                    tests: vec![],
                    untested_because: None,
                    criteria: vec!["c".to_owned()],
                    depends_on,
                }
            })
            .collect();
        Plan::check(
            PlanDraft {
                architecture: "a".to_owned(),
                phases,
                missing: vec![],
                notes: vec![],
            },
            bounds,
        )
        .expect("a valid plan")
    }

    fn open_pull(&mut self, target: Target, branch: String) -> Outcome {
        let number = self.id();
        let base = self.workflow().track(target).map(|t| t.base.clone()).unwrap_or_default();
        let head = match target {
            Target::Release if self.workflow().reverting().is_some() => self.sha(),
            Target::Release => self
                .workflow()
                .heads
                .as_ref()
                .and_then(|h| h.integration.clone())
                .unwrap_or_else(|| Sha(String::new())),
            Target::Phase(_) => self.sha(),
        };
        let node_id = format!("PR_{number}");
        let view = PullView {
            open_threads: vec![],
            number,
            node_id: node_id.clone(),
            branch,
            head: head.clone(),
            base,
            state: PullState::Open,
            closed_by: None,
            draft: true,
            mergeable: Some(true),
            merge_state: "clean".to_owned(),
            updated_at: self.now,
        };
        self.pulls.insert(
            number,
            Pull {
                target,
                view,
                checks: vec![],
                reviews: vec![],
            },
        );
        self.check(number);
        Outcome::Opened {
            pull: PullRef { number, node_id },
            head,
            draft: true,
            status: None,
        }
    }

    /// CI runs on the head of a pull request.
    fn check(&mut self, number: u64) {
        let absent = self.mishap(10);
        let conclusion = if self.mishap(5) {
            let odd = ["failure", "failure", "failure", "cancelled", "timed_out", "action_required"];
            Some(odd[usize::try_from(self.chance.below(6)).unwrap_or(0)].to_owned())
        } else if self.slow_ci || self.mishap(20) {
            None
        } else {
            Some("success".to_owned())
        };
        let id = Some(self.id());
        let check = CheckView {
            name: "test".to_owned(),
            app: "github-actions".to_owned(),
            app_id: None,
            id,
            run: Some(5),
            conclusion,
            required: false,
            url: None,
        };
        if let Some(pull) = self.pulls.get_mut(&number) {
            pull.checks = if absent { vec![] } else { vec![check] };
        }
    }

    pub(crate) fn recheck(&mut self, target: Target, conclusion: &str) {
        let id = Some(self.id());
        for pull in self.pulls.values_mut().filter(|p| p.target == target) {
            for check in &mut pull.checks {
                check.id = id;
                check.conclusion = Some(conclusion.to_owned());
            }
        }
        self.hint(target);
    }

    fn hint(&mut self, target: Target) {
        if let Some(head) = self.workflow().track(target).and_then(|t| t.head.clone()) {
            let id = self.id();
            self.facts(vec![(
                format!("delivery:{id}"),
                Fact::Look(millhand::workflow::fact::Look::Head(head)),
            )]);
        }
    }

    fn push(&mut self, target: Target) -> Outcome {
        let Some(number) = self.workflow().track(target).and_then(|t| t.pull.as_ref()).map(|p| p.number) else {
            return Outcome::Refused(Refused {
                kind: RefusalKind::Gone,
                sentence: "no pull request".to_owned(),
            });
        };
        if self.mishap(10) {
            return Outcome::Refused(Refused {
                kind: RefusalKind::HeadMoved,
                sentence: "moved".to_owned(),
            });
        }
        let head = self.sha();
        self.set_head(number, &head);
        Outcome::Pushed { head, status: None }
    }

    fn set_head(&mut self, number: u64, head: &Sha) {
        if let Some(pull) = self.pulls.get_mut(&number) {
            pull.view.head = head.clone();
            pull.view.updated_at = self.now;
            pull.view.mergeable = Some(true);
            pull.view.merge_state = "clean".to_owned();
        }
        self.check(number);
    }

    fn update(&mut self, target: Target, base: &Sha) -> Outcome {
        let head = self.workflow().track(target).and_then(|track| track.head.clone());
        if let Some(head) = head.filter(|_| self.mishap(4)) {
            return Outcome::Clashed(Clash {
                head,
                base: base.clone(),
                blob: BlobHash("clash".to_owned()),
                paths: vec!["src/same.rs".to_owned()],
                brought: vec![],
            });
        }
        if self.mishap(4) {
            return Outcome::Refused(Refused {
                kind: RefusalKind::Conflict,
                sentence: "both changed src/same.rs".to_owned(),
            });
        }
        let head = self.sha();
        let branch = self.workflow().track(target).map(|track| track.branch.clone());
        let there = |pull: &&Pull| Some(&pull.view.branch) == branch.as_ref() && pull.view.state == PullState::Open;
        if let Some(number) = self.pulls.values().find(there).map(|pull| pull.view.number) {
            self.set_head(number, &head);
        }
        Outcome::BranchUpdated { head }
    }

    fn take_out(&mut self) -> Outcome {
        if self.mishap(4) {
            return Outcome::Refused(Refused {
                kind: if self.chance.once_in(2) {
                    RefusalKind::Conflict
                } else {
                    RefusalKind::HeadMoved
                },
                sentence: "both changed src/same.rs".to_owned(),
            });
        }
        let head = self.sha();
        let release = self
            .pulls
            .values()
            .find(|p| p.target == Target::Release)
            .map(|p| p.view.number);
        if let Some(number) = release {
            self.set_head(number, &head);
        }
        Outcome::TakenOut { head }
    }

    fn merge(&mut self, target: Target, head: &Sha) -> Outcome {
        if self.mishap(10) || (self.refuse_release && target == Target::Release) {
            let kind = if self.refuse_release || self.chance.once_in(2) {
                RefusalKind::Rules
            } else {
                RefusalKind::HeadMoved
            };
            return Outcome::Refused(Refused {
                kind,
                sentence: "not now".to_owned(),
            });
        }
        let Some(pull) = self
            .pulls
            .values()
            .find(|p| p.target == target && p.view.head == *head && p.view.state == PullState::Open)
        else {
            return Outcome::Refused(Refused {
                kind: RefusalKind::HeadMoved,
                sentence: "moved".to_owned(),
            });
        };
        let number = pull.view.number;
        self.merges.push((target, head.clone()));
        let sha = self.merged(number, None);
        Outcome::Merged { sha, status: None }
    }

    fn merged(&mut self, number: u64, by: Option<Person>) -> Sha {
        let sha = self.sha();
        let integration = self.workflow().release.branch.clone();
        let now = self.now;
        let Some(pull) = self.pulls.get_mut(&number) else { return sha };
        pull.view.state = PullState::Merged { sha: sha.clone(), by };
        pull.view.updated_at = now;
        let onto = pull.view.base.clone();
        if let Some(release) = self
            .pulls
            .values()
            .find(|p| p.target == Target::Release && p.view.branch == onto && onto == integration)
        {
            let release = release.view.number;
            self.set_head(release, &sha);
        }
        sha
    }

    /// What reading a pull request shows.
    fn show(&mut self, number: u64, facts: &mut Vec<(String, Fact)>) {
        let Some(pull) = self.pulls.get(&number).cloned() else {
            return;
        };
        let digest = self.id();
        facts.push((format!("pull:{number}:{digest}"), Fact::Pull(pull.view.clone())));
        let view = ChecksView {
            head: pull.view.head.clone(),
            checks: pull.checks.clone(),
            unfinished_suites: 0,
        };
        facts.push((format!("checks:{}:{digest}", pull.view.head), Fact::Checks(view)));
        for review in pull.reviews {
            facts.push((format!("review:{}:{:?}", review.id, review.state), Fact::Review(review)));
        }
    }

    /// The people do what is waited for: answer, approve, retry.
    pub(crate) fn people_help(&mut self) -> bool {
        let waits = millhand::workflow::waits::waits(self.workflow(), self.now);
        let Some(wait) = waits.first().cloned() else { return false };
        use millhand::workflow::waits::What;
        match wait.what {
            What::Question => self.say(maintainer(), "All of them."),
            What::PhaseReview if wait.phase.is_none() => self.merge_revert(),
            What::PhaseReview => {
                let number = wait
                    .phase
                    .and_then(|n| self.workflow().phase(n))
                    .and_then(|p| p.track.pull.as_ref())
                    .map(|p| p.number);
                if let Some(number) = number {
                    self.review(number, ReviewState::Approved);
                }
            }
            What::ReleaseApproval => self.say(reviewer(), "/approve release"),
            What::Budget => self.say(maintainer(), "/budget 40"),
            What::Ci => self.all_green(),
            What::Conflict | What::MergeRefused | What::Attempts | What::PullRequestClosed | What::Github | What::Model => {
                self.all_green();
                let retry = wait
                    .command
                    .map_or_else(|| "/retry".to_owned(), |c| c.replace(" -- <hint>", ""));
                self.say(maintainer(), &retry);
            }
            What::PlanApproval | What::NoCi | What::OtherWork | What::Held | What::Paused => {
                let command = wait.command.unwrap_or_default();
                self.say(maintainer(), &command);
            }
            What::ProtectedChange if self.mishap(6) => {
                let number = wait.phase.map_or_else(|| "release".to_owned(), |n| n.to_string());
                self.say(maintainer(), &format!("/revise {number} otherwise"));
            }
            What::ProtectedChange => {
                let who = if wait.who == "maintainer" { maintainer() } else { reviewer() };
                self.say(who, &wait.command.unwrap_or_default());
            }
            What::RateLimit | What::Slot | What::Dependency | What::Clock => return false,
        }
        true
    }

    /// A person merges the pull request that takes something back.
    fn merge_revert(&mut self) {
        let Some(pull) = self.workflow().release.pull.clone() else {
            return;
        };
        self.merged(pull.number, Some(reviewer()));
        let id = self.id();
        let look = Fact::Look(millhand::workflow::fact::Look::Pull(pull.number));
        self.facts(vec![(format!("delivery:{id}"), look)]);
    }

    fn all_green(&mut self) {
        let targets: Vec<Target> = self.pulls.values().map(|p| p.target).collect();
        for target in targets {
            self.recheck(target, "success");
        }
    }

    pub(crate) fn say(&mut self, by: Person, body: &str) {
        self.say_on(Thread::Issue, by, body);
    }

    fn say_on(&mut self, on: Thread, by: Person, body: &str) {
        let id = self.id();
        let view = CommentView {
            id,
            node_id: format!("IC_{id}"),
            on,
            by,
            body: body.to_owned(),
            at: self.now,
            edited: false,
        };
        self.facts(vec![(format!("comment:{id}"), Fact::Comment(view))]);
    }

    pub(crate) fn review(&mut self, number: u64, state: ReviewState) {
        let id = self.id();
        let at = self.now;
        if let Some(pull) = self.pulls.get_mut(&number) {
            let commit = pull.view.head.clone();
            let node_id = format!("PRR_{id}");
            let review = ReviewView {
                edited: false,
                id,
                node_id,
                pull: number,
                by: reviewer(),
                state,
                commit,
                body: "b".to_owned(),
                remarks: vec![],
                at,
            };
            pull.reviews.push(review);
        }
        self.facts(vec![(
            format!("delivery:{id}"),
            Fact::Look(millhand::workflow::fact::Look::Pull(number)),
        )]);
    }

    /// A person pushes to the branch of a target.
    pub(crate) fn foreign_push(&mut self, target: Target) {
        let numbers: Vec<u64> = self
            .pulls
            .iter()
            .filter(|(_, p)| p.target == target)
            .map(|(n, _)| *n)
            .collect();
        for number in numbers {
            let (id, head) = (self.id(), self.sha());
            self.now = self.now.plus(Duration::from_secs(1));
            self.set_head(number, &head);
            self.facts(vec![(
                format!("delivery:{id}"),
                Fact::Look(millhand::workflow::fact::Look::Pull(number)),
            )]);
        }
    }

    fn base_moves(&mut self, id: u64) {
        let heads = Heads {
            default: self.sha(),
            integration: self.workflow().heads.as_ref().and_then(|h| h.integration.clone()),
            gone: false,
        };
        self.facts(vec![(format!("heads:{id}"), Fact::Heads(heads))]);
    }

    /// Somebody does something, as chance will have it.
    pub(crate) fn somebody_acts(&mut self) {
        let numbers: Vec<u64> = self
            .pulls
            .iter()
            .filter(|(_, p)| p.view.state == PullState::Open)
            .map(|(n, _)| *n)
            .collect();
        let number = numbers
            .get(usize::try_from(self.chance.below(numbers.len() as u64)).unwrap_or(0))
            .copied();
        let id = self.id();
        match (self.chance.below(20), number) {
            (0, _) => self.say(reviewer(), "/revise split it otherwise"),
            (1, _) => self.say(maintainer(), "/pause"),
            (2, _) => self.say(maintainer(), "/resume"),
            (3, _) => self.say(person(9, "stranger", Permission::Read), "/approve"),
            (4, _) if self.chance.once_in(12) => self.say(maintainer(), "/cancel"),
            (5, _) if self.chance.once_in(2) => self.say(maintainer(), "/retry 1 -- mind the gap"),
            (5, _) => {
                let n = 1 + self.chance.below(4);
                self.say(maintainer(), &format!("/revise {n} otherwise"));
            }
            (6, Some(number)) => self.review(number, ReviewState::ChangesRequested),
            (7, Some(number)) => self.review(number, ReviewState::Approved),
            (8, Some(number)) => {
                let head = self.sha();
                self.set_head(number, &head);
                self.facts(vec![(
                    format!("delivery:{id}"),
                    Fact::Look(millhand::workflow::fact::Look::Pull(number)),
                )]);
            }
            (9, Some(number)) => {
                self.merged(number, Some(reviewer()));
                self.facts(vec![(
                    format!("delivery:{id}"),
                    Fact::Look(millhand::workflow::fact::Look::Pull(number)),
                )]);
            }
            (10, Some(number)) => {
                if let Some(pull) = self.pulls.get_mut(&number) {
                    pull.view.state = PullState::Closed;
                    pull.view.updated_at = self.now;
                }
                self.facts(vec![(
                    format!("delivery:{id}"),
                    Fact::Look(millhand::workflow::fact::Look::Pull(number)),
                )]);
            }
            (act @ 16..20, number) => self.somebody_chooses(act, number),
            (11, _) => self.edit_issue(),
            (12, _) => self.label(false),
            (13, _) => self.label(true),
            (14, Some(number)) if self.chance.once_in(2) => {
                let target = self.pulls[&number].target;
                self.recheck(target, "failure");
            }
            (14, _) => {
                self.base_moves(id);
            }
            _ => {
                self.now = self.now.plus(Duration::from_secs(self.chance.below(600)));
            }
        }
    }

    /// Somebody holds, leaves out or begins something afresh.
    fn somebody_chooses(&mut self, act: u64, pull: Option<u64>) {
        match (act, pull) {
            (16, Some(number)) if self.chance.once_in(2) => self.say_on(Thread::Pull(number), maintainer(), "/hold"),
            (16, _) => self.say(maintainer(), "/hold"),
            (17, _) => self.say(reviewer(), "/unhold"),
            (18, _) if self.chance.once_in(3) => {
                let what = ["1", "2", "3", "plan", "all"][usize::try_from(self.chance.below(5)).unwrap_or(0)];
                self.say(maintainer(), &format!("/rollback {what}"));
            }
            (18, _) => {
                let n = 1 + self.chance.below(4);
                self.say(maintainer(), &format!("/retry {n} fresh"));
            }
            _ => {
                let n = 1 + self.chance.below(6);
                self.say(maintainer(), &format!("/skip {n}"));
            }
        }
    }

    fn edit_issue(&mut self) {
        let id = self.id();
        let mut view = self.start.issue.clone();
        view.body = format!("- edited {id}");
        let by_writer = self.chance.once_in(2);
        view.editor = Some(if by_writer {
            maintainer()
        } else {
            person(9, "stranger", Permission::Read)
        });
        view.edited_at = Some(self.now);
        self.facts(vec![(format!("issue:{id}"), Fact::Issue(view))]);
    }

    fn label(&mut self, on: bool) {
        let id = self.id();
        let name = "millhand".to_owned();
        let what = if on {
            TimelineKind::Labeled(name)
        } else {
            TimelineKind::Unlabeled(name)
        };
        let event = TimelineEvent {
            id: format!("LE_{id}"),
            what,
            by: maintainer(),
            at: self.now,
        };
        self.facts(vec![(format!("label-event:{id}"), Fact::Timeline(event))]);
    }
}
