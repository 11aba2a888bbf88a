//! `demo`: everything on this machine, in one process: a simulated GitHub with real git and CI that really runs, the
//! offline model, an SQLite file in a temporary folder, and people who do what Millhand asks of them.
//!
//! Millhand is the same program that `serve` is; the people speak GitHub's REST API with their own tokens.
//!
//! Invariant: nothing is shown that did not happen: states come from the API, merges and notifications from GitHub.

mod narrator;
mod people;
mod report;

use std::collections::BTreeSet;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tempfile::TempDir;

use super::args;
use super::client::{Client, part};
use super::failure::Failure;
use super::service::Service;
use super::signals;
use super::sim::Simulated;
use crate::clock::{Clock as _, Entropy as _, Millis, SystemClock, SystemEntropy};
use crate::config::{Config, Environment};
use crate::sim::WebhookTarget;
use crate::sim::seed::{ISSUE_TITLE, ORGANISATION, REPOSITORY};
use narrator::Narrator;
use people::People;

/// The issue that is built.
const ISSUE: u64 = 1;

/// How often the demo looks at the API.
const LOOK: Duration = Duration::from_millis(150);

/// How long a person may follow each step with `--slow`.
const SLOW: Duration = Duration::from_secs(3);

/// Nothing moved for so long: it will not move any more. CI of the demo takes seconds.
const STANDSTILL: Duration = Duration::from_secs(90);

/// Random bytes of the API's token.
const TOKEN_BYTES: usize = 16;

/// The shortened times, as settings.
const TIMES: [(&str, &str, &str); 5] = [
    ("MILLHAND__GITHUB__MUTATION_INTERVAL_MS", "0", "no pause between changes"),
    (
        "MILLHAND__COMMENTS__EDIT_SECONDS",
        "0",
        "every edit of the status comment at once",
    ),
    ("MILLHAND__REVIEWS__QUIET_SECONDS", "1", "1 s of quiet after a review"),
    ("MILLHAND__RECONCILE__ACTIVE_SECONDS", "2", "a look at GitHub every 2 s"),
    (
        "MILLHAND__DEFAULTS__CI__GRACE_MINUTES",
        "0.25",
        "15 s for the first check to appear",
    ),
];

pub(super) async fn demo(wanted: args::Demo) -> Result<(), Failure> {
    let stop = signals::told_to_stop();
    tokio::pin!(stop);
    let stage = Stage::build(&wanted).await?;
    let narrator = Narrator::new(wanted.slow.then_some(SLOW));
    stage.introduce(&narrator);
    let end = tokio::select! {
        () = &mut stop => Err(Failure::failed("The demo was stopped.")),
        end = stage.play(&narrator) => end,
    };
    narrator.end();
    if let Ok(workflow) = &end {
        report::tell(&stage, workflow, &narrator);
    }
    let keeps_serving = !wanted.exit && end.is_ok();
    if keeps_serving {
        stage.invite(&narrator);
        stop.await;
    }
    stage.strike().await;
    end.map(|_| ())
}

/// All that plays.
struct Stage {
    github: Simulated,
    service: Service,
    client: Client,
    people: People,
    token: SecretString,
    began: Millis,
    _folder: TempDir,
}

impl Stage {
    async fn build(wanted: &args::Demo) -> Result<Self, Failure> {
        let began = SystemClock.now();
        let github = Simulated::start(&args::Sim {
            port: wanted.sim_port,
            webhook_url: None,
            secret: None,
            seed: None,
            env_file: None,
            no_ci: false,
        })
        .await?;
        let folder =
            TempDir::with_prefix("millhand-demo-").map_err(|error| Failure::failed(format!("No temporary folder: {error}.")))?;
        let token = SecretString::from(SystemEntropy.hex(TOKEN_BYTES));
        let env = settings(
            &github,
            wanted.port,
            (&folder.path().join("millhand.db").display().to_string(), &token),
        )?;
        let service = Service::start(&Config::read(None, &env)?).await?;
        let base = format!("http://{}", service.address);
        github.sim.set_webhook(WebhookTarget::Url(format!("{base}/webhooks/github")));
        let client = Client::with(base, token.clone())?;
        let people = People::new(&github.base)?;
        Ok(Self {
            github,
            service,
            client,
            people,
            token,
            began,
            _folder: folder,
        })
    }

    fn introduce(&self, to: &Narrator) {
        to.say("Millhand demo: a simulated GitHub, an offline model (scripted, it understands no language), an SQLite file.");
        to.say("Real are git, the webhooks with their signatures, the CI that runs the repository's tests, and Millhand itself.");
        let times: Vec<&str> = TIMES.iter().map(|(_, _, said)| *said).collect();
        to.say(&format!("Times are shortened: {}.", times.join(", ")));
        to.say(&format!("  the repository  {}/{ORGANISATION}/{REPOSITORY}", self.github.base));
        to.say(&format!("  Millhand's API  http://{}/api/v1/workflows", self.service.address));
        to.say(&format!("  its token       {}", self.token.expose_secret()));
        to.say("");
    }

    /// From the label to the end. The workflow as it was then.
    async fn play(&self, narrator: &Narrator) -> Result<Value, Failure> {
        narrator
            .step(&format!("maintainer labels issue {ISSUE}, \"{ISSUE_TITLE}\""))
            .await;
        self.people.label(ISSUE, "millhand").await?;
        let path = format!("workflows/{}", part(&format!("{ORGANISATION}/{REPOSITORY}#{ISSUE}")));
        let mut watch = Watch::new(SystemClock.now());
        loop {
            tokio::time::sleep(LOOK).await;
            let now = SystemClock.now();
            if now.since(watch.moved) > STANDSTILL {
                return Err(Failure::failed(format!("The demo stands still: {}", watch.last)));
            }
            let workflow = match self.client.get(&path).await {
                Ok(workflow) => workflow,
                Err(error) if error.code == super::failure::NOT_FOUND => continue,
                Err(error) => return Err(error),
            };
            self.news(&path, &workflow, (&mut watch, narrator)).await?;
            match workflow["status"].as_str() {
                Some("complete") => return Ok(workflow),
                Some(ended @ ("failed" | "cancelled" | "rolled_back" | "paused")) => {
                    let sentence = workflow["waiting_for"]["sentence"]
                        .as_str()
                        .or(workflow["reason"].as_str())
                        .unwrap_or_default();
                    return Err(Failure::failed(format!("The workflow is {ended}. {sentence}")));
                }
                Some(_) | None => self.act(&workflow, (&mut watch, narrator)).await?,
            }
        }
    }

    /// Tells what moved since the last look.
    async fn news(&self, path: &str, workflow: &Value, (watch, narrator): (&mut Watch, &Narrator)) -> Result<(), Failure> {
        let list = self
            .client
            .list(&format!("{path}/history"), "transitions", usize::MAX)
            .await?;
        let transitions = list["transitions"].as_array().map_or(&[][..], Vec::as_slice);
        for transition in transitions.iter().skip(watch.told) {
            narrator.transition(transition, workflow).await;
            watch.moved = SystemClock.now();
        }
        watch.told = transitions.len();
        for phase in workflow["phases"].as_array().into_iter().flatten() {
            let (id, pull) = (phase["id"].as_str().unwrap_or_default(), &phase["pull_request"]);
            if let Some(sha) = phase["merged"].as_str()
                && watch.merged.insert(id.to_owned())
            {
                narrator.say(&format!(
                    "  {id:<14} merged by pull request {pull} as {}",
                    sha.get(..10).unwrap_or(sha)
                ));
            }
        }
        let sentence = workflow["waiting_for"]["sentence"].as_str().unwrap_or("at work");
        if sentence != watch.last {
            sentence.clone_into(&mut watch.last);
            watch.moved = SystemClock.now();
        }
        narrator.standing(workflow, sentence);
        Ok(())
    }

    /// Lets people do what they are asked for, each thing once.
    async fn act(&self, workflow: &Value, (watch, narrator): (&mut Watch, &Narrator)) -> Result<(), Failure> {
        for wait in workflow["waits"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|wait| wait["kind"] == "person")
        {
            let asked = format!("{} {} {}", wait["what"], wait["phase"], wait["hash"]);
            if !watch.answered.insert(asked) {
                continue;
            }
            if let Some(act) = people::answer(wait, workflow, watch.objected) {
                narrator.step(&act.told()).await;
                watch.objected |= act.objects();
                self.people.perform(&act).await?;
                watch.moved = SystemClock.now();
            }
        }
        Ok(())
    }

    fn invite(&self, to: &Narrator) {
        to.say("");
        to.say(&format!(
            "Look around at {}/{ORGANISATION}/{REPOSITORY}, or clone it:",
            self.github.base
        ));
        to.say(&format!("  git clone {}/{ORGANISATION}/{REPOSITORY}.git", self.github.base));
        to.say(&format!(
            "  MILLHAND_API_TOKEN={} millhand list --server http://{}",
            self.token.expose_secret(),
            self.service.address
        ));
        to.say("Everything is gone when this ends: ctrl-c.");
    }

    async fn strike(self) {
        self.service.stop().await;
        self.github.stop().await;
    }
}

/// What was seen so far.
struct Watch {
    /// Transitions told.
    told: usize,
    /// Phases whose merge was told.
    merged: BTreeSet<String>,
    /// Requests to people that were answered.
    answered: BTreeSet<String>,
    /// Whether somebody asked for changes; once is enough to show it.
    objected: bool,
    /// The last sentence about what is waited for.
    last: String,
    /// When something moved last.
    moved: Millis,
}

impl Watch {
    fn new(now: Millis) -> Self {
        Self {
            told: 0,
            merged: BTreeSet::new(),
            answered: BTreeSet::new(),
            objected: false,
            last: "nothing began".to_owned(),
            moved: now,
        }
    }
}

/// What `serve` would be told by the environment.
fn settings(github: &Simulated, port: u16, (database, token): (&str, &SecretString)) -> Result<Environment, Failure> {
    let (id, key) = github
        .app()
        .ok_or_else(|| Failure::failed("The simulated GitHub has no App."))?;
    let listen = format!("127.0.0.1:{port}");
    let api = format!("{}/api/v3", github.base);
    let named = [
        ("MILLHAND_LISTEN", listen.as_str()),
        ("MILLHAND_DATABASE_URL", database),
        ("MILLHAND_API_TOKEN", token.expose_secret()),
        ("MILLHAND_MODEL", "offline"),
        ("GITHUB_API_URL", &api),
        ("GITHUB_APP_ID", &id),
        ("GITHUB_PRIVATE_KEY", key.expose_secret()),
        ("GITHUB_WEBHOOK_SECRET", github.secret.expose_secret()),
    ];
    let times = TIMES.iter().map(|(name, value, _)| (*name, *value));
    Ok(named
        .into_iter()
        .chain(times)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}
