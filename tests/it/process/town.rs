//! A simulated GitHub with its people, and the bot beside it, as two processes. People act through GitHub's REST API with
//! their own tokens, the bot is asked through its own.
//!
//! Invariant: people do each thing once, whatever happens to the bot meanwhile.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::Duration;

use millhand::clock::{Clock as _, Millis, SystemClock};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{Running, millhand, run, with_compiler};

/// Between two looks, if the bot says nothing.
const LOOK: Duration = Duration::from_millis(100);

/// Nothing moved for so long: it hangs. A lease of the dead is half a minute, CI takes seconds.
const STANDSTILL: Duration = Duration::from_secs(120);

/// Times that a test need not wait out. Those of the reconcile sweep are each test's own.
const QUICK: [(&str, &str); 3] = [
    ("MILLHAND__COMMENTS__EDIT_SECONDS", "0"),
    ("MILLHAND__REVIEWS__QUIET_SECONDS", "0"),
    ("RUST_LOG", "warn,millhand=debug,millhand::http=info"),
];

/// What a town is like.
#[derive(Clone, Copy, Default)]
pub(super) struct Plan {
    /// GitHub knows where the bot listens.
    pub(super) webhooks: bool,
    /// GitHub signs with another secret than the bot was given.
    pub(super) estranged: bool,
    /// GitHub runs no CI.
    pub(super) no_ci: bool,
    /// The reviewer asks the phase of this number for changes before he approves it.
    pub(super) objects_to: Option<u64>,
    /// More settings of the bot.
    pub(super) settings: &'static [(&'static str, &'static str)],
}

/// GitHub, its people, and the bot.
pub(super) struct Town {
    pub(super) folder: TempDir,
    /// Where GitHub is reached.
    pub(super) github: String,
    /// The issue that is built.
    pub(super) issue: u64,
    plan: Plan,
    /// Where the bot listens, each time it is started.
    bot_at: String,
    bot: Option<Running>,
    _github: Running,
    runtime: Runtime,
    http: reqwest::Client,
    answered: BTreeSet<String>,
    moved: (String, Millis),
}

impl Town {
    /// GitHub runs; the bot does not yet.
    pub(super) fn found(plan: Plan) -> Self {
        let folder = TempDir::new().unwrap();
        // Kept free until the bot takes it: GitHub has to be told the address before the bot is there.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let bot_at = format!("127.0.0.1:{port}");
        let mut sim = millhand(folder.path());
        with_compiler(&mut sim).args(["sim", "--port", "0", "--env-file", "sim.env"]);
        if plan.webhooks {
            sim.args(["--webhook-url", &format!("http://{bot_at}/webhooks/github")]);
        }
        if plan.no_ci {
            sim.arg("--no-ci");
        }
        let mut running = Running::start(&mut sim);
        let github = running.line("Simulated GitHub at").split(' ').nth(3).unwrap().to_owned();
        running.line("Settings for `millhand serve`");
        Self {
            folder,
            github,
            issue: 1,
            plan,
            bot_at,
            bot: None,
            _github: running,
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            http: reqwest::Client::builder().no_proxy().user_agent("people").build().unwrap(),
            answered: BTreeSet::new(),
            moved: (String::new(), SystemClock.now()),
        }
    }

    /// The bot's own command line, without a command.
    pub(super) fn bot(&self) -> std::process::Command {
        let file = std::fs::read_to_string(self.folder.path().join("sim.env")).unwrap();
        let mut command = millhand(self.folder.path());
        command.envs(file.lines().filter_map(|line| line.split_once('=')));
        if self.plan.estranged {
            command.env("GITHUB_WEBHOOK_SECRET", "of another app");
        }
        command
            .envs(QUICK.into_iter().chain(self.plan.settings.iter().copied()))
            .env("MILLHAND_LISTEN", &self.bot_at)
            .env("MILLHAND_API_TOKEN", "let-me-in");
        command
    }

    /// Where the bot listens once it runs.
    pub(super) fn bot_url(&self) -> String {
        format!("http://{}", self.bot_at)
    }

    /// Starts the bot.
    pub(super) fn serve(&mut self) {
        let mut bot = self.bot();
        self.serve_as(bot.arg("serve"));
    }

    /// Starts the bot by a command of the test's own.
    pub(super) fn serve_as(&mut self, command: &mut std::process::Command) {
        assert!(self.bot.is_none(), "one bot at a time");
        let mut bot = Running::start(command);
        bot.line("Millhand listens at");
        self.moved.1 = SystemClock.now();
        self.bot = Some(bot);
    }

    /// The running bot, to be ended.
    pub(super) fn take_bot(&mut self) -> Running {
        self.bot.take().unwrap()
    }

    /// Somebody opens an issue, which is from now on the one that is built.
    pub(super) fn open_issue(&mut self, title: &str, body: &str) {
        let issue = self.act("maintainer", "POST", "issues", &json!({ "title": title, "body": body }));
        self.issue = issue["number"].as_u64().unwrap();
    }

    /// The maintainer sets the label.
    pub(super) fn label(&mut self) {
        let path = format!("issues/{}/labels", self.issue);
        self.act("maintainer", "POST", &path, &json!({ "labels": ["millhand"] }));
    }

    /// What a person does through the API of the repository.
    pub(super) fn act(&self, login: &str, method: &str, path: &str, body: &Value) -> Value {
        let url = format!("{}/api/v3/repos/acme/todo/{path}", self.github);
        let (status, answer) = self.ask((method, &url), &format!("sim-{login}"), Some(body)).unwrap();
        assert!((200..300).contains(&status), "{login}'s {method} {path}: {status} {answer}");
        answer
    }

    /// What the maintainer reads in the repository; lists whole.
    pub(super) fn read(&self, path: &str) -> Value {
        let url = format!("{}/api/v3/repos/acme/todo/{path}", self.github);
        let (status, answer) = self.ask(("GET", &url), "sim-maintainer", None).unwrap();
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// What a verb of the simulated GitHub shows.
    pub(super) fn verb(&self, name: &str) -> Value {
        let url = format!("{}/_sim/{name}", self.github);
        let (status, mut answer) = self.ask(("GET", &url), "", None).unwrap();
        assert_eq!(status, 200, "{answer}");
        answer[name].take()
    }

    /// What the bot answers, if it is there.
    pub(super) fn bot_says(&self, path: &str) -> Option<(u16, Value)> {
        let url = format!("http://{}{path}", self.bot_at);
        self.ask(("GET", &url), "let-me-in", None).ok()
    }

    /// The workflow as the bot tells it; `None` while there is no workflow or no bot.
    pub(super) fn workflow(&self) -> Option<Value> {
        let path = format!("/api/v1/workflows/acme%2Ftodo%23{}", self.issue);
        let (status, workflow) = self.bot_says(&path)?;
        (status == 200).then_some(workflow)
    }

    /// Lets people do what they are asked for until `done` says so of the workflow.
    pub(super) fn until(&mut self, mut done: impl FnMut(&Self, &Value) -> bool) -> Value {
        loop {
            if let Some(workflow) = self.workflow() {
                self.attend(&workflow);
                if done(self, &workflow) {
                    return workflow;
                }
                self.note(&workflow);
            }
            self.listen();
        }
    }

    /// Lets people do what they are asked for until the bot says this in its log.
    pub(super) fn until_said(&mut self, words: &str) {
        while !self.bot.as_ref().unwrap().has_said(words) {
            if let Some(workflow) = self.workflow() {
                self.attend(&workflow);
                self.note(&workflow);
            }
            self.listen();
        }
    }

    /// Waits for the bot to say something.
    fn listen(&mut self) {
        let now = SystemClock.now();
        let bot = self.bot.as_mut().unwrap();
        assert!(bot.listen(LOOK), "the bot ended:\n{}", bot.said());
        let still = now.since(self.moved.1);
        assert!(still < STANDSTILL, "it stands still at {}:\n{}", self.moved.0, bot.said());
    }

    /// Lets the bot say a few things more.
    pub(super) fn overhear(&mut self, things: usize) {
        for _ in 0..things {
            self.bot.as_mut().unwrap().listen(LOOK / 10);
        }
    }

    /// From wherever it stands to the end, and until what the bot does after it is done.
    pub(super) fn until_complete(&mut self) -> Value {
        self.until(|town, workflow| {
            let status = workflow["status"].as_str().unwrap();
            assert!(["active", "waiting", "complete"].contains(&status), "{workflow:#}");
            status == "complete" && town.is_tidy()
        })
    }

    /// The issue is closed and no branch is left but the default branch.
    fn is_tidy(&self) -> bool {
        let branches = self.read("branches");
        let closed = self.read(&format!("issues/{}", self.issue))["state"] == "closed";
        closed && branches.as_array().unwrap().iter().all(|branch| branch["name"] == "main")
    }

    /// Decides the log again, beside the running bot; what was compared.
    pub(super) fn assert_replays(&self) {
        let id = format!("acme/todo#{}", self.issue);
        let (code, out, err) = run(self.bot().args(["replay", &id, "--json"]));
        let replayed: Value = serde_json::from_str(&out).unwrap_or_default();
        assert_eq!((code, &replayed["differences"]), (0, &json!([])), "{out}{err}");
        assert!(replayed["compared"].as_u64() > Some(0), "{out}");
    }

    /// Effects of a process that died, or could not say what came of them, rest until their lease ends, half a minute, so
    /// that GitHub has certainly finished what it was sent. The simulated GitHub has at once; the test need not wait.
    pub(super) fn end_leases(&self) {
        assert!(self.bot.is_none(), "only one process writes");
        self.runtime.block_on(async {
            let mut database = self.database().await;
            let update = sqlx::query("update effects set lease_until = 0 where lease_until is not null");
            update.execute(&mut database).await.unwrap();
            database.close().await.unwrap();
        });
    }

    /// A connection of another program to the bot's database.
    pub(super) async fn database(&self) -> SqliteConnection {
        let file = self.folder.path().join("millhand.db");
        SqliteConnectOptions::new().filename(file).connect().await.unwrap()
    }

    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Keeps in mind when something moved.
    fn note(&mut self, workflow: &Value) {
        let now = format!(
            "{} {} {}",
            workflow["state"], workflow["phases"], workflow["waiting_for"]["sentence"]
        );
        if now != self.moved.0 {
            self.moved = (now, SystemClock.now());
        }
    }

    /// People do what the bot waits for.
    fn attend(&mut self, workflow: &Value) {
        let waits = workflow["waits"].as_array().unwrap();
        for wait in waits.iter().filter(|wait| wait["kind"] == "person") {
            let asked = format!("{} {} {}", wait["what"], wait["phase"], wait["hash"]);
            // Whoever acts before he is asked spares the bot the question; here everybody lets it ask.
            let asked_in_words = wait["what"] != "release_approval" || self.is_written("/approve release");
            if asked_in_words && self.answered.insert(asked) {
                self.answer(wait, workflow);
            }
        }
    }

    /// Whether a comment in the issue says this.
    fn is_written(&self, words: &str) -> bool {
        let comments = self.read(&format!("issues/{}/comments?per_page=100", self.issue));
        let mut bodies = comments
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|comment| comment["body"].as_str());
        bodies.any(|body| body.contains(words))
    }

    fn answer(&mut self, wait: &Value, workflow: &Value) {
        let of_phase = || {
            let phases = workflow["phases"].as_array().unwrap();
            &phases.iter().find(|phase| phase["number"] == wait["phase"]).unwrap()["pull_request"]
        };
        let (pull, review) = match wait["what"].as_str().unwrap() {
            "plan_approval" => {
                let path = format!("issues/{}/comments", self.issue);
                self.act("maintainer", "POST", &path, &json!({ "body": wait["command"] }));
                return;
            }
            "phase_review" if self.plan.objects_to.is_some() && self.plan.objects_to == wait["phase"].as_u64() => {
                self.plan.objects_to = None;
                let body = "Please say in the documentation who this is for.";
                (of_phase(), json!({ "event": "REQUEST_CHANGES", "body": body }))
            }
            "phase_review" => (of_phase(), json!({ "event": "APPROVE" })),
            "release_approval" => (&workflow["release"]["pull_request"], json!({ "event": "APPROVE" })),
            other => panic!("nobody expected {other}: {wait:#}\n{}", self.bot.as_ref().unwrap().said()),
        };
        self.act("reviewer", "POST", &format!("pulls/{pull}/reviews"), &review);
    }

    fn ask(&self, (method, url): (&str, &str), token: &str, body: Option<&Value>) -> Result<(u16, Value), reqwest::Error> {
        self.runtime.block_on(async {
            let mut request = self.http.request(method.parse().unwrap(), url).bearer_auth(token);
            if let Some(body) = body {
                request = request.header("content-type", "application/json").body(body.to_string());
            }
            let answer = request.send().await?;
            let status = answer.status().as_u16();
            let text = answer.text().await?;
            Ok((status, serde_json::from_str(&text).unwrap_or_default()))
        })
    }
}
