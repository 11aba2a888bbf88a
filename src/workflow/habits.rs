//! How a house titles its work and whether it signs it off, read from its recent history.
//!
//! [Conventional Commits 1.0.0](https://www.conventionalcommits.org/en/v1.0.0/) say what a subject looks like; the
//! [Developer Certificate of Origin](https://developercertificate.org/) is what a `Signed-off-by` line stands for.
//!
//! Invariant: what is decided follows from the history alone, and says from what.

use serde::{Deserialize, Serialize};

use super::validate::is_test;

/// The types that count: those of the specification and of the Angular convention that it names. Others are subsystems.
const TYPES: [&str; 11] = [
    "build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert", "style", "test",
];

/// So many titles or messages have to be there before a majority of them means anything.
const FEWEST: usize = 3;

/// What begins the line that signs a commit off.
const SIGNED: &str = "Signed-off-by: ";

/// What a repository's history and files show.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Titles of pull requests merged lately.
    pub titles: Vec<String>,
    /// Whole messages of the default branch's last commits.
    pub messages: Vec<String>,
    /// Whole messages of the last commit of each of those pull requests: a squash may leave lines out.
    pub pull_messages: Vec<String>,
    /// Paths of files.
    pub paths: Vec<String>,
    /// CI workflows: path and text.
    pub workflows: Vec<(String, String)>,
    /// Names of checks on those pull requests.
    pub checks: Vec<String>,
    /// Who commits here for Millhand: `name <address>`.
    pub author: String,
}

/// What `pull_requests.title`, `commit` and `sign_off` mean in a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Habits {
    /// Why titles follow Conventional Commits; `None`: they are plain.
    #[serde(default)]
    pub titles: Option<String>,
    /// Why commit messages do.
    #[serde(default)]
    pub commits: Option<String>,
    /// How commits are signed off; `None`: they are not.
    #[serde(default)]
    pub sign_off: Option<SignOff>,
}

/// How commits are signed off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOff {
    /// By whom: `name <address>`, the author of Millhand's commits.
    pub by: String,
    /// Why.
    pub because: String,
}

impl Habits {
    /// What a history shows. Merge commits, whose subjects git and GitHub write, do not count.
    #[must_use]
    pub fn of(history: &History) -> Self {
        let written: Vec<&String> = history.messages.iter().filter(|m| !m.starts_with("Merge ")).collect();
        let subjects = written.iter().map(|m| m.lines().next().unwrap_or_default());
        let linter = linter(history);
        let commits = most(subjects.map(is_conventional), "commits of the default branch").or_else(|| linter.clone());
        let own = most(
            history.titles.iter().map(|t| is_conventional(t)),
            "titles of merged pull requests",
        );
        // Where nearly nothing came by pull requests, their titles say nothing.
        let titles = match history.titles.len() {
            0..FEWEST => own.or_else(|| commits.clone()),
            _ => own.or(linter),
        };
        let sign_off = dco(history)
            .or_else(|| most(written.iter().map(|m| is_signed(m)), "commits of the default branch"))
            .or_else(|| most(history.pull_messages.iter().map(|m| is_signed(m)), "merged pull requests"));
        Self {
            titles,
            commits,
            sign_off: sign_off.filter(|_| !history.author.is_empty()).map(|because| SignOff {
                by: history.author.clone(),
                because,
            }),
        }
    }

    /// Whether nothing is done that would not be done anyway.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// The line that signs a commit off.
#[must_use]
pub fn signature(sign_off: &SignOff) -> String {
    format!("{SIGNED}{}", sign_off.by)
}

/// Whether a subject follows Conventional Commits: `type(scope)!: description`.
#[must_use]
pub fn is_conventional(subject: &str) -> bool {
    let Some((head, rest)) = subject.split_once(": ") else {
        return false;
    };
    let head = head.strip_suffix('!').unwrap_or(head);
    let (kind, scope) = match head.split_once('(') {
        Some((kind, scope)) => (kind, scope.strip_suffix(')')),
        None => (head, Some("none")),
    };
    let scoped = scope.is_some_and(|scope| !scope.trim().is_empty() && !scope.contains(['(', ')']));
    scoped && !rest.trim().is_empty() && TYPES.contains(&kind.to_ascii_lowercase().as_str())
}

/// The type of what changes these files and is called this.
#[must_use]
pub fn type_of(title: &str, files: &[String]) -> &'static str {
    let all = |of: fn(&str) -> bool| !files.is_empty() && files.iter().all(|file| of(file));
    if all(is_document) {
        return "docs";
    }
    if all(is_test) {
        return "test";
    }
    if all(|file| file.starts_with(".github/")) {
        return "ci";
    }
    let first = title.split_whitespace().next().unwrap_or_default().to_lowercase();
    match first.trim_matches(|c: char| !c.is_alphanumeric()) {
        "fix" | "fixes" | "repair" | "correct" | "mend" | "resolve" | "prevent" | "avoid" => "fix",
        "refactor" | "rename" | "move" | "extract" | "simplify" | "restructure" | "split" => "refactor",
        "optimise" | "optimize" | "speed" => "perf",
        "document" => "docs",
        "bump" | "upgrade" => "build",
        "revert" => "revert",
        _ => "feat",
    }
}

/// A title as Conventional Commits want it: with its type, in lower case, without a full stop. One that is so already stays.
#[must_use]
pub fn conventional(title: &str, kind: &str) -> String {
    if is_conventional(title) {
        return title.to_owned();
    }
    let title = title.trim().trim_end_matches('.');
    let first = title.split(' ').next().unwrap_or_default();
    let mut letters = first.chars();
    let head = letters.next();
    // `JSON`, `McCabe` and `X1` are names; `Add` is not.
    let plain = head.is_some_and(char::is_uppercase) && letters.as_str().chars().all(|c| c.is_lowercase() || c == '-');
    let rest = title.get(head.map_or(0, char::len_utf8)..).unwrap_or_default();
    match head {
        Some(head) if plain => format!("{kind}: {}{rest}", head.to_lowercase()),
        _ => format!("{kind}: {title}"),
    }
}

/// The majority in a sentence, if there is one.
fn most(votes: impl Iterator<Item = bool>, what: &str) -> Option<String> {
    let votes: Vec<bool> = votes.collect();
    let (yes, all) = (votes.iter().filter(|yes| **yes).count(), votes.len());
    (all >= FEWEST && yes * 2 > all).then(|| format!("{yes} of the last {all} {what}"))
}

/// What in the repository refuses other titles or messages.
fn linter(history: &History) -> Option<String> {
    let is_settings = |path: &&String| {
        let name = path.strip_prefix(".github/").unwrap_or(path);
        name == "semantic.yml" || name.starts_with("commitlint.config.") || name.starts_with(".commitlintrc")
    };
    let runs = |(_, text): &&(String, String)| {
        [
            "action-semantic-pull-request",
            "commitlint-github-action",
            "semantic-pull-request@",
        ]
        .iter()
        .any(|name| text.contains(name))
    };
    let file = history.paths.iter().find(is_settings);
    let file = file.or_else(|| history.workflows.iter().find(runs).map(|(path, _)| path));
    file.map(|path| format!("`{path}` asks for it"))
}

/// What asks for signed-off commits: the App `DCO`, by its settings or its check.
fn dco(history: &History) -> Option<String> {
    let settings = history.paths.iter().find(|path| *path == ".github/dco.yml");
    let check = history.checks.iter().find(|name| *name == "DCO");
    match (settings, check) {
        (Some(path), _) => Some(format!("`{path}` asks for it")),
        (None, Some(name)) => Some(format!("the check `{name}` asks for it")),
        (None, None) => None,
    }
}

fn is_signed(message: &str) -> bool {
    message.lines().any(|line| line.starts_with(SIGNED))
}

fn is_document(path: &str) -> bool {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    path.starts_with("docs/") || ["md", "rst", "adoc", "txt"].contains(&ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_subject_is_conventional_or_not() {
        for yes in [
            "feat: add a parser",
            "fix(parser): read tabs",
            "feat!: drop the old one",
            "refactor(a, b)!: one for both",
            "chore(deps): bump x from 1 to 2",
            "Fix: read tabs",
            "revert: feat: add a parser",
            "docs(read-me): say why",
        ] {
            assert!(is_conventional(yes), "{yes}");
        }
        for no in [
            "",
            "Add a parser",
            "feat add a parser",
            "feat:add",
            "feat: ",
            "feat(: x",
            "feat(): x",
            "feat(a)(b): x",
            "net: fix a leak",
            "feature: x",
            "Re: feat: x",
            "feat (parser): x",
            ": x",
        ] {
            assert!(!is_conventional(no), "{no}");
        }
    }

    #[test]
    fn the_majority_of_the_history_decides() {
        let (plain, good) = ("Add it", "feat: add it");
        for (titles, messages, wanted) in [
            (vec![], vec![], (None, None)),
            (vec![good; 2], vec![good; 2], (None, None)),
            (
                vec![],
                vec![good; 3],
                (Some("3 of the last 3 commits"), Some("3 of the last 3 commits")),
            ),
            (vec![good; 3], vec![plain; 3], (Some("3 of the last 3 titles"), None)),
            (vec![plain; 3], vec![good; 3], (None, Some("3 of the last 3 commits"))),
            (vec![good, good, plain, plain], vec![plain; 9], (None, None)),
            (vec![good, good, good, plain], vec![], (Some("3 of the last 4 titles"), None)),
            (
                vec![],
                vec![
                    good,
                    good,
                    good,
                    "Merge pull request #3 from a/b",
                    "Merge branch 'x'",
                    "Merge x",
                    "Merge y",
                ],
                (Some("3 of the last 3 commits"), Some("3 of the last 3 commits")),
            ),
        ] {
            let history = History {
                titles: owned(&titles),
                messages: owned(&messages),
                ..History::default()
            };
            let habits = Habits::of(&history);
            for (found, wanted) in [(&habits.titles, wanted.0), (&habits.commits, wanted.1)] {
                match (found, wanted) {
                    (Some(found), Some(wanted)) => assert!(found.starts_with(wanted), "{history:?}: {found}"),
                    (found, wanted) => assert_eq!(found.as_deref(), wanted, "{history:?}"),
                }
            }
            assert_eq!(habits.sign_off, None);
        }
    }

    #[test]
    fn what_refuses_other_titles_counts_whatever_the_history_says() {
        let plain = owned(&["Add it"; 9]);
        let with = |paths: &[&str], workflow: &str| {
            Habits::of(&History {
                titles: plain.clone(),
                messages: plain.clone(),
                paths: owned(paths),
                workflows: vec![(".github/workflows/pr.yml".to_owned(), workflow.to_owned())],
                ..History::default()
            })
        };
        for path in [
            "commitlint.config.js",
            ".commitlintrc.json",
            ".github/semantic.yml",
            ".commitlintrc",
        ] {
            let because = Some(format!("`{path}` asks for it"));
            let habits = with(&["README.md", path], "");
            assert_eq!((habits.titles, habits.commits), (because.clone(), because), "{path}");
        }
        let habits = with(&[], "- uses: amannn/action-semantic-pull-request@v5");
        assert_eq!(habits.titles.as_deref(), Some("`.github/workflows/pr.yml` asks for it"));
        for path in ["src/commitlint.config.js", "semantic.yaml", "docs/.commitlintrc"] {
            assert!(with(&[path], "- run: make").is_plain(), "{path}");
        }
    }

    #[test]
    fn commits_are_signed_off_where_most_are_or_where_it_is_asked_for() {
        let (plain, signed) = ("Add it", "Add it\n\nBecause.\n\nSigned-off-by: A <a@b.test>");
        let case = |messages: &[&str], pulls: &[&str], paths: &[&str], checks: &[&str]| {
            let habits = Habits::of(&History {
                messages: owned(messages),
                pull_messages: owned(pulls),
                paths: owned(paths),
                checks: owned(checks),
                author: "millhand[bot] <7+millhand[bot]@users.noreply.github.com>".to_owned(),
                ..History::default()
            });
            habits.sign_off.map(|found| (signature(&found), found.because))
        };
        let line = "Signed-off-by: millhand[bot] <7+millhand[bot]@users.noreply.github.com>";
        let because = |why: &str| Some((line.to_owned(), why.to_owned()));
        assert_eq!(
            case(&[plain, signed, signed], &[], &[], &[]),
            because("2 of the last 3 commits of the default branch")
        );
        assert_eq!(
            case(&[plain; 9], &[signed; 3], &[], &[]),
            because("3 of the last 3 merged pull requests")
        );
        assert_eq!(
            case(&[plain; 9], &[], &[".github/dco.yml"], &[]),
            because("`.github/dco.yml` asks for it")
        );
        assert_eq!(case(&[], &[], &[], &["test", "DCO"]), because("the check `DCO` asks for it"));
        assert_eq!(case(&[plain, signed], &[signed, plain, plain], &["dco.yml"], &["dco"]), None);
        assert_eq!(case(&["Explain Signed-off-by: lines"; 5], &[], &[], &[]), None);
        // Nobody can sign for an author who is not known.
        let nobody = History {
            checks: owned(&["DCO"]),
            ..History::default()
        };
        assert_eq!(Habits::of(&nobody).sign_off, None);
    }

    #[test]
    fn a_title_gets_the_type_of_what_it_does() {
        for (title, files, wanted) in [
            (
                "Add a parser.",
                vec!["src/parser.rs", "tests/parser.rs"],
                "feat: add a parser",
            ),
            ("Fix the parser", vec!["src/parser.rs"], "fix: fix the parser"),
            ("JSON output", vec!["src/json.rs"], "feat: JSON output"),
            ("Rename Item to Task", vec!["src/item.rs"], "refactor: rename Item to Task"),
            (
                "Say how to build",
                vec!["README.md", "docs/build.md"],
                "docs: say how to build",
            ),
            ("Cover the parser", vec!["tests/parser.rs"], "test: cover the parser"),
            ("Run on Windows", vec![".github/workflows/ci.yml"], "ci: run on Windows"),
            ("Bump serde", vec!["Cargo.toml"], "build: bump serde"),
            ("fix(parser): read tabs", vec!["src/parser.rs"], "fix(parser): read tabs"),
            ("Ärger vermeiden", vec![], "feat: ärger vermeiden"),
            ("X1 first", vec![], "feat: X1 first"),
            ("a", vec![], "feat: a"),
        ] {
            let made = conventional(title, type_of(title, &owned(&files)));
            assert_eq!(made, wanted);
            assert!(is_conventional(&made), "{made}");
        }
    }
}
