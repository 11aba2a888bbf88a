//! `validate`: a repository's configuration file as the bot would read it, before it is pushed.
//!
//! Invariant: nothing is judged here; the core reads the same bytes in the same way for the bot.

use std::io::Read as _;
use std::path::Path;

use serde_json::{Value, json};

use super::failure::Failure;
use super::out;
use crate::config::Config;
use crate::workflow::repo_config::{Effective, FILE_BYTES_MAX, Refusal, RepoConfig, effective, parse};

pub(super) fn validate(file: &Path, config: &Config, as_json: bool) -> Result<(), Failure> {
    let name = file.display().to_string();
    let bytes = bytes(file, &name)?;
    match parse(&bytes) {
        Ok(repo) => {
            let holds = effective(&config.defaults, &config.policy, &repo);
            if as_json {
                out::json(&good(&name, &repo, &holds));
            } else {
                tell(&name, &repo, &holds);
            }
            Ok(())
        }
        Err(refusal) => {
            if as_json {
                out::json(&bad(&name, &refusal));
            } else {
                out::finding(&format!("{name}:{refusal}"));
            }
            Err(Failure::told())
        }
    }
}

/// The file's bytes; of a large one no more than shows that it is.
fn bytes(file: &Path, name: &str) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: &std::io::Error| {
        if error.kind() == std::io::ErrorKind::NotFound {
            Failure::not_found(format!("There is no file {name}."))
        } else {
            Failure::failed(format!("{name} cannot be read: {error}."))
        }
    };
    let kind = std::fs::symlink_metadata(file)
        .map_err(|error| unreadable(&error))?
        .file_type();
    if kind.is_symlink() {
        let sentence = format!("{name} is a symbolic link, and those are not followed; put the file itself there.");
        return Err(Failure::usage(sentence));
    }
    if !kind.is_file() {
        return Err(Failure::usage(format!("{name} is no file.")));
    }
    let open = std::fs::File::open(file).map_err(|error| unreadable(&error))?;
    let mut bytes = Vec::new();
    let most = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    open.take(most).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    Ok(bytes)
}

fn tell(name: &str, repo: &RepoConfig, holds: &Effective) {
    for warning in &repo.warnings {
        out::finding(&format!("{name}:{}: warning: {}", warning.place, warning.sentence));
    }
    for note in &holds.notes {
        let place = repo.given.get(&note.key).map(|given| format!(":{}", given.place));
        out::finding(&format!("{name}{}: warning: {}", place.unwrap_or_default(), note.sentence));
    }
    let row = |row: &crate::workflow::repo_config::Row| vec![row.key.clone(), row.told(), row.origin.words().to_owned()];
    let rows: Vec<Vec<String>> = holds.rows.iter().map(row).collect();
    out::table(&["setting", "value", "set by"], &rows);
}

fn good(name: &str, repo: &RepoConfig, holds: &Effective) -> Value {
    let warning = |key: &str, line: Option<u32>, column: Option<u32>, sentence: &str| json!({ "key": key, "line": line, "column": column, "sentence": sentence });
    let mut warnings: Vec<Value> = repo
        .warnings
        .iter()
        .map(|it| warning(&it.key, Some(it.place.line), Some(it.place.column), &it.sentence))
        .collect();
    warnings.extend(holds.notes.iter().map(|it| {
        let place = repo.given.get(&it.key).map(|given| given.place);
        warning(&it.key, place.map(|at| at.line), place.map(|at| at.column), &it.sentence)
    }));
    let rows: Vec<Value> = holds
        .rows
        .iter()
        .map(|row| json!({ "key": row.key, "value": row.value, "origin": row.origin }))
        .collect();
    json!({ "file": name, "valid": true, "errors": [], "warnings": warnings, "settings": rows })
}

fn bad(name: &str, refusal: &Refusal) -> Value {
    let error = json!({ "line": refusal.place.line, "column": refusal.place.column, "sentence": refusal.sentence });
    json!({ "file": name, "valid": false, "errors": [error], "warnings": [], "settings": [] })
}
