//! Asking a model: the worst price is reserved first, the answer is checked, a broken one is asked for again.
//!
//! Invariant: no call without a reservation; whatever a call cost is booked, also when its answer is of no use.

use std::collections::{BTreeMap, BTreeSet};

use super::phase::object_id;
use super::{At, Ended, Trouble, conflict, cost_seen};
use crate::github::EntryKind;
use crate::llm::answer::Answer as Read;
use crate::llm::profile::Profile;
use crate::llm::task::{Task, profile_of};
use crate::llm::{ModelError, Prompt, cache, prompt};
use crate::store::{Blob, NewCall, Reservation, SettledCall};
use crate::workflow::answer::ChangeSet;
use crate::workflow::fact::{Answer, Change, Clash, Outcome, Target};
use crate::workflow::ids::{BlobHash, MicroUsd};
use crate::workflow::order::Ask;
use crate::workflow::plan::{Plan, PlanBounds};
use crate::workflow::validate::{self, Report};

/// Paths that are looked up in one query. Validation takes far fewer files in one change.
const KINDS_MAX: usize = 200;

/// A call that was made, or found in the cache.
struct Called {
    text: String,
}

/// Why a call was not made, or gave nothing.
enum Uncalled {
    OverBudget(MicroUsd),
    Failed(ModelError),
}

impl At<'_> {
    /// Asks the role's model and checks what it answers.
    pub(super) async fn ask(&self, ask: &Ask) -> Result<Ended, Trouble> {
        let task = self.task(ask).await?;
        let profile = self.profile(&task)?;
        let key = &self.p.engine.0.envelope;
        let mut prompt = prompt::render(&task, key, &profile).map_err(|e| Trouble::Never(e.to_string()))?;
        let outcome = loop {
            let called = match self.call(ask, &profile, &prompt).await? {
                Ok(called) => called,
                Err(uncalled) => break unanswered(uncalled),
            };
            let wrong = match prompt.read(&called.text) {
                Ok(read) => match self.accept(ask, &task, read).await? {
                    Ok((answer, blobs)) => {
                        let cost = cost_seen(self.p.engine.0.store.cost(self.w.id.clone()).await?);
                        let outcome = Outcome::Answered(Box::new(answer));
                        return Ok(Ended {
                            blobs,
                            cost: Some(cost),
                            ..Ended::with(outcome)
                        });
                    }
                    Err(wrong) => wrong,
                },
                Err(error) => error.to_string(),
            };
            match prompt.with_error(&called.text, &wrong) {
                Some(again) => prompt = again,
                None => {
                    let sentence = format!("the {} model's answer does not hold ({})", profile.name, first_line(&wrong));
                    break Outcome::Unanswered {
                        sentence,
                        capacity: false,
                    };
                }
            }
        };
        let cost = cost_seen(self.p.engine.0.store.cost(self.w.id.clone()).await?);
        Ok(Ended {
            cost: Some(cost),
            ..Ended::with(outcome)
        })
    }

    fn profile(&self, task: &Task) -> Result<Profile, Trouble> {
        let name = profile_of(task.role(), &self.w.settings.models);
        let found = self.p.engine.0.profiles.get(name).cloned();
        found.ok_or_else(|| Trouble::Never(format!("there is no model profile {name:?}; the operator must configure it")))
    }

    /// One call: out of the cache, or reserved, made and settled.
    async fn call(&self, ask: &Ask, profile: &Profile, prompt: &Prompt) -> Result<Result<Called, Uncalled>, Trouble> {
        let store = &self.p.engine.0.store;
        let scope = cache::Scope {
            installation: self.w.repository.installation,
            repository: self.w.repository.id,
        };
        let key = cache::key(scope, profile, prompt);
        if let Some(hash) = store.cached(key.clone()).await?
            && let Some(bytes) = store.blob(hash).await?
        {
            return Ok(Ok(Called {
                text: String::from_utf8_lossy(&bytes).into_owned(),
            }));
        }
        let now = self.p.engine.now();
        let asked = Blob::new(format!("{}\n\n{}", prompt.system, prompt.user).into_bytes());
        let worst = profile.worst_price(prompt);
        let call = NewCall {
            id: self.p.engine.0.entropy.uuid_v7(now).to_string(),
            workflow: self.w.id.clone(),
            phase: phase_of(ask),
            role: prompt.role.name().to_owned(),
            task: prompt.task.name().to_owned(),
            effect: self.p.effect.key.clone(),
            profile: profile.name.clone(),
            provider: profile.provider.name().to_owned(),
            model: profile.model.clone(),
            prompt: asked.hash.clone(),
            worst_microusd: worst.0,
            cap_microusd: self.w.budget.0,
            nominal: profile.nominal,
            now,
        };
        let id = call.id.clone();
        store.put_blobs(vec![asked]).await?;
        if let Reservation::OverCap(_) = store.reserve_call(call).await? {
            return Ok(Err(Uncalled::OverBudget(worst)));
        }
        let model = self.p.engine.0.profiles.model(profile);
        let completed = model.complete(prompt.clone()).await;
        let settled = match &completed {
            Ok(completion) => SettledCall {
                id,
                cost_microusd: profile.price(completion.usage).0,
                input_tokens: i64::try_from(completion.usage.input_tokens).unwrap_or(i64::MAX),
                output_tokens: i64::try_from(completion.usage.output_tokens).unwrap_or(i64::MAX),
                outcome: "ok".to_owned(),
                answer: Some(Blob::new(completion.text.clone().into_bytes())),
                // Only what reads as an answer is worth keeping.
                cache_key: prompt.read(&completion.text).is_ok().then_some(key),
                now: self.p.engine.now(),
            },
            Err(error) => SettledCall {
                id,
                // Nobody knows what a call that broke off cost: the worst is booked.
                cost_microusd: if error.may_have_cost() { worst.0 } else { 0 },
                input_tokens: 0,
                output_tokens: 0,
                outcome: error.to_string(),
                answer: None,
                cache_key: None,
                now: self.p.engine.now(),
            },
        };
        store.settle_call(settled).await?;
        Ok(completed.map(|c| Called { text: c.text }).map_err(Uncalled::Failed))
    }

    /// What an answer means here; or what is wrong with it, for the model to be told.
    async fn accept(&self, ask: &Ask, task: &Task, read: Read) -> Result<Result<(Answer, Vec<Blob>), String>, Trouble> {
        Ok(match read {
            Read::Requirements(found) => Ok((Answer::Requirements(found), Vec::new())),
            Read::Plan(draft) if !draft.missing.is_empty() => Ok((
                Answer::Missing {
                    questions: draft.missing,
                },
                Vec::new(),
            )),
            Read::Plan(draft) => {
                let limits = &self.w.settings.limits;
                let bounds = PlanBounds {
                    phases_max: self.w.settings.phases_max(),
                    files_max: limits.files_per_phase,
                    last_number: self.w.last_number,
                };
                Plan::check(draft, bounds)
                    .map(|plan| (Answer::Plan(plan), Vec::new()))
                    .map_err(|e| e.to_string())
            }
            Read::Change(set) => match &set.cannot {
                Some(because) => Ok((
                    Answer::Cannot {
                        because: because.clone(),
                    },
                    Vec::new(),
                )),
                None => match self.settles(ask).and_then(|clash| conflict::unsettled(clash, &set)) {
                    Some(wrong) => Err(wrong),
                    None => Ok(self.validated(ask, task, &set).await?),
                },
            },
            Read::Diagnosis(found) => Ok((Answer::Diagnosis(found), Vec::new())),
            Read::Verdict(found) => Ok((Answer::Verdict(found), Vec::new())),
            Read::Notes(found) => Ok((Answer::Notes(found), Vec::new())),
        })
    }

    /// The clash that a change is to settle.
    fn settles(&self, ask: &Ask) -> Option<&Clash> {
        let Ask::Write { target, .. } = ask else { return None };
        self.w.track(*target)?.clash.as_ref()
    }

    /// A change set with what validation found; the core decides what follows.
    async fn validated(&self, ask: &Ask, task: &Task, set: &ChangeSet) -> Result<(Answer, Vec<Blob>), Trouble> {
        let target = if let Ask::Write { target, .. } = ask {
            *target
        } else {
            Target::Release
        };
        let mut base_paths: BTreeSet<String> = self.paths().await?.into_iter().collect();
        let mut texts: BTreeMap<String, String> = BTreeMap::new();
        if let Task::Write { files, .. } = task {
            texts.extend(files.iter().map(|f| (f.path.clone(), f.content.clone())));
        }
        base_paths.extend(texts.keys().cloned());
        let phase = target.phase().and_then(|n| self.w.phase(n)).map(|p| &p.plan);
        let kinds = self.kinds(target, set, &base_paths).await?;
        let no_file = |(path, kind): (&String, &EntryKind)| match kind {
            EntryKind::Link => Some((path.clone(), "a symbolic link")),
            EntryKind::Submodule => Some((path.clone(), "another repository")),
            EntryKind::File | EntryKind::Executable => None,
        };
        let executable = |(path, kind): (String, EntryKind)| (kind == EntryKind::Executable).then_some(path);
        let report: Report = validate::validate(&validate::Input {
            no_files: &kinds.iter().filter_map(no_file).collect(),
            change: set,
            phase,
            limits: &self.w.settings.limits,
            protected: &self.w.settings.protected_paths,
            base_paths: &base_paths,
            texts: &texts,
        });
        // A change set has only strings: serialising it cannot fail.
        let blob = Blob::new(serde_json::to_vec(set).unwrap_or_default());
        let change = Change {
            blob: BlobHash(blob.hash.clone()),
            summary: set.summary.clone(),
            paths: set.files.iter().map(|f| f.path.clone()).collect(),
            executables: kinds.into_iter().filter_map(executable).collect(),
            report,
        };
        Ok((Answer::Change(change), vec![blob]))
    }

    /// What stands where a change set writes over something, at the commit that it is put on; a change of new files only
    /// needs no look.
    async fn kinds(
        &self,
        target: Target,
        set: &ChangeSet,
        there: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, EntryKind>, Trouble> {
        let track = self.track(target)?;
        let over = set.files.iter().filter(|f| f.content.is_some() && there.contains(&f.path));
        let over: Vec<String> = over.map(|f| f.path.clone()).take(KINDS_MAX).collect();
        match track.head.as_ref().or(track.from.as_ref()) {
            Some(at) if !over.is_empty() => Ok(self.p.github.kinds(&self.repo, &object_id(at)?, &over).await?),
            _ => Ok(BTreeMap::new()),
        }
    }
}

fn unanswered(uncalled: Uncalled) -> Outcome {
    match uncalled {
        Uncalled::OverBudget(needed) => Outcome::OverBudget { needed },
        Uncalled::Failed(error) => Outcome::Unanswered {
            capacity: error.retryable(),
            sentence: error.to_string(),
        },
    }
}

fn phase_of(ask: &Ask) -> Option<i64> {
    let target = match ask {
        Ask::Write { target, .. } | Ask::Diagnose { target, .. } | Ask::Verify { target, .. } => *target,
        Ask::Requirements { .. } | Ask::Plan { .. } | Ask::Notes { .. } => return None,
    };
    target.phase().map(|n| i64::from(n.0))
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
