//! Whether JSON, TOML and YAML can be read at all.
//!
//! Invariant: reading is bounded: no nesting, alias or document makes it cost more than its size says.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{File, Findings, Level, shown};
use crate::workflow::repo_path::fold;

/// Nesting of YAML: people get lost before, and so do programs that read it by recursion.
const YAML_DEPTH_MAX: usize = 64;
/// Nodes of a YAML file with its aliases written out: a file of the greatest size allowed has fewer than this.
const YAML_NODES_MAX: usize = 200_000;
/// Nodes that come from aliases: a few kilobytes of aliases must not be worth megabytes.
const YAML_ALIAS_NODES_MAX: usize = 20_000;

/// What a file's name says about its syntax.
#[derive(Clone, Copy)]
enum Syntax {
    Json,
    JsonLines,
    Toml,
    Yaml,
}

/// Where and why a file cannot be read.
struct Fault {
    line: Option<usize>,
    why: String,
}

/// Reads the file by its parser.
pub(super) fn check(file: &File<'_>, findings: &mut Findings) {
    let Some((syntax, name)) = syntax_of(file.path) else { return };
    let Some(fault) = fault(syntax, file.text) else { return };
    let template = matches!(syntax, Syntax::Yaml) && (file.text.contains("{{") || file.text.contains("{%"));
    let was_bad = file.before.is_some_and(|before| self::fault(syntax, before).is_some());
    let (level, end) = if was_bad {
        (Level::Warning, "; it could not be read before either")
    } else if template {
        (Level::Warning, "; it may be a template that becomes it")
    } else {
        (Level::Critical, "")
    };
    let why = shown(&fault.why);
    findings.at(level, file.path, fault.line, format!("This is no valid {name}: {why}{end}."));
}

fn syntax_of(path: &str) -> Option<(Syntax, &'static str)> {
    let folded = fold(path);
    let name = folded.rsplit('/').next().unwrap_or(&folded);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending)?;
    match ending {
        "json" | "geojson" | "webmanifest" | "ipynb" if !has_comments(&folded, name) => Some((Syntax::Json, "JSON")),
        "jsonl" | "ndjson" => Some((Syntax::JsonLines, "JSON")),
        "toml" => Some((Syntax::Toml, "TOML")),
        "yml" | "yaml" => Some((Syntax::Yaml, "YAML")),
        _ => None,
    }
}

/// Files that are called JSON and may hold comments.
fn has_comments(folded: &str, name: &str) -> bool {
    name.starts_with("tsconfig")
        || name.starts_with("jsconfig")
        || name.starts_with(".eslintrc")
        || matches!(
            name,
            "devcontainer.json" | ".devcontainer.json" | "tslint.json" | "api-extractor.json" | "language-configuration.json"
        )
        || folded.starts_with(".vscode/")
        || folded.contains("/.vscode/")
}

fn fault(syntax: Syntax, text: &str) -> Option<Fault> {
    match syntax {
        Syntax::Json => json(text, 0),
        Syntax::JsonLines => text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .find_map(|(place, line)| json(line, place)),
        Syntax::Toml => toml::from_str::<toml::Table>(text).err().map(|error| Fault {
            line: error.span().map(|span| line_of(text, span.start)),
            why: error.message().to_owned(),
        }),
        Syntax::Yaml => yaml(text),
    }
}

/// Line of a byte offset, counted from 1.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}

fn json(text: &str, lines_before: usize) -> Option<Fault> {
    serde_json::from_str::<Once>(text).err().map(|error| Fault {
        line: Some(lines_before + error.line()),
        why: error.to_string(),
    })
}

fn yaml(text: &str) -> Option<Fault> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: YAML_DEPTH_MAX,
            max_nodes: YAML_NODES_MAX,
            max_events: 2 * YAML_NODES_MAX,
            max_recorded_anchor_events: YAML_NODES_MAX,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: YAML_ALIAS_NODES_MAX,
        },
        with_snippet: false,
        // `.nan` is good YAML, whatever a program makes of it.
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::PassThrough,
    };
    let error = serde_saphyr::from_multiple_with_options::<IgnoredAny>(text, options).err()?;
    Some(Fault {
        line: error
            .location()
            .and_then(|at| usize::try_from(at.line()).ok())
            .filter(|line| *line > 0),
        why: error.without_snippet().to_string(),
    })
}

/// Any JSON in which no key stands twice. `serde_json` takes the last of two, other programs the first.
struct Once;

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Once;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Once, A::Error> {
        let mut keys = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value::<Once>()?;
            if !keys.insert(key) {
                return Err(A::Error::custom("a key stands twice in one object"));
            }
        }
        Ok(Once)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Once, A::Error> {
        while seq.next_element::<Once>()?.is_some() {}
        Ok(Once)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_str<E>(self, _: &str) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_unit<E>(self) -> Result<Once, E> {
        Ok(Once)
    }
}
