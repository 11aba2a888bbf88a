//! The Rust that the offline model writes for a bullet: a module that holds what was asked for, and a test that includes it.
//!
//! Invariant: whatever the words are, the code compiles without a warning and its test passes: words stand only in
//! string literals as `Debug` writes them, and in line comments, which end at the line's end.

use super::notes;

/// Words that are looked for and must not be found: one of them is in hardly any request.
const ABSENT: [&str; 4] = ["xylophone", "zeppelin", "quagmire", "kumquat"];

/// The module of a phase.
pub(super) fn module(title: &str, asked: &[String]) -> String {
    let entries: String = asked.iter().map(|text| format!("    {text:?},\n")).collect();
    format!(
        "//! {title}\n\
         //!\n\
         //! {writer}\n\
         \n\
         /// What was asked for, one entry for each bullet.\n\
         pub const ASKED: [&str; {count}] = [\n{entries}];\n\
         \n\
         /// How many words it was asked for with.\n\
         pub fn words() -> usize {{\n    ASKED.iter().map(|asked| asked.split_whitespace().count()).sum()\n}}\n\
         \n\
         /// Whether a request speaks of `word`, whatever its case.\n\
         pub fn speaks_of(word: &str) -> bool {{\n    \
             let word = word.to_lowercase();\n    \
             ASKED.iter().any(|asked| asked.split(|c: char| !c.is_alphanumeric()).any(|part| part.to_lowercase() == word))\n}}\n",
        writer = notes::WRITER,
        count = asked.len(),
    )
}

/// The test of a phase: `slug` names both files.
pub(super) fn test(slug: &str, asked: &[String]) -> String {
    let module = slug.replace('-', "_");
    let entries: String = asked.iter().map(|text| format!("        {text:?},\n")).collect();
    let words: usize = asked.iter().map(|text| text.split_whitespace().count()).sum();
    let parts: Vec<&str> = asked
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
        .collect();
    let longest = parts
        .iter()
        .rev()
        .max_by_key(|part| part.chars().count())
        .filter(|part| !part.is_empty());
    let found = longest.map_or_else(String::new, |word| format!("    assert!({module}::speaks_of({word:?}));\n"));
    let absent = ABSENT
        .iter()
        .find(|absent| !parts.iter().any(|part| part.to_lowercase() == **absent));
    let absent = absent.map_or_else(String::new, |word| format!("    assert!(!{module}::speaks_of({word:?}));\n"));
    format!(
        "//! Checks `src/{slug}.rs`.\n\
         //!\n\
         //! {writer}\n\
         \n\
         #[path = \"../src/{slug}.rs\"]\n\
         mod {module};\n\
         \n\
         #[test]\n\
         fn it_records_what_was_asked_for() {{\n    let asked = [\n{entries}    ];\n    assert_eq!({module}::ASKED, asked);\n}}\n\
         \n\
         #[test]\n\
         fn it_counts_the_words() {{\n    assert_eq!({module}::words(), {words});\n}}\n\
         \n\
         #[test]\n\
         fn it_knows_what_it_speaks_of() {{\n{found}{absent}}}\n",
        writer = notes::WRITER,
    )
}
