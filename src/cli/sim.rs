//! `sim`: the simulated GitHub alone, for whoever wants to try `serve`, or anything else that speaks to GitHub.
//!
//! Invariant: it listens on this machine only.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::failure::Failure;
use super::service::bind;
use super::{args, out, signals};
use crate::clock::{Entropy, SeededEntropy, SystemClock, SystemEntropy};
use crate::sim::seed::{APP_SLUG, ORGANISATION, REPOSITORY};
use crate::sim::{CiMode, Sim, SimError, SimOptions, WebhookTarget, env_file};

/// Random bytes of a webhook secret that is made up.
const SECRET_BYTES: usize = 20;

/// A simulated GitHub that listens.
pub(super) struct Simulated {
    pub(super) sim: Sim,
    /// Where it is reached, without a slash at the end.
    pub(super) base: String,
    pub(super) secret: SecretString,
    shutdown: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
    loops: JoinHandle<()>,
    /// The repositories; they go when it goes.
    _folder: TempDir,
}

pub(super) async fn sim(wanted: args::Sim) -> Result<(), Failure> {
    let stop = signals::told_to_stop();
    let running = Simulated::start(&wanted).await?;
    if let Some(path) = &wanted.env_file {
        env_file(&running.sim, path)?;
    }
    tell(&running, &wanted);
    stop.await;
    running.stop().await;
    Ok(())
}

impl Simulated {
    /// Starts to listen.
    pub(super) async fn start(wanted: &args::Sim) -> Result<Self, Failure> {
        let webhook = target(wanted.webhook_url.as_deref())?;
        let entropy: Arc<dyn Entropy> = match wanted.seed {
            Some(seed) => Arc::new(SeededEntropy::new(seed)),
            None => Arc::new(SystemEntropy),
        };
        let seed = wanted.seed.unwrap_or_else(|| entropy.number());
        let secret = match wanted.secret.as_deref() {
            Some("") => return Err(Failure::usage("--secret is empty: nothing can be signed with it.")),
            Some(given) => SecretString::from(given),
            None => SecretString::from(entropy.hex(SECRET_BYTES)),
        };
        let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, wanted.port))).await?;
        let at = listener
            .local_addr()
            .map_err(|error| Failure::failed(format!("The port cannot be told: {error}.")))?;
        let base = format!("http://{at}");
        let folder =
            TempDir::with_prefix("millhand-sim-").map_err(|error| Failure::failed(format!("No temporary folder: {error}.")))?;
        let sim = Sim::new(SimOptions {
            seed,
            data_dir: folder.path().to_owned(),
            clock: Arc::new(SystemClock),
            entropy,
            ci: if wanted.no_ci { CiMode::Off } else { CiMode::Real },
            webhook,
            webhook_secret: secret.clone(),
            base_url: base.clone(),
        })?;
        let shutdown = CancellationToken::new();
        let (router, stopped) = (sim.router(), shutdown.clone().cancelled_owned());
        let server = tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(stopped).await });
        let loops = tokio::spawn({
            let (sim, shutdown) = (sim.clone(), shutdown.clone());
            async move { sim.run(shutdown).await }
        });
        Ok(Self {
            sim,
            base,
            secret,
            shutdown,
            server,
            loops,
            _folder: folder,
        })
    }

    /// Ends it. Connections that are kept open are cut: nobody's work is lost here.
    pub(super) async fn stop(self) {
        self.shutdown.cancel();
        self.server.abort();
        let _ = self.loops.await;
    }

    /// The App's numeric id and its private key.
    pub(super) fn app(&self) -> Option<(String, SecretString)> {
        self.sim.with(|world| {
            let app = world.app_named(APP_SLUG)?;
            Some((app.id.to_string(), app.private_key_pem.clone()?))
        })
    }

    /// Everybody with a token: login, role in the seeded repository, token.
    fn people(&self) -> Vec<(String, &'static str, String)> {
        self.sim.with(|world| {
            let repository = world.repository_named(ORGANISATION, REPOSITORY);
            let role = |id| {
                repository
                    .and_then(|it| it.collaborators.get(id))
                    .map_or("none", |role| role.name())
            };
            let with_token = world
                .accounts
                .values()
                .filter_map(|account| Some((account, account.token.as_ref()?)));
            with_token
                .map(|(account, token)| (account.login.clone(), role(&account.id), token.expose_secret().to_owned()))
                .collect()
        })
    }
}

impl From<SimError> for Failure {
    fn from(error: SimError) -> Self {
        Self::failed(format!("{error}."))
    }
}

fn target(url: Option<&str>) -> Result<WebhookTarget, Failure> {
    let Some(text) = url else { return Ok(WebhookTarget::None) };
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() => Ok(WebhookTarget::Url(url.into())),
        Ok(_) | Err(_) => Err(Failure::usage(format!(
            "--webhook-url {text} is no address, such as http://127.0.0.1:8080/webhooks/github."
        ))),
    }
}

fn tell(running: &Simulated, wanted: &args::Sim) {
    let base = &running.base;
    out::line(&format!("Simulated GitHub at {base}"));
    out::line(&format!("  pages and git  {base}/{ORGANISATION}/{REPOSITORY}"));
    out::line(&format!("  REST           {base}/api/v3"));
    out::line(&format!("  GraphQL        {base}/api/graphql"));
    out::line(&format!("  verbs          {base}/_sim"));
    match &wanted.webhook_url {
        Some(url) => out::line(&format!("  webhooks       to {url}")),
        None => out::line("  webhooks       to nobody; name a place by --webhook-url"),
    }
    out::line(&format!(
        "  CI             {}",
        if wanted.no_ci {
            "none"
        } else {
            "runs the repository's command on this machine"
        }
    ));
    if let Some((id, _)) = running.app() {
        out::line(&format!("  App            {APP_SLUG}, id {id}"));
    }
    let rows: Vec<Vec<String>> = running
        .people()
        .into_iter()
        .map(|(login, role, token)| vec![login, role.to_owned(), token])
        .collect();
    out::table(&["login", "role", "token"], &rows);
    if let Some(path) = &wanted.env_file {
        out::line(&format!("Settings for `millhand serve`: {}", path.display()));
    }
}
