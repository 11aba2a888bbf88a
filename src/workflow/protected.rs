//! Paths that a model does not change, or not without a person.
//!
//! Invariant: the class is read from the folded path, so that another spelling of a protected name is protected too.

mod groups;

use std::sync::LazyLock;

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};

use super::repo_path::{RepoPath, fold};
use groups::{GROUPS, Group};

/// How free a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Anything may be written there.
    Free,
    /// Only what a person has seen and approved.
    Ask,
    /// Only people.
    Never,
}

/// The class of a path and the reason for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The class.
    pub class: Class,
    /// Why, to stand behind "because": `it is a manifest ...`; empty for free paths.
    pub because: String,
}

/// The patterns of `protected_paths`, ready to use.
#[derive(Clone, Debug)]
pub struct Extra {
    patterns: Vec<String>,
    set: GlobSet,
    owners: Vec<usize>,
    /// Patterns that are no globs. They protect the path they spell; the team should be told.
    pub malformed: Vec<String>,
}

impl Extra {
    /// Takes the setting `protected_paths`. A pattern without a slash counts in every folder, and one that names a folder
    /// counts for all that lies in it. Letter case does not matter.
    #[must_use]
    pub fn new(protected: &[String]) -> Self {
        let mut set = GlobSetBuilder::new();
        let mut owners = Vec::new();
        let mut malformed = Vec::new();
        for (owner, pattern) in protected.iter().enumerate() {
            let folded = fold(pattern.trim().trim_matches('/'));
            let folded = if glob(&folded).is_ok() {
                folded
            } else {
                malformed.push(pattern.clone());
                globset::escape(&folded)
            };
            let anywhere = if pattern.trim().trim_end_matches('/').contains('/') {
                ""
            } else {
                "**/"
            };
            for end in ["", "/**"] {
                // An escaped or checked pattern stays one with these ends; if not, it is left out of both lists alike.
                if let Ok(glob) = glob(&format!("{anywhere}{folded}{end}")) {
                    set.add(glob);
                    owners.push(owner);
                }
            }
        }
        Self {
            patterns: protected.to_vec(),
            // Each glob compiled by itself; together they can only pass the size limit, and then nothing is free.
            set: set.build().unwrap_or_else(|_| everything()),
            owners,
            malformed,
        }
    }

    fn pattern_for(&self, folded: &str) -> Option<&str> {
        let place = self.set.matches(folded).into_iter().next()?;
        let owner = self.owners.get(place).copied().unwrap_or(0);
        Some(self.patterns.get(owner).map_or("*", String::as_str))
    }
}

/// The class of a path.
#[must_use]
pub fn classify(path: &RepoPath, extra: &Extra) -> Judgement {
    let folded = path.fold();
    let built_in = BUILT_IN
        .matches(&folded)
        .into_iter()
        .next()
        .and_then(|place| OWNERS.get(place));
    let judged = built_in.and_then(|group| GROUPS.get(*group));
    if let Some(group) = judged.filter(|group| group.class == Class::Never) {
        return group.judgement();
    }
    if let Some(pattern) = extra.pattern_for(&folded) {
        return Judgement {
            class: Class::Ask,
            because: format!("the setting protected_paths names it ({pattern:?})"),
        };
    }
    judged.map_or_else(
        || Judgement {
            class: Class::Free,
            because: String::new(),
        },
        Group::judgement,
    )
}

impl Group {
    fn judgement(&self) -> Judgement {
        Judgement {
            class: self.class,
            because: self.because.to_owned(),
        }
    }
}

fn glob(pattern: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .backslash_escape(false)
        .build()
}

fn everything() -> GlobSet {
    let mut set = GlobSetBuilder::new();
    if let Ok(all) = Glob::new("**") {
        set.add(all);
    }
    set.build().unwrap_or_default()
}

/// The built-in globs in the order of the groups.
static BUILT_IN: LazyLock<GlobSet> = LazyLock::new(|| {
    let mut set = GlobSetBuilder::new();
    for pattern in GROUPS.iter().flat_map(|group| group.globs) {
        // A test compiles every one of them.
        if let Ok(glob) = glob(pattern) {
            set.add(glob);
        }
    }
    set.build().unwrap_or_else(|_| everything())
});

/// To which group each of the built-in globs belongs.
static OWNERS: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let counted = GROUPS.iter().enumerate();
    counted
        .flat_map(|(place, group)| group.globs.iter().map(move |_| place))
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    fn class_of(path: &str, extra: &[&str]) -> Class {
        let extra: Vec<String> = extra.iter().map(|p| (*p).to_owned()).collect();
        classify(&RepoPath::parse(path).unwrap(), &Extra::new(&extra)).class
    }

    #[test]
    fn classes_of_ordinary_and_special_paths() {
        use Class::{Ask, Free, Never};
        for (path, class) in [
            (".github/workflows/ci.yml", Never),
            (".github/workflows/sub/ci.yml", Never),
            (".github/workflows", Never),
            (".GitHub/Workflows/CI.yml", Never),
            (".github/worKflows/ci.yml", Never),
            (".gıthub/workflows/ci.yml", Never),
            (".github/workflowſ/ci.yml", Never),
            (".github/actions/x/action.yml", Never),
            (".github/millhand.yml", Never),
            (".github/Millhand.yaml", Never),
            (".gitmodules", Never),
            ("vendor/.gitattributes", Never),
            (".GITATTRIBUTES", Never),
            (".github/CODEOWNERS", Ask),
            ("CODEOWNERS", Ask),
            ("docs/CodeOwners", Ask),
            (".github/dependabot.yml", Ask),
            (".github/ISSUE_TEMPLATE/bug.yml", Ask),
            ("AGENTS.md", Ask),
            ("sub/agents.MD", Ask),
            ("CLAUDE.md", Ask),
            (".cursor/rules/x.mdc", Ask),
            (".github/copilot-instructions.md", Ask),
            ("Cargo.toml", Ask),
            ("crates/a/Cargo.toml", Ask),
            ("CARGO.TOML", Ask),
            ("package.json", Ask),
            ("web/package.json", Ask),
            ("requirements-dev.txt", Ask),
            ("go.mod", Ask),
            ("app.csproj", Ask),
            ("Cargo.lock", Ask),
            ("yarn.lock", Ask),
            ("go.sum", Ask),
            ("package-lock.json", Ask),
            ("build.rs", Ask),
            (".cargo/config.toml", Ask),
            ("Makefile", Ask),
            ("docker/Dockerfile.prod", Ask),
            ("ci.sh", Ask),
            (".husky/pre-commit", Ask),
            (".vscode/tasks.json", Ask),
            ("src/lib.rs", Free),
            ("README.md", Free),
            ("LICENSE", Free),
            (".gitignore", Free),
            ("tests/workflows/ci.yml", Free),
            ("github/workflows/ci.yml", Free),
            ("src/build_rs.rs", Free),
            ("src/lock.rs", Free),
            ("src/package.rs", Free),
            ("src/builder/mod.rs", Free),
            ("docs/agents.markdown", Free),
            ("cargo.toml.md", Free),
        ] {
            assert_eq!(class_of(path, &[]), class, "{path}");
        }
    }

    #[test]
    fn a_teams_own_patterns_are_asked_about() {
        for (pattern, path, class) in [
            ("LICENSE", "LICENSE", Class::Ask),
            ("LICENSE", "sub/license", Class::Ask),
            ("LICENSE", "LICENSE.md", Class::Free),
            ("src/secret", "src/secret/key.rs", Class::Ask),
            ("src/secret/", "src/secret/key.rs", Class::Ask),
            ("/src/secret", "src/secret/key.rs", Class::Ask),
            ("/src/secret", "a/src/secret/key.rs", Class::Free),
            ("/LICENSE", "sub/LICENSE", Class::Free),
            ("*.sql", "db/deep/x.SQL", Class::Ask),
            ("db/*.sql", "db/x.sql", Class::Ask),
            ("db/*.sql", "db/deep/x.sql", Class::Free),
            ("db/**/*.sql", "db/deep/er/x.sql", Class::Ask),
            ("{a,b}.txt", "c/b.txt", Class::Ask),
            ("straße", "STRASSE", Class::Ask),
            ("a[", "a[", Class::Ask),
            ("a[", "a", Class::Free),
            // A pattern cannot free what is never written.
            ("*", ".github/workflows/ci.yml", Class::Never),
        ] {
            assert_eq!(class_of(path, &[pattern]), class, "{pattern} {path}");
        }
        let extra = Extra::new(&["ok".to_owned(), "a[".to_owned()]);
        assert_eq!(extra.malformed, ["a["]);
        let judged = classify(&RepoPath::parse("x/ok").unwrap(), &extra);
        assert_eq!(judged.because, "the setting protected_paths names it (\"ok\")");
    }

    #[test]
    fn every_built_in_glob_compiles_and_is_folded() {
        for group in &GROUPS {
            for pattern in group.globs {
                assert!(glob(pattern).is_ok(), "{pattern}");
                assert_eq!(fold(pattern), *pattern);
            }
        }
        assert_eq!(BUILT_IN.len(), OWNERS.len());
    }
}
