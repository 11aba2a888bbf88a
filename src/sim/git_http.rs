//! Git over smart HTTP: `git clone`, `git fetch` and `git push` against the simulated GitHub.
//!
//! Real git does the talking (`git http-backend`); this module says who may, and turns what a push did to the refs into the
//! push that the rest of the world sees. Public repositories are cloned without credentials; private ones and pushes need a
//! person's token, or an installation token with any user name (`x-access-token`).
//!
//! Invariant: refs never change behind the world's back: `receive-pack` runs under the world's lock, and what it moved is
//! told before the lock is given back.

mod backend;
mod commands;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, Method, Response, StatusCode, header};
use axum::routing::{get, post};

use crate::sim::Sim;
use crate::sim::ops::auth::{self, Caller, PUSH};
use crate::sim::ops::{Actor, Refusal, refs};
use crate::sim::world::{JournalEntry, RepoId, World};
use backend::Asked;
use commands::Refused;

/// The largest push, in bytes. GitHub's own limit is 2 GB; what is pushed here is held in memory.
const BODY_BYTES: usize = 100 * 1024 * 1024;

/// The three routes of smart HTTP.
pub fn router(sim: Sim) -> Router {
    Router::new()
        .route("/{owner}/{repo}/info/refs", get(answer))
        .route("/{owner}/{repo}/git-upload-pack", post(answer))
        .route("/{owner}/{repo}/git-receive-pack", post(answer))
        .with_state(sim)
}

/// One request, as far as this module looks at it.
#[derive(Debug)]
struct Call {
    owner: String,
    name: String,
    method: Method,
    /// `info/refs`, `git-upload-pack`, `git-receive-pack`.
    service: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Call {
    /// Whether it is about pushing.
    fn pushes(&self) -> bool {
        self.service == "git-receive-pack" || self.query.split('&').any(|pair| pair == "service=git-receive-pack")
    }
}

/// Why a request is turned away: status and sentence.
#[derive(Debug)]
struct No(StatusCode, String);

impl No {
    /// Credentials are missing or unknown; git then asks for some.
    fn unknown(text: &str) -> Self {
        Self(StatusCode::UNAUTHORIZED, text.to_owned())
    }

    fn because(refusal: &Refusal) -> Self {
        Self(
            StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            refusal.message.clone(),
        )
    }

    fn response(self) -> Response<Body> {
        let mut response = sentence(self.0, &self.1);
        if self.0 == StatusCode::UNAUTHORIZED {
            let realm = header::HeaderValue::from_static("Basic realm=\"GitHub\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
        }
        response
    }
}

async fn answer(
    State(sim): State<Sim>,
    Path((owner, repo)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_BYTES).await else {
        return sentence(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The push is larger than the simulated GitHub takes.",
        );
    };
    let name = repo.strip_suffix(".git").unwrap_or(&repo).to_owned();
    let service = parts.uri.path().splitn(4, '/').nth(3).unwrap_or_default().to_owned();
    let call = Call {
        owner,
        name,
        method: parts.method,
        service,
        query: query.unwrap_or_default(),
        headers: parts.headers,
        body,
    };
    // git is waited for, and for a push with the world locked: not a thing for the threads that serve everybody.
    let answered = tokio::task::spawn_blocking(move || {
        let response = served(&sim, &call);
        sim.with(|world| journal(world, &call, response.status().as_u16()));
        response
    });
    answered
        .await
        .unwrap_or_else(|_| sentence(StatusCode::INTERNAL_SERVER_ERROR, "Internal error."))
}

fn served(sim: &Sim, call: &Call) -> Response<Body> {
    let allowed = sim.with(|world| permitted(world, call));
    let (repo, actor) = match allowed {
        Ok(allowed) => allowed,
        Err(no) => return no.response(),
    };
    match actor {
        Some(actor) if call.service == "git-receive-pack" => sim.with(|world| receive(world, call, repo, &actor)),
        actor => {
            let (root, path, pusher) = sim.with(|world| place(world, call, repo, actor.as_ref()));
            backend::run(&asked(call, &root, &path, pusher.as_deref()), &call.body)
        }
    }
}

/// Where the repository is for the program, and who pushes.
fn place(world: &World, call: &Call, repo: RepoId, actor: Option<&Actor>) -> (std::path::PathBuf, String, Option<String>) {
    // The name of today, so that an old one works after a rename.
    let path = format!("/{}.git/{}", world.full_name(repo), call.service);
    (
        world.git.root().to_owned(),
        path,
        actor.map(|actor| world.login(actor.user()).to_owned()),
    )
}

fn asked<'a>(call: &'a Call, root: &'a std::path::Path, path: &'a str, pusher: Option<&'a str>) -> Asked<'a> {
    Asked {
        program: backend::GIT,
        root,
        path,
        query: &call.query,
        method: call.method.as_str(),
        headers: &call.headers,
        pusher,
    }
}

/// The repository, and for a push who pushes.
fn permitted(world: &World, call: &Call) -> Result<(RepoId, Option<Actor>), No> {
    let credentials = call.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let caller = auth::caller(world, credentials).map_err(|_| No::unknown("Invalid username or token."))?;
    let missing = || match caller {
        // GitHub asks for credentials before it says that there is nothing.
        Caller::Anonymous => No::unknown("Repository not found."),
        Caller::Actor(_) | Caller::Jwt(_) => No(StatusCode::NOT_FOUND, "Repository not found.".to_owned()),
    };
    let repo = world.repository_named(&call.owner, &call.name).ok_or_else(missing)?.id;
    auth::can_read(world, &caller, repo, "contents").map_err(|refusal| {
        if refusal.status == 404 {
            missing()
        } else {
            No::because(&refusal)
        }
    })?;
    if !call.pushes() {
        return Ok((repo, None));
    }
    match &caller {
        Caller::Anonymous => Err(No::unknown("Authentication is needed to push.")),
        Caller::Jwt(_) => Err(No::unknown("An App pushes with an installation token.")),
        Caller::Actor(actor) => match auth::require(world, actor, repo, PUSH) {
            Ok(()) => Ok((repo, Some(actor.clone()))),
            Err(refusal) => Err(No::because(&refusal)),
        },
    }
}

/// Takes a push: the rules first, then git, then what follows from it.
fn receive(world: &mut World, call: &Call, repo: RepoId, actor: &Actor) -> Response<Body> {
    if call.headers.contains_key(header::CONTENT_ENCODING) {
        return sentence(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Pushes are read without content encoding.",
        );
    }
    let push = match commands::read(&call.body) {
        Ok(push) => push,
        Err(reason) => return sentence(StatusCode::BAD_REQUEST, reason),
    };
    let hidden = push
        .moves
        .iter()
        .find(|change| !change.name.starts_with("refs/heads/") && !change.name.starts_with("refs/tags/"));
    if hidden.is_some() {
        return commands::refused(
            &push,
            &Refused {
                short: "deny updating a hidden ref",
                long: "",
            },
        );
    }
    if let Err(refusal) = refs::check_push(world, actor, repo, &push.moves) {
        return commands::refused(
            &push,
            &Refused {
                short: "push declined due to repository rule violations",
                long: &refusal.message,
            },
        );
    }
    let before = match refs::snapshot(world, repo) {
        Ok(before) => before,
        Err(refusal) => return denied(&refusal),
    };
    let (root, path, pusher) = place(world, call, repo, Some(actor));
    let response = backend::run(&asked(call, &root, &path, pusher.as_deref()), &call.body);
    match refs::received(world, actor, repo, &before) {
        Ok(()) => response,
        Err(refusal) => {
            tracing::warn!(%refusal, "a push was taken and could not be told");
            denied(&refusal)
        }
    }
}

fn journal(world: &mut World, call: &Call, status: u16) {
    let credentials = call.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let who = auth::caller(world, credentials).map_or_else(|_| "anonymous".to_owned(), |caller| auth::who(world, &caller));
    let query = if call.query.is_empty() {
        String::new()
    } else {
        format!("?{}", call.query)
    };
    let path = format!("/{}/{}.git/{}{query}", call.owner, call.name, call.service);
    let at = world.now();
    world.journal.push(JournalEntry {
        at,
        who,
        method: call.method.to_string(),
        path,
        mutations: Vec::new(),
        status,
    });
}

/// An answer of one sentence, which git shows as `remote: ...`.
fn sentence(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{text}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

fn denied(refusal: &Refusal) -> Response<Body> {
    No::because(refusal).response()
}

#[cfg(test)]
mod tests;
