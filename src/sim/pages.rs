//! Plain pages for people: what the simulated GitHub holds, as a newcomer would look at it.
//!
//! Invariant: everything that came from outside is escaped; Markdown is rendered without its raw HTML; nothing here changes
//! the world.

mod markdown;

use std::fmt::Write as _;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;

use self::markdown::{escape, markdown};
use super::Sim;
use super::git::{FileChange, Oid};
use super::ops::{checks, mergeability, pulls};
use super::world::{CheckRun, Issue, IssueState, PullRequest, Repository, ReviewState, UserId, World};

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

/// Body, comments and reviews by time.
fn conversation(world: &World, repo: &Repository, issue: &Issue) -> String {
    let mut boxes = vec![(
        issue.created_at,
        said(world, issue.author, ("", issue.body.as_deref().unwrap_or_default())),
    )];
    for comment in repo.comments_on(issue.number) {
        let what = comment
            .minimized
            .as_ref()
            .map_or(String::new(), |why| format!("(hidden: {})", escape(why)));
        boxes.push((comment.created_at, said(world, comment.author, (&what, &comment.body))));
    }
    for review in repo
        .reviews_on(issue.number)
        .filter(|review| review.state != ReviewState::Pending)
    {
        let state = format!(
            "reviewed {}: {}",
            short(review.commit),
            review.state.name().to_lowercase().replace('_', " ")
        );
        let mut text = said(world, review.author, (&state, &review.body));
        for comment in repo.review_comments.values().filter(|comment| comment.review == review.id) {
            let place = repo
                .threads
                .get(&comment.thread)
                .map_or(String::new(), |thread| match thread.line {
                    Some(line) => format!("on <code>{}:{line}</code>", escape(&thread.path)),
                    None => format!("on <code>{}</code>", escape(&thread.path)),
                });
            text.push_str(&said(world, comment.author, (&place, &comment.body)));
        }
        boxes.push((review.submitted_at.unwrap_or(review.created_at), text));
    }
    boxes.sort_by_key(|(at, _)| *at);
    boxes.into_iter().map(|(_, text)| text).collect()
}

/// A box: who, what he did (already HTML), his words.
fn said(world: &World, author: UserId, words: (&str, &str)) -> String {
    let (what, text) = words;
    format!(
        "<div class=box><p class=who><b>{}</b> {what}</p>{}</div>",
        escape(world.login(author)),
        markdown(text)
    )
}

fn checks_on<'w>(world: &World, repo: &'w Repository, head: Oid) -> Vec<&'w CheckRun> {
    let newest = checks::latest_runs(world, repo.id, head);
    repo.check_runs_of(head).filter(|run| newest.contains(&run.id)).collect()
}

fn checks_table(repo: &Repository, runs: &[&CheckRun]) -> String {
    let mut text = String::from("<h2>Checks</h2>");
    if runs.is_empty() {
        text.push_str("<p>None.</p>");
        return text;
    }
    text.push_str("<table><tr><th>Check<th>State<th>Says</tr>");
    for run in runs {
        let state = run.conclusion.map_or(run.status.name(), |end| end.name());
        let title = run.output.title.as_deref().unwrap_or_default();
        put(
            &mut text,
            format_args!("<tr><td>{}<td>{state}<td>{}</tr>", escape(&run.name), escape(title)),
        );
    }
    text.push_str("</table>");
    for run in runs {
        if let Some(log) = repo.jobs.get(&run.id).and_then(|job| job.log.as_ref()) {
            put(
                &mut text,
                format_args!(
                    "<details><summary>Log of {}</summary><pre>{}</pre></details>",
                    escape(&run.name),
                    escape(log)
                ),
            );
        }
        if let Some(summary) = &run.output.summary {
            put(
                &mut text,
                format_args!(
                    "<details><summary>{}</summary>{}</details>",
                    escape(&run.name),
                    markdown(summary)
                ),
            );
        }
    }
    text
}

fn diff(files: &[FileChange]) -> String {
    let mut text = format!("<h2>{} changed files</h2>", files.len());
    for file in files {
        put(
            &mut text,
            format_args!(
                "<h3><code>{}</code> +{} -{}</h3><pre>",
                escape(&file.path),
                file.additions,
                file.deletions
            ),
        );
        for line in file.patch.as_deref().unwrap_or("(not shown)").lines() {
            let class = match line.as_bytes().first() {
                Some(b'+') => "add",
                Some(b'-') => "del",
                Some(b'@') => "at",
                Some(_) | None => "",
            };
            let line = escape(line);
            if class.is_empty() {
                put(&mut text, format_args!("{line}\n"));
            } else {
                put(&mut text, format_args!("<span class={class}>{line}</span>"));
            }
        }
        text.push_str("</pre>");
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

fn short(oid: Oid) -> String {
    oid.to_hex_with_len(8).to_string()
}

/// Writing into a text cannot fail.
fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(what);
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
