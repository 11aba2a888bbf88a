//! Parts of pages: what was said, what was checked, what changed.
//!
//! Invariant: every text that came from outside goes through [`escape`] or [`markdown`].

use std::fmt::Write as _;

use super::markdown::{escape, markdown};
use crate::sim::git::{FileChange, Oid};
use crate::sim::ops::checks;
use crate::sim::world::{CheckRun, Issue, Repository, ReviewState, UserId, World};

/// Body, comments and reviews by time.
pub(super) fn conversation(world: &World, repo: &Repository, issue: &Issue) -> String {
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

pub(super) fn checks_on<'w>(world: &World, repo: &'w Repository, head: Oid) -> Vec<&'w CheckRun> {
    let newest = checks::latest_runs(world, repo.id, head);
    repo.check_runs_of(head).filter(|run| newest.contains(&run.id)).collect()
}

pub(super) fn checks_table(repo: &Repository, runs: &[&CheckRun]) -> String {
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

pub(super) fn diff(files: &[FileChange]) -> String {
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

pub(super) fn short(oid: Oid) -> String {
    oid.to_hex_with_len(8).to_string()
}

/// Writing into a text cannot fail.
pub(super) fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(what);
}
