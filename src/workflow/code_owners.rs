//! `CODEOWNERS`: who owns a path.
//!
//! Patterns mean what GitHub says they mean
//! (<https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners>):
//! those of `.gitignore` without negation and character ranges, the last match counts, and letter case does too.
//!
//! Invariant: a line that GitHub would skip owns nothing here.

use globset::{GlobBuilder, GlobMatcher};
use serde::{Deserialize, Serialize};

/// Where the file may lie, in GitHub's order: the first that is there counts.
pub const PLACES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// Bytes of the file that are read: GitHub ignores one of 3 MB or more.
pub const FILE_BYTES_MAX: usize = 3_000_000;

/// Who owns a path.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Owners {
    /// Logins of people, as written and without `@`.
    pub people: Vec<String>,
    /// Teams (`org/team`) and addresses: who they are cannot be told from here.
    pub others: Vec<String>,
}

/// A `CODEOWNERS` file, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct CodeOwners {
    rules: Vec<(Vec<GlobMatcher>, Owners)>,
}

impl CodeOwners {
    /// Reads a file.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self {
            rules: text.lines().filter_map(rule).collect(),
        }
    }

    /// The owners of a path; empty where nobody owns it.
    #[must_use]
    pub fn of(&self, path: &str) -> Owners {
        let last = self
            .rules
            .iter()
            .rev()
            .find(|(globs, _)| globs.iter().any(|glob| glob.is_match(path)));
        last.map(|(_, owners)| owners.clone()).unwrap_or_default()
    }
}

/// One line; `None` for empty ones, comments and patterns that GitHub does not know.
fn rule(line: &str) -> Option<(Vec<GlobMatcher>, Owners)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (pattern, rest) = pattern(line);
    let mut owners = Owners::default();
    for word in rest.split_whitespace().take_while(|word| !word.starts_with('#')) {
        match word.strip_prefix('@') {
            Some(name) if name.contains('/') => owners.others.push(name.to_owned()),
            Some(name) => owners.people.push(name.to_owned()),
            None => owners.others.push(word.to_owned()),
        }
    }
    Some((globs(&pattern)?, owners))
}

/// The pattern, in which a backslash lets a space stand, and what follows it.
fn pattern(line: &str) -> (String, &str) {
    let mut pattern = String::new();
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => pattern.extend(chars.next().map(|(_, escaped)| escaped)),
            c if c.is_whitespace() => return (pattern, line.get(at..).unwrap_or_default()),
            c => pattern.push(c),
        }
    }
    (pattern, "")
}

fn globs(pattern: &str) -> Option<Vec<GlobMatcher>> {
    if pattern.starts_with('!') || pattern.contains('[') {
        return None;
    }
    let (path, folder) = match pattern.strip_suffix('/') {
        Some(path) => (path, true),
        None => (pattern, false),
    };
    let anchored = path.contains('/');
    let path = path.strip_prefix('/').unwrap_or(path);
    let begin = if anchored { "" } else { "**/" };
    let mut ends = Vec::new();
    if !folder {
        ends.push("");
    }
    // `docs/*` is what lies in `docs`, and nothing below that.
    if folder || !(anchored && path.ends_with("/*")) {
        ends.push("/**");
    }
    let glob = |end: &&str| {
        let text = format!("{begin}{}{end}", escaped(path));
        Some(
            GlobBuilder::new(&text)
                .literal_separator(true)
                .build()
                .ok()?
                .compile_matcher(),
        )
    };
    ends.iter().map(glob).collect()
}

/// Characters that mean something to globs and nothing to GitHub.
fn escaped(path: &str) -> String {
    let special = |c: char| matches!(c, '{' | '}' | ']');
    path.chars()
        .flat_map(|c| special(c).then_some('\\').into_iter().chain([c]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of GitHub's page, and what it says about them.
    const FILE: &str = "# comment\n\
        *       @global-owner1 @global-owner2\n\
        *.js    @js-owner #This is an inline comment.\n\
        *.go docs@example.com\n\
        *.txt @octo-org/octocats\n\
        /build/logs/ @doctocat\n\
        docs/* docs@example.com\n\
        apps/ @octocat\n\
        /docs/ @doctocat\n\
        /scripts/ @doctocat @octocat\n\
        **/logs @octocat\n\
        /apps/ @octocat\n\
        /apps/github\n\
        with\\ space.md @spacer\n\
        !no @nobody\n\
        [ab].rs @nobody\n";

    #[test]
    fn the_last_match_owns() {
        let file = CodeOwners::read(FILE);
        for (path, people, others) in [
            ("README.md", "global-owner1 global-owner2", ""),
            ("src/deep/er/x.js", "js-owner", ""),
            ("x.go", "", "docs@example.com"),
            ("a/b.txt", "", "octo-org/octocats"),
            ("build/logs/today/x.txt", "octocat", ""),
            ("other/build/logs/x.md", "octocat", ""),
            ("docs/getting-started.md", "doctocat", ""),
            ("other/apps/x.md", "octocat", ""),
            ("scripts/x", "doctocat octocat", ""),
            ("apps/x.md", "octocat", ""),
            ("apps/github/x.md", "", ""),
            ("with space.md", "spacer", ""),
            ("no", "global-owner1 global-owner2", ""),
            ("a.rs", "global-owner1 global-owner2", ""),
        ] {
            let owners = file.of(path);
            assert_eq!(
                (owners.people.join(" "), owners.others.join(" ")),
                (people.to_owned(), others.to_owned()),
                "{path}"
            );
        }
    }

    #[test]
    fn what_is_anchored_and_what_is_not() {
        for (pattern, path, owned) in [
            ("docs/*", "docs/a.md", true),
            ("docs/*", "docs/build/a.md", false),
            ("docs/*", "x/docs/a.md", false),
            ("*", "a/b/c", true),
            ("lock", "a/lock", true),
            ("lock", "a/lock/b", true),
            ("/lock", "a/lock", false),
            ("a/b", "a/b/c", true),
            ("a/b", "x/a/b", false),
            ("a?", "ab", true),
            ("A", "a", false),
            ("{a,b}", "a", false),
            ("{a,b}", "{a,b}", true),
            ("folder/", "folder", false),
            ("folder/", "x/folder/y", true),
        ] {
            let file = CodeOwners::read(&format!("{pattern} @owner"));
            assert_eq!(!file.of(path).people.is_empty(), owned, "{pattern} {path}");
        }
        assert_eq!(CodeOwners::read("").of("a"), Owners::default());
    }
}
