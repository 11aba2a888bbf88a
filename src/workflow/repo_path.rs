//! A path inside the repository that is safe on every machine that will ever check it out.
//!
//! Invariant: a [`RepoPath`] can only be made by [`RepoPath::parse`], which is stricter than git: git lets through
//! backslashes, device names, case clashes and invisible characters, all of which do harm on some file system.

use std::borrow::Cow;
use std::fmt;

use super::text_class::{Class, class};

/// Bytes of a whole path. Windows programs stop at 260 characters, archive formats at 1,024 bytes.
pub const PATH_BYTES_MAX: usize = 1_024;
/// Bytes of one component: what ext4, APFS and NTFS can store.
pub const COMPONENT_BYTES_MAX: usize = 255;
/// Components of a path: nobody looks deeper.
pub const DEPTH_MAX: usize = 32;

/// Files that git reads: a folder of such a name makes `git fsck` fail.
const GIT_FILES: [&str; 4] = [".gitmodules", ".gitattributes", ".gitignore", ".mailmap"];

/// A path from the repository's root, `src/lib.rs`, in Unicode's composed form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(String);

/// Why a text is no path; told to the model word by word.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Nothing at all.
    #[error("the path is empty")]
    Empty,
    /// Longer than [`PATH_BYTES_MAX`].
    #[error("the path has {0} bytes, at most {PATH_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// Deeper than [`DEPTH_MAX`].
    #[error("the path has {0} parts, at most {DEPTH_MAX} are allowed")]
    TooDeep(usize),
    /// It begins with a slash.
    #[error("the path begins with a slash; write it from the repository's root")]
    Absolute,
    /// It ends with a slash.
    #[error("the path ends with a slash; name a file, not a folder")]
    Folder,
    /// Two slashes in a row.
    #[error("the path has an empty part")]
    EmptyPart,
    /// `.`, `..`, or a part that begins with two dots.
    #[error("the part {0:?} is not a name; paths do not walk up or stand still")]
    Dots(String),
    /// A part longer than [`COMPONENT_BYTES_MAX`].
    #[error("a part of the path has {0} bytes, at most {COMPONENT_BYTES_MAX} are allowed")]
    PartTooLong(usize),
    /// A character that some file system reads as something else, or nobody can see.
    #[error("the character {1} is not allowed in a path ({0})")]
    Character(&'static str, String),
    /// Not in the composed form: two spellings of one name.
    #[error("the path is not in Unicode's composed form (NFC)")]
    NotComposed,
    /// A space or dot where Windows drops it.
    #[error("the part {0:?} begins with a space, or ends with a space or a dot")]
    Edge(String),
    /// A device on Windows.
    #[error("the part {0:?} is the name of a device on Windows")]
    Device(String),
    /// `NAME~1`: the short form of another name on Windows.
    #[error("the part {0:?} has the form of a short name on Windows")]
    ShortName(String),
    /// `.git` in one of its spellings, or a folder called like a file of git's.
    #[error("the part {0:?} is git's own, or reads like it on some file system")]
    Git(String),
}

impl RepoPath {
    /// Reads a path as written by a model.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        if text.len() > PATH_BYTES_MAX {
            return Err(PathError::TooLong(text.len()));
        }
        if text.starts_with('/') {
            return Err(PathError::Absolute);
        }
        if text.ends_with('/') {
            return Err(PathError::Folder);
        }
        if let Some((c, why)) = text.chars().find_map(|c| Some((c, unfit(c)?))) {
            return Err(PathError::Character(why, c.escape_unicode().to_string()));
        }
        if gix::utils::str::precompose(Cow::Borrowed(text)) != text {
            return Err(PathError::NotComposed);
        }
        let depth = text.split('/').count();
        if depth > DEPTH_MAX {
            return Err(PathError::TooDeep(depth));
        }
        for (place, part) in text.split('/').enumerate() {
            check_part(part)?;
            if place + 1 < depth && GIT_FILES.contains(&fold(part).as_str()) {
                return Err(PathError::Git(part.to_owned()));
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The spelling under which file systems that ignore case take paths for the same; see [`fold`].
    #[must_use]
    pub fn fold(&self) -> String {
        fold(&self.0)
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Folds a path: two paths with one fold may be one file somewhere. Upper case first, because `ſ` and `ı` have an ASCII
/// capital and no ASCII small letter; full-width letters as the ASCII ones, because Windows converts them so.
#[must_use]
pub fn fold(path: &str) -> String {
    if path.is_ascii() {
        return path.to_ascii_lowercase();
    }
    let composed = gix::utils::str::precompose(Cow::Borrowed(path));
    let upper: String = composed.chars().map(narrow).flat_map(char::to_uppercase).collect();
    let lower: String = upper
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|c| *c != '\u{307}')
        .collect();
    // Folding can take a composed letter apart.
    gix::utils::str::precompose(Cow::Owned(lower)).into_owned()
}

/// A full-width form as its ASCII character (they lie 0xFEE0 apart).
fn narrow(c: char) -> char {
    match c {
        '\u{ff0f}' => c, // a slash would make two parts of one
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// Why a character cannot stand in a path.
fn unfit(c: char) -> Option<&'static str> {
    match c {
        '\\' => Some("Windows reads it as a slash"),
        ':' => Some("Windows reads it as a drive or a stream"),
        '<' | '>' | '"' | '|' | '?' | '*' => Some("Windows has no such names"),
        '\n' | '\r' | '\t' => Some("it breaks lists of paths"),
        '\u{fffd}' => Some("it stands for a damaged one"),
        '\u{ff01}'..='\u{ff5e}' => Some("it looks like an ASCII character and is none"),
        ' ' => None,
        c if c.is_whitespace() => Some("it looks like a space and is none"),
        c if matches!(u32::from(c) & 0xffff, 0xfffe | 0xffff) || matches!(c, '\u{fdd0}'..='\u{fdef}') => {
            Some("it is no character")
        }
        c => match class(c) {
            Class::Plain => None,
            Class::Control => Some("it is a control character"),
            Class::Direction => Some("it turns the direction of text"),
            Class::Invisible => Some("nobody sees it"),
            Class::PrivateUse => Some("it means what some font makes of it"),
        },
    }
}

fn check_part(part: &str) -> Result<(), PathError> {
    if part.is_empty() {
        return Err(PathError::EmptyPart);
    }
    if part.len() > COMPONENT_BYTES_MAX {
        return Err(PathError::PartTooLong(part.len()));
    }
    if part == "." || part.starts_with("..") {
        return Err(PathError::Dots(part.to_owned()));
    }
    if part.starts_with(' ') || part.ends_with([' ', '.']) {
        return Err(PathError::Edge(part.to_owned()));
    }
    let folded = fold(part);
    if is_git(&folded) {
        return Err(PathError::Git(part.to_owned()));
    }
    if is_device(&folded) {
        return Err(PathError::Device(part.to_owned()));
    }
    if folded
        .match_indices('~')
        .any(|(at, _)| folded[at + 1..].starts_with(|c: char| c.is_ascii_digit()))
    {
        return Err(PathError::ShortName(part.to_owned()));
    }
    // The library knows git's own rules, with those for Windows and macOS, better than a list here would.
    gix::validate::path::component(part.into(), None, gix::validate::path::component::Options::default())
        .map(|_| ())
        .map_err(|_| PathError::Git(part.to_owned()))
}

fn is_git(folded: &str) -> bool {
    let stem = folded
        .split_once('.')
        .map_or("", |(before, after)| if before.is_empty() { after } else { "" });
    stem == "git" || stem.strip_prefix("git").is_some_and(|rest| rest.starts_with([' ', '.']))
}

/// Devices of Windows, with any extension; the superscript digits count as digits there.
fn is_device(folded: &str) -> bool {
    let stem = folded.split('.').next().unwrap_or(folded).trim_end();
    let numbered = |name: &str| {
        stem.strip_prefix(name)
            .is_some_and(|rest| rest.chars().count() == 1 && rest.chars().all(|c| c.is_ascii_digit() || "¹²³".contains(c)))
    };
    matches!(stem, "con" | "prn" | "aux" | "nul" | "conin$" | "conout$" | "clock$") || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_paths_are_accepted_as_they_are() {
        for path in [
            "README.md",
            "src/lib.rs",
            "a",
            ".gitignore",
            ".github/ISSUE_TEMPLATE/bug.md",
            ".env.example",
            "docs/a b.md",
            "docs/übung.md",
            "docs/日本語.md",
            "docs/Привет.md",
            "src/[id]/page.tsx",
            "src/(group)/$slug/@modal+x,y=z;%&'!#{}.ts",
            "console.rs",
            "com10.txt",
            "lpt.txt",
            "communication/nullable.c",
            "auxiliary.h",
            "file~",
            "a~b",
            "git/x",
            "x.git/y",
            ".gitlab-ci.yml",
            ".gitkeep",
            "a.b.c/.d",
            "-rf",
            "docs/café.md",
            "ñ/ı",
        ] {
            assert_eq!(RepoPath::parse(path).as_ref().map(RepoPath::as_str), Ok(path), "{path:?}");
        }
        for path in ["a".repeat(255), vec!["a"; 32].join("/"), vec!["a".repeat(127); 8].join("/")] {
            assert!(RepoPath::parse(&path).is_ok(), "{path:?}");
        }
    }

    const DANGEROUS: &[&str] = &[
        "",
        "/",
        "/etc/passwd",
        "//a",
        "a/",
        "a//b",
        ".",
        "..",
        "./a",
        "../a",
        "a/../b",
        "a/./b",
        "a/..",
        "..a",
        "...",
        "a\\b",
        "..\\a",
        "C:/a",
        "c:a",
        "a:b",
        "a.txt:stream",
        "a.txt::$DATA",
        "a<b",
        "a>b",
        "a\"b",
        "a|b",
        "a?b",
        "a*b",
        "a\0b",
        "a\nb",
        "a\rb",
        "a\tb",
        "a\u{1b}b",
        "a\u{7f}b",
        "a\u{85}b",
        "a\u{a0}b",
        "a\u{2003}b",
        "a\u{3000}b",
        "a\u{200b}b",
        "a\u{200d}b",
        "a\u{202e}b",
        "a\u{2066}b",
        "a\u{feff}b",
        "a\u{e0041}b",
        "a\u{fe0f}b",
        "a\u{ad}b",
        "a\u{2028}b",
        "a\u{e000}b",
        "a\u{fffd}b",
        "a\u{fffe}b",
        "a\u{3164}b",
        "ａ",
        "．github/x",
        "a／b",
        " a",
        "a ",
        "a.",
        "a. ",
        "a /b",
        "a./b",
        "dir /x",
        "CON",
        "con",
        "Con.txt",
        "a/PRN",
        "aux.c",
        "NUL",
        "nul.tar.gz",
        "com1",
        "COM9.log",
        "lpt0",
        "COM¹",
        "com².x",
        "conin$",
        "CONOUT$",
        "clock$",
        "con .txt",
        "ᴄon/../x",
        ".git",
        ".git/config",
        "a/.git/hooks/x",
        ".GIT/config",
        ".Git",
        "git~1",
        "GIT~2/x",
        ".git ",
        ".git.",
        ".git ./x",
        ".git::$INDEX_ALLOCATION",
        ".g\u{200c}it/config",
        ".gıt/config",
        ".gİt",
        ".git .x",
        ".git...",
        ".gitmodules/x",
        "a/.GitModules/x",
        ".gitignore/x",
        "progra~1/x",
        "a~12.txt",
        "gitmod~1",
        "gi7eba~1",
        "cafe\u{301}.md",
        "\u{212b}.md",
        "\u{1100}\u{1161}",
        "\u{2126}",
        "\u{1f71}",
    ];

    #[test]
    fn dangerous_paths_are_refused() {
        for path in DANGEROUS {
            assert!(RepoPath::parse(path).is_err(), "{path:?}");
        }
        for path in [
            "a".repeat(256),
            vec!["a"; 33].join("/"),
            "é".repeat(128),
            vec!["a".repeat(128); 8].join("/") + "/a",
        ] {
            assert!(RepoPath::parse(&path).is_err(), "{path:?}");
        }
        assert_eq!(
            RepoPath::parse("a\u{202e}b"),
            Err(PathError::Character("it turns the direction of text", "\\u{202e}".to_owned()))
        );
        assert_eq!(
            RepoPath::parse("x/nul.c").unwrap_err().to_string(),
            "the part \"nul.c\" is the name of a device on Windows"
        );
    }

    #[test]
    fn folds_are_one_for_names_that_are_one_somewhere() {
        for (one, other) in [
            ("README.md", "readme.md"),
            ("CARGO.TOML", "Cargo.toml"),
            ("worKflows", "workflows"),
            ("ſrc", "src"),
            (".gıthub", ".github"),
            (".gİthub", ".github"),
            ("straße", "STRASSE"),
            ("Ω", "ω"),
            ("ς", "Σ"),
            ("café", "CAFE\u{301}"),
            ("ﬁle", "file"),
            ("ｃargo", "cargo"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        assert_ne!(fold("a"), fold("b"));
        assert_ne!(fold("аpp"), fold("app"), "Cyrillic and Latin are two files everywhere");
    }

    /// What `git fsck --strict` and git's protections ask of a path, said again in other words.
    fn fsck_accepts(path: &str) -> bool {
        path.split('/').all(|part| {
            let bytes = part.as_bytes();
            let lower = part.to_lowercase();
            !part.is_empty()
                && part != "."
                && part != ".."
                && !bytes.contains(&0)
                && bytes.len() <= 4_096
                && lower != ".git"
                && !lower.starts_with("git~")
                && !lower.trim_end_matches([' ', '.']).eq(".git")
                && !lower.split(':').next().unwrap_or("").trim_end_matches([' ', '.']).eq(".git")
                && !part.contains('\\')
        })
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_safe_and_stays_the_same(text in prop_oneof![
            "(?s).{0,40}",
            "[a-zA-Z.~ /]{1,20}",
            "(\\.|\\.\\.|\\.git|GIT~1|con|nul|[a-c]|é|e\u{301}|K|/|\\\\| ){1,8}",
        ]) {
            if let Ok(path) = RepoPath::parse(&text) {
                prop_assert_eq!(path.as_str(), text.as_str());
                prop_assert!(fsck_accepts(&text));
                prop_assert!(!text.chars().any(|c| c.is_control() || "<>:\"|?*\\".contains(c)));
                prop_assert_eq!(gix::utils::str::precompose(Cow::Borrowed(text.as_str())), text.as_str());
                prop_assert_eq!(RepoPath::parse(path.as_str()), Ok(path.clone()));
                prop_assert_eq!(fold(&path.fold()), path.fold());
            }
        }

        #[test]
        fn bytes_of_any_kind_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let text = String::from_utf8_lossy(&bytes);
            let _ = RepoPath::parse(&text).map_err(|e| e.to_string());
            let _ = fold(&text);
        }
    }
}
