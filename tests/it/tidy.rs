//! The borders of the layers and the habits of the house, as tests over the sources.
//!
//! Invariant: every check below is also shown a bad sample and refuses it, so that none of them can pass by never looking.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// What the sources of one layer may not name.
struct Border {
    /// A folder of `src`, or a file without its `.rs`.
    layer: &'static str,
    /// Layers above it or beside it.
    layers: &'static [&'static str],
    /// Crates, types and words that belong to other layers.
    words: &'static [&'static str],
}

/// `workflow` <- `github`, `llm`, `store`, `notify` <- `engine` <- `http`, `cli`; `sim` stands outside; `clock` is for all.
const BORDERS: [Border; 10] = [
    Border {
        layer: "workflow",
        layers: &["github", "llm", "store", "notify", "engine", "http", "cli", "sim"],
        words: &[
            "tokio::",
            "sqlx",
            "octocrab",
            "reqwest",
            "axum",
            "tracing::",
            "async fn",
            ".await",
            "SystemTime",
            "Instant",
        ],
    },
    Border {
        layer: "github",
        layers: &["llm", "store", "notify", "engine", "http", "cli", "sim"],
        words: &["sqlx", "clap"],
    },
    Border {
        layer: "llm",
        layers: &["github", "store", "notify", "engine", "http", "cli", "sim"],
        words: &["sqlx", "octocrab", "axum", "clap"],
    },
    Border {
        layer: "store",
        layers: &["github", "llm", "notify", "engine", "http", "cli", "sim"],
        words: &["octocrab", "reqwest", "axum", "clap"],
    },
    Border {
        layer: "notify",
        layers: &["github", "llm", "store", "engine", "http", "cli", "sim"],
        words: &["sqlx", "octocrab", "axum", "clap"],
    },
    Border {
        layer: "engine",
        layers: &["http", "cli", "sim"],
        words: &["axum", "clap"],
    },
    Border {
        layer: "http",
        layers: &["llm", "cli", "sim"],
        words: &["sqlx", "octocrab", "clap"],
    },
    Border {
        layer: "cli",
        layers: &[],
        words: &["sqlx", "octocrab"],
    },
    Border {
        layer: "sim",
        layers: &["workflow", "github", "llm", "store", "notify", "engine", "http", "cli"],
        words: &["sqlx", "octocrab", "clap"],
    },
    Border {
        layer: "clock",
        layers: &["workflow", "github", "llm", "store", "notify", "engine", "http", "cli", "sim"],
        words: &["tokio::", "sqlx", "axum"],
    },
];

/// Above this many lines before its tests a file has two subjects.
const PRODUCTION_LINES: usize = 350;

/// Files that may be longer, each with its reason.
const LONG_FILES: [(&str, &str); 2] = [
    ("src/sim/ops/laws/pulls_and_bases.rs", "a table of laws, tests only"),
    ("src/sim/ops/laws/refs_and_files.rs", "a table of laws, tests only"),
];

/// Marks of one person's machine or of one company's mirror; put together here, so that this file does not hold them.
const FOREIGN: [&str; 9] = [
    concat!("registry.", "npmjs.org"),
    concat!("registry.", "yarnpkg.com"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("files.", "pythonhosted.org"),
    concat!("proxy.", "golang.org"),
    concat!("/home", "/"),
    concat!("/Users", "/"),
    concat!("/root", "/"),
];

/// A file of the tree: its path from the top, with slashes, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// `src/github/auth.rs` lies in layer `github`, `src/clock.rs` in `clock`.
    fn layer(&self) -> Option<&str> {
        self.path.strip_prefix("src/")?.trim_end_matches(".rs").split('/').next()
    }

    /// How many `super` lead to the top of the crate.
    fn depth(&self) -> usize {
        let module = self
            .path
            .trim_start_matches("src/")
            .trim_end_matches(".rs")
            .trim_end_matches("/mod");
        module.split('/').count()
    }

    /// A file of `tests`, or a module of `src` that only tests compile.
    fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// The lines before the tests at the file's bottom.
    fn production(&self) -> &str {
        if self.is_test() {
            return "";
        }
        match self.text.find("\n#[cfg(test)]") {
            Some(end) => &self.text[..end],
            None => &self.text,
        }
    }

    fn tests(&self) -> &str {
        &self.text[self.production().len()..]
    }
}

/// Comments may name whatever they explain; code may not.
fn code(text: &str) -> String {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whether `word` stands in `text` and is not a part of a longer name.
fn names(text: &str, word: &str) -> bool {
    let part = |it: Option<char>| it.is_some_and(|it| it.is_alphanumeric() || it == '_');
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + word.len()..].chars().next());
        let (first, last) = (word.chars().next(), word.chars().next_back());
        !(part(first) && part(before) || part(last) && part(after))
    })
}

/// The layers that a source reaches by `crate::`, `millhand::`, or by as many `super` as lead to the top.
fn reached(source: &Source) -> Vec<String> {
    static PATHS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?:\bcrate|\bmillhand|((?:\bsuper::)*\bsuper))\s*::\s*(\w+|\{)").expect("a valid pattern"));
    let text = code(&source.text);
    let mut out = Vec::new();
    for found in PATHS.captures_iter(&text) {
        let supers = found.get(1).map(|it| it.as_str().matches("super").count());
        if supers.is_some_and(|count| count < source.depth()) {
            continue;
        }
        let target = found.get(2).expect("the pattern has two groups");
        if target.as_str() == "{" {
            out.extend(group(&text[target.end()..]));
        } else {
            out.push(target.as_str().to_owned());
        }
    }
    out
}

/// The first names of the entries of a braced import, whose opening brace is already read.
fn group(text: &str) -> Vec<String> {
    let (mut depth, mut entry, mut out) = (1, String::new(), Vec::new());
    for letter in text.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && letter == ',') {
            out.push(std::mem::take(&mut entry));
        } else if depth == 1 {
            entry.push(letter);
        }
        if depth == 0 {
            break;
        }
    }
    out.iter()
        .filter_map(|it| it.trim().split("::").next())
        .filter(|it| !it.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Where a source crosses the border of its layer.
fn crossings(source: &Source) -> Vec<String> {
    let Some(border) = BORDERS.iter().find(|border| source.layer() == Some(border.layer)) else {
        return Vec::new();
    };
    let text = code(&source.text);
    let words = border
        .words
        .iter()
        .filter(|word| names(&text, word))
        .map(|word| (*word).to_owned());
    let layers = reached(source)
        .into_iter()
        .filter(|layer| border.layers.contains(&layer.as_str()));
    let mut found: Vec<String> = words.chain(layers.map(|layer| format!("crate::{layer}"))).collect();
    found.sort();
    found.dedup();
    found
        .into_iter()
        .map(|it| format!("{}: {} may not name {it}", source.path, border.layer))
        .collect()
}

fn too_long(source: &Source) -> Option<String> {
    let lines = source.production().lines().count();
    let excused = LONG_FILES.iter().any(|(path, _)| *path == source.path);
    (lines > PRODUCTION_LINES && !excused).then(|| format!("{}: {lines} lines before its tests", source.path))
}

/// Production code that is compiled otherwise for tests. A whole module for tests is none: it adds, and changes nothing.
fn switches(source: &Source) -> Vec<String> {
    static SWITCH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"cfg(?:_attr)?!?\s*\(.*\btest\b").expect("a valid pattern"));
    static MODULE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^(?:pub\([\w: ]+\) )?mod \w+").expect("a valid pattern"));
    if source.path.starts_with("tests/") {
        return Vec::new();
    }
    let lines: Vec<&str> = source.text.lines().collect();
    let is_switch = |line: &str| SWITCH.is_match(line) && !line.trim_start().starts_with("//");
    let is_module = |at: usize| lines[at] == "#[cfg(test)]" && lines.get(at + 1).is_some_and(|next| MODULE.is_match(next));
    let found = lines
        .iter()
        .enumerate()
        .filter(|(at, line)| is_switch(line) && !is_module(*at));
    found
        .map(|(at, line)| format!("{}:{}: {}", source.path, at + 1, line.trim()))
        .collect()
}

/// Sleeps and switched-off tests.
fn lazy_tests(source: &Source) -> Vec<String> {
    const LAZY: [&str; 3] = [
        concat!("thread::", "sleep"),
        concat!("time::", "sleep"),
        concat!("#[", "ignore"),
    ];
    let text = code(source.tests());
    LAZY.iter()
        .filter(|word| text.contains(*word))
        .map(|word| format!("{}: {word} in a test", source.path))
        .collect()
}

/// Each file says what it is; the root of a module also says what always holds in it.
fn unexplained(source: &Source) -> Option<String> {
    let header: Vec<&str> = source.text.lines().take_while(|line| line.starts_with("//!")).collect();
    if header.is_empty() {
        return Some(format!("{}: does not begin with //!", source.path));
    }
    let top = source
        .path
        .strip_prefix("src/")
        .is_some_and(|it| !it.contains('/') && !["lib.rs", "main.rs"].contains(&it));
    let root = top || source.path.ends_with("/mod.rs");
    let told = header.iter().any(|line| line.contains("Invariant: "));
    (root && !told).then(|| format!("{}: names no Invariant", source.path))
}

fn foreign(source: &Source) -> Vec<String> {
    FOREIGN
        .iter()
        .filter(|mark| source.text.contains(*mark))
        .map(|mark| format!("{}: {mark}", source.path))
        .collect()
}

/// All text files of the package but what Git ignores.
fn tree() -> Vec<Source> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut out = Vec::new();
    collect(top, top, &mut out);
    assert!(
        out.iter().any(|it| it.path == "src/lib.rs"),
        "the sources are not where they are looked for"
    );
    out
}

fn collect(top: &Path, folder: &Path, out: &mut Vec<Source>) {
    let entries = std::fs::read_dir(folder).expect("a folder of the package can be read");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
        if [".git", "target", "node_modules"].contains(&name) {
            continue;
        }
        if path.is_dir() {
            collect(top, &path, out);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            let path = path
                .strip_prefix(top)
                .expect("below the top")
                .to_string_lossy()
                .replace('\\', "/");
            out.push(Source { path, text });
        }
    }
}

fn rust() -> impl Iterator<Item = Source> {
    // The seeded repository's own files are data: they are what a stranger's repository holds.
    let seeded = |source: &Source| source.path.starts_with("src/sim/seed/todo/");
    tree().into_iter().filter(move |source| source.is_rust() && !seeded(source))
}

#[test]
fn no_layer_knows_what_it_must_not() {
    assert_eq!(rust().flat_map(|it| crossings(&it)).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn every_layer_has_a_border() {
    let layers: Vec<String> = rust().filter_map(|it| it.layer().map(str::to_owned)).collect();
    // The library's and the program's roots, and what every layer may use, stand under no border.
    let free = ["lib", "main", "config", "telemetry"];
    let open: Vec<&String> = layers
        .iter()
        .filter(|it| !free.contains(&it.as_str()) && !BORDERS.iter().any(|b| b.layer == **it))
        .collect();
    assert!(open.is_empty(), "folders of src without a border: {open:?}");
}

#[test]
fn no_file_has_outgrown_its_subject() {
    assert_eq!(
        rust().filter_map(|it| too_long(&it)).collect::<Vec<_>>(),
        Vec::<String>::new()
    );
}

#[test]
fn production_code_does_not_ask_whether_it_is_tested() {
    assert_eq!(rust().flat_map(|it| switches(&it)).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn no_test_sleeps_or_is_switched_off() {
    assert_eq!(
        rust().flat_map(|it| lazy_tests(&it)).collect::<Vec<_>>(),
        Vec::<String>::new()
    );
}

#[test]
fn every_file_says_what_it_is_and_every_module_what_always_holds() {
    assert_eq!(
        rust().filter_map(|it| unexplained(&it)).collect::<Vec<_>>(),
        Vec::<String>::new()
    );
}

#[test]
fn nothing_in_the_tree_belongs_to_one_machine() {
    assert_eq!(tree().iter().flat_map(foreign).collect::<Vec<_>>(), Vec::<String>::new());
}

mod bad_samples;
