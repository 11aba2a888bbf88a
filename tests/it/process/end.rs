//! What a workflow leaves behind on GitHub, so that two ends can be compared.
//!
//! Invariant: numbers, hashes of commits and times, which differ from run to run, are not in it; whatever is doubled is.

use std::collections::BTreeMap;

use serde_json::Value;

use super::town::Town;

/// The state of GitHub when all is done.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct End {
    /// The default branch: each path with its blob.
    files: BTreeMap<String, String>,
    /// First lines of the default branch's commits, sorted: phases side by side are merged in any order.
    history: Vec<String>,
    /// State, labels, and what was written in it, in order.
    issue: Vec<String>,
    /// Pull requests by the branch they come from; a second one of the same branch stands beside the first.
    pulls: BTreeMap<String, Vec<Pull>>,
}

/// One pull request.
#[derive(Debug, PartialEq, Eq)]
struct Pull {
    onto: String,
    title: String,
    draft: bool,
    merged: bool,
    /// First lines, sorted.
    commits: Vec<String>,
    /// Of everybody, in order: who, what, and the first line.
    reviews: Vec<String>,
    /// In the conversation and at lines: who, and the first line.
    comments: Vec<String>,
    /// Those of the bot at any commit: name and conclusion.
    checks: Vec<String>,
}

impl End {
    pub(super) fn of(town: &Town) -> Self {
        let mut pulls: BTreeMap<String, Vec<Pull>> = BTreeMap::new();
        for listed in all(town, "pulls?state=all&direction=asc") {
            let from = text(&listed["head"]["ref"]).to_owned();
            if from.starts_with("millhand/") {
                pulls.entry(from).or_default().push(Pull::of(town, &listed));
            }
        }
        let tree = town.read("git/trees/main?recursive=1");
        let blobs = tree["tree"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["type"] == "blob");
        let mut history: Vec<String> = all(town, "commits?sha=main").iter().map(message).collect();
        history.sort();
        Self {
            files: blobs
                .map(|blob| (text(&blob["path"]).to_owned(), text(&blob["sha"]).to_owned()))
                .collect(),
            history,
            issue: issue(town),
            pulls,
        }
    }

    /// How many pull requests, and how many commits in them.
    pub(super) fn size(&self) -> (usize, usize) {
        let pulls = || self.pulls.values().flatten();
        (pulls().count(), pulls().map(|pull| pull.commits.len()).sum())
    }

    /// Whether nothing is there twice: no branch with two pull requests.
    pub(super) fn is_single(&self) -> bool {
        self.pulls.values().all(|pulls| pulls.len() == 1)
    }
}

impl Pull {
    fn of(town: &Town, listed: &Value) -> Self {
        let number = &listed["number"];
        let commits = all(town, &format!("pulls/{number}/commits?"));
        // Phases side by side are merged in any order, and so are the release's commits.
        let mut messages: Vec<String> = commits.iter().map(message).collect();
        messages.sort();
        let mut checks = Vec::new();
        for commit in &commits {
            let runs = town.read(&format!("commits/{}/check-runs?per_page=100", text(&commit["sha"])));
            let runs = runs["check_runs"].as_array().unwrap();
            let ours = runs.iter().filter(|run| run["app"]["slug"] == "millhand");
            checks.extend(ours.map(|run| format!("{} {}", text(&run["name"]), text(&run["conclusion"]))));
        }
        let mut comments = all(town, &format!("issues/{number}/comments?"));
        comments.extend(all(town, &format!("pulls/{number}/comments?")));
        Self {
            onto: text(&listed["base"]["ref"]).to_owned(),
            title: text(&listed["title"]).to_owned(),
            draft: listed["draft"].as_bool().unwrap(),
            merged: listed["merged_at"].is_string(),
            commits: messages,
            reviews: all(town, &format!("pulls/{number}/reviews?"))
                .iter()
                .map(|review| format!("{} {}", text(&review["state"]), said(review)))
                .collect(),
            comments: comments.iter().map(said).collect(),
            checks,
        }
    }
}

fn issue(town: &Town) -> Vec<String> {
    let issue = town.read(&format!("issues/{}", town.issue));
    let mut told = vec![text(&issue["state"]).to_owned()];
    let labels = issue["labels"].as_array().unwrap().iter();
    told.extend(labels.map(|label| format!("label {}", text(&label["name"]))));
    for comment in all(town, &format!("issues/{}/comments?", town.issue)) {
        let reactions = all(town, &format!("issues/comments/{}/reactions?", comment["id"]));
        let reactions: Vec<&str> = reactions.iter().map(|reaction| text(&reaction["content"])).collect();
        told.push(format!("{} {reactions:?}", said(&comment)));
    }
    told
}

/// All pages of a list; `path` holds its `?`.
fn all(town: &Town, path: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for page in 1.. {
        let rows = town.read(&format!("{path}&per_page=100&page={page}"));
        let rows = rows.as_array().unwrap();
        found.extend_from_slice(rows);
        if rows.len() < 100 {
            break;
        }
    }
    found
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn message(commit: &Value) -> String {
    first_line(&commit["commit"]["message"])
}

/// Who said what.
fn said(thing: &Value) -> String {
    format!("{}: {}", text(&thing["user"]["login"]), first_line(&thing["body"]))
}

/// Numbers of pull requests and abbreviated hashes differ from run to run.
fn first_line(value: &Value) -> String {
    let line = text(value).lines().find(|line| !line.starts_with("<!--")).unwrap_or_default();
    let words = line.split(' ').map(|word| {
        if word.chars().any(|letter| letter.is_ascii_digit()) && !word.starts_with(char::is_alphabetic) {
            "#"
        } else {
            word
        }
    });
    words.collect::<Vec<_>>().join(" ")
}
