//! Plain pages for people: what the simulated GitHub holds, as a newcomer would look at it.
//!
//! Invariant: everything that came from outside is escaped; Markdown is rendered without its raw HTML; nothing here changes
//! the world.

mod markdown;
mod parts;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;

use self::markdown::escape;
use self::parts::{checks_on, checks_table, conversation, diff, put, short};
use super::Sim;
use super::ops::{mergeability, pulls};
use super::world::{Issue, IssueState, PullRequest, Repository, World};

/// How the pages look.
const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem;color:#1f2328}\
a{color:#0969da}pre,code{font:13px/1.45 ui-monospace,monospace}pre{background:#f6f8fa;padding:.7rem;overflow:auto}\
table{border-collapse:collapse}td,th{border:1px solid #d0d7de;padding:.2rem .6rem;text-align:left}\
.sim{background:#fff8c5;padding:.3rem .7rem}.box{border:1px solid #d0d7de;border-radius:6px;padding:.3rem .9rem;margin:.8rem 0}\
.who{color:#59636e}.add{background:#dafbe1;display:block}.del{background:#ffebe9;display:block}.at{color:#59636e;display:block}\
.label{border-radius:1em;padding:0 .5em;background:#ddf4ff}";

/// Most commits shown on a repository's page.
const SHOWN_COMMITS: usize = 20;

/// Pages of the host, of repositories, issues and pull requests.
pub fn router(sim: Sim) -> Router {
    Router::new()
        .route("/", get(front))
        .route("/{owner}/{repo}", get(repository))
        .route("/{owner}/{repo}/issues/{number}", get(issue))
        .route("/{owner}/{repo}/pull/{number}", get(pull))
        .with_state(sim)
}

async fn front(State(sim): State<Sim>) -> Response {
    sim.with(|world| {
        let mut body = String::from("<h1>Repositories</h1><ul>");
        for repo in world.repositories.values().filter(|repo| !repo.private) {
            let name = escape(&world.full_name(repo.id));
            put(
                &mut body,
                format_args!(
                    "<li><a href=\"/{name}\">{name}</a> {}</li>",
                    escape(repo.description.as_deref().unwrap_or_default())
                ),
            );
        }
        body.push_str("</ul><p>The API is below <code>/api/v3</code>, its verbs are listed at <a href=\"/_sim\">/_sim</a>.</p>");
        page("Repositories", &body)
    })
}

async fn repository(State(sim): State<Sim>, Path((owner, name)): Path<(String, String)>) -> Response {
    sim.with(|world| match find(world, &owner, &name) {
        Some(repo) => page(&world.full_name(repo.id), &repository_body(world, repo)),
        None => missing(),
    })
}

async fn issue(State(sim): State<Sim>, Path((owner, name, number)): Path<(String, String, u64)>) -> Response {
    sim.with(
        |world| match find(world, &owner, &name).and_then(|repo| Some((repo, repo.issue(number)?))) {
            Some((repo, issue)) => page(
                &issue.title,
                &(heading(world, repo, issue) + &conversation(world, repo, issue)),
            ),
            None => missing(),
        },
    )
}

async fn pull(State(sim): State<Sim>, Path((owner, name, number)): Path<(String, String, u64)>) -> Response {
    sim.with(
        |world| match find(world, &owner, &name).and_then(|repo| Some((repo, repo.pull(number)?))) {
            Some((repo, (issue, pull))) => {
                let mut body = heading(world, repo, issue);
                body.push_str(&pull_facts(world, repo, (issue, pull)));
                body.push_str(&conversation(world, repo, issue));
                body.push_str(&checks_table(repo, &checks_on(world, repo, pull.head)));
                body.push_str(&diff(&pulls::files(world, repo.id, number).unwrap_or_default()));
                page(&issue.title, &body)
            }
            None => missing(),
        },
    )
}

/// Private repositories have no page: nobody signs in here.
fn find<'w>(world: &'w World, owner: &str, name: &str) -> Option<&'w Repository> {
    world.repository_named(owner, name).filter(|repo| !repo.private)
}

fn repository_body(world: &World, repo: &Repository) -> String {
    let name = escape(&world.full_name(repo.id));
    let clone = escape(&format!("{}/{}.git", world.base_url, world.full_name(repo.id)));
    let mut body = format!("<h1>{name}</h1><pre>git clone {clone}</pre>");
    for (title, pulls) in [("Pull requests", true), ("Issues", false)] {
        put(&mut body, format_args!("<h2>{title}</h2><ul>"));
        for issue in repo.issues.values().rev().filter(|issue| issue.pull.is_some() == pulls) {
            let kind = if pulls { "pull" } else { "issues" };
            put(
                &mut body,
                format_args!(
                    "<li><a href=\"/{name}/{kind}/{0}\">#{0} {1}</a> {2}</li>",
                    issue.number,
                    escape(&issue.title),
                    state(issue)
                ),
            );
        }
        body.push_str("</ul>");
    }
    put(
        &mut body,
        format_args!("<h2>Commits on {}</h2><ul>", escape(&repo.default_branch)),
    );
    if let Ok(store) = world.store(repo.id)
        && let Ok(Some(head)) = store.branch(&repo.default_branch)
    {
        for oid in store.log(head, None).unwrap_or_default().into_iter().take(SHOWN_COMMITS) {
            if let Ok(commit) = store.commit(oid) {
                put(
                    &mut body,
                    format_args!(
                        "<li><code>{}</code> {} <span class=who>{}</span></li>",
                        short(oid),
                        escape(commit.headline()),
                        escape(&commit.author.name)
                    ),
                );
            }
        }
    }
    body.push_str("</ul>");
    body
}

fn heading(world: &World, repo: &Repository, issue: &Issue) -> String {
    let name = escape(&world.full_name(repo.id));
    let mut text = format!(
        "<p><a href=\"/{name}\">{name}</a></p><h1>{} <span class=who>#{}</span></h1><p>{}",
        escape(&issue.title),
        issue.number,
        state(issue)
    );
    for label in issue.labels.iter().filter_map(|id| repo.labels.get(id)) {
        put(&mut text, format_args!(" <span class=label>{}</span>", escape(&label.name)));
    }
    text.push_str("</p>");
    text
}

fn pull_facts(world: &World, repo: &Repository, at: (&Issue, &PullRequest)) -> String {
    let (issue, pull) = at;
    let merge_state = match &pull.merged {
        Some(merged) => format!("merged by {} as {}", escape(world.login(merged.by)), short(merged.commit)),
        None => mergeability::state(world, repo.id, issue.number).name().to_owned(),
    };
    let asked: Vec<String> = pull
        .requested_reviewers
        .iter()
        .map(|user| escape(world.login(*user)))
        .collect();
    let mut text = format!(
        "<p><code>{}</code> into <code>{}</code>, head <code>{}</code>. {merge_state}.</p>",
        escape(&pull.head_ref),
        escape(&pull.base_ref),
        short(pull.head)
    );
    if !asked.is_empty() {
        put(&mut text, format_args!("<p>Review asked of {}.</p>", asked.join(", ")));
    }
    text
}

fn state(issue: &Issue) -> &'static str {
    match (issue.state, &issue.pull) {
        (_, Some(pull)) if pull.merged.is_some() => "merged",
        (IssueState::Open, Some(pull)) if pull.draft => "draft",
        (IssueState::Open, _) => "open",
        (IssueState::Closed, _) => "closed",
    }
}

fn page(title: &str, body: &str) -> Response {
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{}</title><style>{STYLE}</style>\
         <p class=sim>This is a simulated GitHub on this machine. Nothing here is on github.com. <a href=\"/\">All repositories</a></p>\
         {body}</html>",
        escape(title)
    ))
    .into_response()
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, page("Not found", "<h1>Not found</h1>")).into_response()
}
