//! Names of phases and of the files they add.
//!
//! Invariant: a name given is a valid slug for a plan, a valid crate name for `rustc`, and no file has it yet.

use std::collections::BTreeSet;

use crate::llm::task::RepositoryView;
use crate::workflow::plan::SLUG_CHARS_MAX;

/// Room behind a name for `-2` to `-999` and `-part`.
const SUFFIX_CHARS: usize = 5;

/// What a crate or a module must not be called, and what some file systems refuse. Sources: the Rust reference on
/// keywords, the crates that every program has, Microsoft's page on naming files.
const RESERVED: &[&str] = &[
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "aux",
    "become",
    "box",
    "break",
    "build",
    "com0",
    "com1",
    "com2",
    "com3",
    "com4",
    "com5",
    "com6",
    "com7",
    "com8",
    "com9",
    "con",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "lib",
    "loop",
    "lpt0",
    "lpt1",
    "lpt2",
    "lpt3",
    "lpt4",
    "lpt5",
    "lpt6",
    "lpt7",
    "lpt8",
    "lpt9",
    "macro",
    "macro_rules",
    "main",
    "match",
    "mod",
    "move",
    "mut",
    "nul",
    "override",
    "priv",
    "prn",
    "proc_macro",
    "pub",
    "raw",
    "ref",
    "return",
    "safe",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// How a repository is laid out, as far as the offline model can build in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// `ci.sh` compiles and runs every file of `tests`; sources lie in `src`.
    Rust,
    /// Anything else.
    Other,
}

impl Layout {
    pub(super) fn of(view: &RepositoryView) -> Self {
        let in_folder = |folder: &str| {
            view.paths.iter().any(|path| {
                path.strip_prefix(folder)
                    .is_some_and(|name| name.ends_with(".rs") && !name.contains('/'))
            })
        };
        if view.paths.iter().any(|path| path == "ci.sh") && in_folder("src/") && in_folder("tests/") {
            Self::Rust
        } else {
            Self::Other
        }
    }

    /// The files of a phase of this name, sorted.
    pub(super) fn files(self, slug: &str) -> Vec<String> {
        match self {
            Self::Rust => vec![source(slug), test(slug)],
            Self::Other => vec![page(slug)],
        }
    }
}

/// `src/<slug>.rs`.
pub(super) fn source(slug: &str) -> String {
    format!("src/{slug}.rs")
}

/// `tests/<slug>.rs`.
pub(super) fn test(slug: &str) -> String {
    format!("tests/{slug}.rs")
}

/// `docs/<slug>.md`.
pub(super) fn page(slug: &str) -> String {
    format!("docs/{slug}.md")
}

/// The names that are taken.
#[derive(Debug)]
pub(super) struct Names {
    paths: BTreeSet<String>,
    slugs: BTreeSet<String>,
}

impl Names {
    /// Those of a repository's files and of phases that are there already. File systems that fold case are honoured.
    pub(super) fn new<'a>(view: &RepositoryView, slugs: impl Iterator<Item = &'a str>) -> Self {
        Self {
            paths: view.paths.iter().map(|path| path.to_lowercase()).collect(),
            slugs: slugs.map(str::to_owned).collect(),
        }
    }

    /// A name for a phase of this title, and takes it.
    pub(super) fn give(&mut self, title: &str, layout: Layout) -> String {
        let base = base(title);
        let mut slug = base.clone();
        let mut number = 2;
        while self.slugs.contains(&slug) || layout.files(&slug).iter().any(|path| self.paths.contains(path)) {
            slug = format!("{base}-{number}");
            number += 1;
        }
        self.slugs.insert(slug.clone());
        slug
    }
}

fn base(title: &str) -> String {
    let mut slug = String::new();
    let kept = title.chars().filter(|c| c.is_ascii() || !c.is_alphanumeric());
    let text: String = kept
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    let words = text
        .split('-')
        .filter(|word| !word.is_empty())
        .skip_while(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    for word in words {
        let joined = if slug.is_empty() {
            word.to_owned()
        } else {
            format!("{slug}-{word}")
        };
        if joined.len() > SLUG_CHARS_MAX - SUFFIX_CHARS {
            break;
        }
        slug = joined;
    }
    if slug.is_empty() {
        let letters = text.trim_start_matches(|c: char| !c.is_ascii_lowercase()).chars();
        slug = letters
            .take_while(char::is_ascii_alphanumeric)
            .take(SLUG_CHARS_MAX - SUFFIX_CHARS)
            .collect();
    }
    match slug.as_str() {
        "" => "piece".to_owned(),
        reserved if RESERVED.contains(&reserved.replace('-', "_").as_str()) => format!("{reserved}-part"),
        _ => slug,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(paths: &[&str]) -> RepositoryView {
        RepositoryView {
            name: "o/r".to_owned(),
            paths: paths.iter().map(|p| (*p).to_owned()).collect(),
            truncated: false,
        }
    }

    #[test]
    fn names_are_words_of_the_title() {
        for (title, slug) in [
            ("Read items from a file", "read-items-from-a-file"),
            ("A very long title that goes on and on for ever", "a-very-long-title-that"),
            ("type", "type-part"),
            ("Self!", "self-part"),
            ("proc macro", "proc-macro-part"),
            ("CON", "con-part"),
            ("3 ways in", "ways-in"),
            ("123", "piece"),
            ("漢字", "piece"),
            ("Größe prüfen", "gre-prfen"),
            ("a--b__c", "a-b-c"),
            ("supercalifragilisticexpialidocious", "supercalifragilisticexpia"),
            ("2fast", "fast"),
        ] {
            assert_eq!(base(title), slug, "{title}");
        }
    }

    #[test]
    fn names_are_given_once() {
        let view = view(&["ci.sh", "src/Parser.rs", "tests/rank.rs"]);
        let mut names = Names::new(&view, ["list"].into_iter());
        let given: Vec<String> = ["Parser", "rank", "list", "list", "parser"]
            .iter()
            .map(|t| names.give(t, Layout::Rust))
            .collect();
        assert_eq!(given, ["parser-2", "rank-2", "list-2", "list-3", "parser-3"]);
        assert_eq!(Names::new(&view, [].into_iter()).give("rank", Layout::Other), "rank");
    }

    #[test]
    fn the_layout_is_seen_from_the_paths() {
        assert_eq!(Layout::of(&view(&["ci.sh", "src/a.rs", "tests/a.rs"])), Layout::Rust);
        for paths in [
            &["src/a.rs", "tests/a.rs"][..],
            &["ci.sh", "src/a.rs"],
            &["ci.sh", "src/b/a.rs", "tests/a.rs"],
            &["x/ci.sh", "src/a.rs", "tests/a.rs"],
        ] {
            assert_eq!(Layout::of(&view(paths)), Layout::Other, "{paths:?}");
        }
    }
}
