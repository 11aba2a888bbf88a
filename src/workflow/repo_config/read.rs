//! From the tree to keys and values.

use super::keys::{self, Idle, KEYS, Key};
use super::names::shown;
use super::near::nearest;
use super::tree::{Entry, Kind, Node};
use super::{Given, Place, Refusal, RepoConfig, Warning};

pub(super) fn root(node: &Node) -> Result<RepoConfig, Refusal> {
    let Kind::Map(entries) = &node.kind else {
        return Err(Refusal::new(
            node.place,
            "The file is a mapping of keys to values, such as `recipe: single`; here stands something else.",
        ));
    };
    let mut out = RepoConfig::default();
    section(entries, "", &mut out)?;
    labels(&out)?;
    Ok(out)
}

fn section(entries: &[Entry], within: &str, out: &mut RepoConfig) -> Result<(), Refusal> {
    for entry in entries {
        let path = if within.is_empty() {
            entry.key.clone()
        } else {
            format!("{within}.{}", entry.key)
        };
        // A key with a dot in it is no way into a section.
        let known = !entry.key.contains('.');
        if let Some(key) = keys::find(&path).filter(|_| known) {
            value(key, entry, out)?;
        } else if within.is_empty() && known && keys::is_section(&path) {
            match &entry.value.kind {
                Kind::Map(inner) => section(inner, &path, out)?,
                Kind::Plain(_) | Kind::Quoted(_) | Kind::List(_) => return Err(no_section(&path, entry)),
            }
        } else {
            return Err(unknown(within, entry));
        }
    }
    Ok(())
}

fn value(key: &Key, entry: &Entry, out: &mut RepoConfig) -> Result<(), Refusal> {
    if entry.value.is_null() && !key.shape.open {
        return Err(Refusal::new(
            entry.place,
            format!(
                "`{}` has no value; give it {}, or take the line out.",
                key.path,
                key.shape.told()
            ),
        ));
    }
    if entry.value.is_null() {
        return idle(
            key,
            entry.place,
            &format!("`{}` has no effect in this version.", key.path),
            out,
        );
    }
    let value = key.shape.read(key.path, &entry.value)?;
    match key.idle {
        Idle::Always => {
            return idle(
                key,
                entry.place,
                &format!("`{}` has no effect in this version.", key.path),
                out,
            );
        }
        Idle::Words(words) => {
            let word = value.as_str().unwrap_or_default();
            if words.contains(&word) || !key.shape.words.contains(&word) {
                let near = nearest(word, key.shape.words.iter().copied()).filter(|near| *near != word);
                let near = near.map(|near| format!(" Did you mean `{near}`?")).unwrap_or_default();
                let sentence = format!(
                    "`{}: {}` has no effect in this version: the operator's setting holds.{near}",
                    key.path,
                    shown(word)
                );
                return idle(key, entry.value.place, &sentence, out);
            }
        }
        Idle::Never => {}
    }
    let place = entry.value.place;
    out.given.insert(key.path.to_owned(), Given { value, place });
    Ok(())
}

fn idle(key: &Key, place: Place, sentence: &str, out: &mut RepoConfig) -> Result<(), Refusal> {
    out.warnings.push(Warning {
        place,
        key: key.path.to_owned(),
        sentence: sentence.to_owned(),
    });
    Ok(())
}

fn no_section(path: &str, entry: &Entry) -> Refusal {
    let first = keys::inside(path).first().copied().unwrap_or_default();
    if entry.value.is_null() {
        let sentence = format!("`{path}` has no keys below it; give it some, such as `{first}`, or take the line out.");
        return Refusal::new(entry.place, sentence);
    }
    Refusal::new(
        entry.value.place,
        format!("`{path}` is a section: write its keys below it, such as `{first}`; here stands a value."),
    )
}

/// A word that is no key: the nearest one, or where it belongs, or what there is.
fn unknown(within: &str, entry: &Entry) -> Refusal {
    let (word, names) = (shown(&entry.key), keys::inside(within));
    let place = if within.is_empty() {
        String::new()
    } else {
        format!(" of `{within}`")
    };
    let elsewhere = KEYS.iter().find(|key| {
        let own = key.section().is_some_and(|section| section != within);
        key.path == entry.key || own && key.name() == entry.key
    });
    let whole = within.is_empty() || keys::find(&entry.key).is_none() && !keys::is_section(&entry.key);
    let advice = if let Some(near) = nearest(&entry.key, names.iter().copied()) {
        format!("did you mean `{near}`?")
    } else if let Some((key, section)) = elsewhere.and_then(|key| Some((key, key.section()?))) {
        format!("write `{}` below `{section}`.", key.name())
    } else if !whole {
        format!("`{word}` stands at the file's top, without indentation.")
    } else {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        format!("take it out; there are {}.", names.join(", "))
    };
    Refusal::new(entry.place, format!("`{word}` is no key{place}; {advice}"))
}

/// GitHub tells labels apart without regard to case.
fn labels(config: &RepoConfig) -> Result<(), Refusal> {
    let label = |path: &str| {
        config
            .given
            .get(path)
            .and_then(|given| Some((given.value.as_str()?.to_lowercase(), given.place)))
    };
    match (label("labels.trigger"), label("labels.auto")) {
        (Some((trigger, one)), Some((auto, other))) if trigger == auto => Err(Refusal::new(
            one.max(other),
            "`labels.trigger` and `labels.auto` are the same label; give them two names.",
        )),
        _ => Ok(()),
    }
}
