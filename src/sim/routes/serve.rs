//! The way of one call: credentials, route, repository, permission, handler, headers, journal.
//!
//! Invariant: all of it happens under one lock of the world.

use serde_json::json;

use super::asked::Asked;
use super::call::{Answer, Call};
use super::pattern::{Params, matches, rank};
use super::rate::rate;
use super::reply::Reply;
use super::table::{Access, ROUTES, Route};
use crate::clock::Millis;
use crate::sim::ops::auth::{self, Caller};
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::render::{Render, segment};
use crate::sim::world::{JournalEntry, RepoId, World};

/// Versions of the REST API that are known; the first is taken when none is asked for.
const VERSIONS: [&str; 2] = ["2022-11-28", "2026-03-10"];

/// Answers a call and writes it into the journal. The second value is the answer before conditions: what a replica that
/// lags would give.
pub(crate) fn serve(world: &mut World, asked: &Asked) -> (Reply, Option<Reply>) {
    let caller = auth::caller(world, asked.header("authorization"));
    let who = caller
        .as_ref()
        .map_or_else(|_| "anonymous".to_owned(), |caller| auth::who(world, caller));
    let reply = match caller.and_then(|caller| handle(world, asked, caller)) {
        Ok(reply) => reply,
        Err(refusal) => Reply::refused(&refusal),
    };
    let plain = (reply.status == 200).then(|| reply.clone());
    let reply = if asked.method == "GET" {
        reply.conditional(asked.header("if-none-match"))
    } else {
        reply
    };
    (sealed(world, asked, &who, reply), plain)
}

/// Gives an answer that no handler made its headers, and writes it into the journal.
pub(crate) fn finish(world: &mut World, asked: &Asked, reply: Reply) -> Reply {
    let who = name_of(world, asked);
    sealed(world, asked, &who, reply)
}

/// Writes a call into the journal that was not answered.
pub(crate) fn journal(world: &mut World, asked: &Asked, status: u16) {
    let who = name_of(world, asked);
    write(world, asked, who, status);
}

fn name_of(world: &World, asked: &Asked) -> String {
    let caller = auth::caller(world, asked.header("authorization"));
    caller.map_or_else(|_| "anonymous".to_owned(), |caller| auth::who(world, &caller))
}

fn write(world: &mut World, asked: &Asked, who: String, status: u16) {
    let at = world.now();
    let entry = JournalEntry {
        at,
        who,
        method: asked.method.clone(),
        path: asked.address(),
        mutations: Vec::new(),
        status,
    };
    world.journal.push(entry);
}

fn handle(world: &mut World, asked: &Asked, caller: Caller) -> Outcome<Reply> {
    if asked.header("user-agent").is_none_or(|agent| agent.trim().is_empty()) {
        let message = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.";
        return Err(Refusal::new(403, message));
    }
    if let Some(version) = asked
        .header("x-github-api-version")
        .filter(|version| !VERSIONS.contains(version))
    {
        return Err(Refusal::new(
            400,
            format!("Version {version} of the REST API is not supported."),
        ));
    }
    let below = asked.path.strip_prefix("/api/v3").unwrap_or_default();
    let path = by_name(world, below)?;
    let (route, params) = find(&asked.method, &path).ok_or_else(Refusal::not_found)?;
    let mut call = Call {
        caller,
        params,
        query: asked.parameters(),
        body: asked.object()?,
        repo: None,
        accept: asked.header("accept").unwrap_or_default().to_owned(),
        token: asked
            .header("authorization")
            .and_then(|value| value.split_once(' '))
            .map_or("", |(_, token)| token.trim())
            .to_owned(),
        world,
    };
    if route.path.starts_with("/repos/{owner}/{repo}") {
        let (repo, renamed) = repository(&call)?;
        call.repo = Some(repo);
        if renamed {
            permitted(&call, route)?;
            return Ok(moved(&call, asked, repo, &path));
        }
    }
    permitted(&call, route)?;
    let answer: Answer = (route.run)(&mut call)?;
    let address = Render::new(world).html(asked.address());
    Ok(Reply::of(answer, &address))
}

/// `/repositories/{id}/...` is the same as `/repos/{owner}/{repo}/...`.
fn by_name(world: &World, below: &str) -> Outcome<String> {
    let Some(rest) = below.strip_prefix("/repositories/") else {
        return Ok(below.to_owned());
    };
    let (id, rest) = rest
        .split_once('/')
        .map_or((rest, String::new()), |(id, rest)| (id, format!("/{rest}")));
    let repo = id
        .parse()
        .ok()
        .map(RepoId)
        .and_then(|id| world.repositories.get(&id))
        .ok_or_else(Refusal::not_found)?;
    Ok(format!(
        "/repos/{}/{}{rest}",
        segment(world.login(repo.owner)),
        segment(&repo.name)
    ))
}

fn find(method: &str, path: &str) -> Option<(&'static Route, Params)> {
    ROUTES
        .iter()
        .flat_map(|routes| routes.iter())
        .filter(|route| route.method == method)
        .filter_map(|route| Some((route, matches(route.path, path)?)))
        .min_by_key(|(route, _)| rank(route.path))
}

/// The repository the path names, and whether it is called otherwise by now.
fn repository(call: &Call<'_>) -> Outcome<(RepoId, bool)> {
    let (owner, name) = (call.param("owner"), call.param("repo"));
    let repo = call.world.repository_named(owner, name).ok_or_else(Refusal::not_found)?;
    let same = call.world.full_name(repo.id).eq_ignore_ascii_case(&format!("{owner}/{name}"));
    Ok((repo.id, !same))
}

fn permitted(call: &Call<'_>, route: &Route) -> Outcome<()> {
    match route.access {
        Access::Anyone => Ok(()),
        Access::App => call.app().map(|_| ()),
        Access::Caller => call.actor().map(|_| ()),
        Access::Read(permission) => auth::can_read(call.world, &call.caller, call.repo_id()?, permission),
        Access::Write => {
            auth::can_read(call.world, &call.caller, call.repo_id()?, "metadata")?;
            call.actor().map(|_| ())
        }
    }
}

/// 301 for reads and 307 for writes, to the address that does not change with the name.
fn moved(call: &Call<'_>, asked: &Asked, repo: RepoId, path: &str) -> Reply {
    let rest: String = path.splitn(5, '/').nth(4).map_or_else(String::new, |rest| format!("/{rest}"));
    let query = if asked.query.is_empty() {
        String::new()
    } else {
        format!("?{}", asked.query)
    };
    let to = call.render().api(format_args!("/repositories/{repo}{rest}{query}"));
    let (status, message) = if asked.method == "GET" {
        (301, "Moved Permanently")
    } else {
        (307, "Temporary Redirect")
    };
    let body = json!({ "message": message, "url": to, "documentation_url": "https://docs.github.com/rest" });
    let mut reply = Reply::json(status, &body);
    reply.headers.push(("location", to));
    reply
}

/// Adds the headers every answer has, and writes the journal.
fn sealed(world: &mut World, asked: &Asked, who: &str, mut reply: Reply) -> Reply {
    write(world, asked, who.to_owned(), reply.status);
    let rate = rate(world, who);
    let version = asked
        .header("x-github-api-version")
        .filter(|version| VERSIONS.contains(version))
        .unwrap_or(VERSIONS[0]);
    reply.headers.extend([
        (
            "x-github-request-id",
            format!("5170:{:06X}:{:06X}", world.journal.len(), world.now().0 & 0xFF_FFFF),
        ),
        ("x-github-api-version-selected", version.to_owned()),
        ("x-github-media-type", "github.v3; format=json".to_owned()),
        ("x-ratelimit-limit", rate.limit.to_string()),
        ("x-ratelimit-remaining", rate.remaining.to_string()),
        ("x-ratelimit-used", rate.used.to_string()),
        ("x-ratelimit-reset", rate.reset.to_string()),
        ("x-ratelimit-resource", "core".to_owned()),
        ("date", http_date(world.now())),
    ]);
    reply
}

/// A time as HTTP writes it: `Sat, 21 Nov 2026 07:25:31 GMT`.
fn http_date(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(
        |_| String::new(),
        |time| time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
    )
}
