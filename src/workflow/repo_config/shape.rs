//! What a key takes, and a value of the file read as that.
//!
//! Invariant: nothing is guessed. What another reader of YAML takes for something else (`yes`, `010`, `1e3`, a bare `42` as a
//! label) is refused with the way to write it.

use serde_json::Value;

use super::Refusal;
use super::names::{Name, shown};
use super::near::nearest;
use super::tree::{Kind, Node};

/// Entries of a list: beyond it something writes the list that should not.
pub(super) const LIST_MAX: usize = 100;

/// What a key takes: any of these.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Words of its own.
    pub words: &'static [&'static str],
    /// `true` and `false`.
    pub flag: bool,
    /// A whole number, least and most.
    pub whole: Option<(u32, u32)>,
    /// A number, least and most.
    pub amount: Option<(f64, f64)>,
    /// A text.
    pub name: Option<Name>,
    /// A list.
    pub list: Option<Item>,
    /// A mapping of anything.
    pub open: bool,
}

/// What a list holds.
#[derive(Clone, Copy, Debug)]
pub enum Item {
    /// Texts.
    Name(Name),
    /// Words of its own.
    Word(&'static [&'static str]),
}

impl Shape {
    const NOTHING: Self = Self {
        words: &[],
        flag: false,
        whole: None,
        amount: None,
        name: None,
        list: None,
        open: false,
    };

    pub(super) const fn words(words: &'static [&'static str]) -> Self {
        Self { words, ..Self::NOTHING }
    }

    pub(super) const fn flag() -> Self {
        Self::NOTHING.or_flag()
    }

    pub(super) const fn whole(bounds: (u32, u32)) -> Self {
        Self::NOTHING.or_whole(bounds)
    }

    pub(super) const fn amount(bounds: (f64, f64)) -> Self {
        Self {
            amount: Some(bounds),
            ..Self::NOTHING
        }
    }

    pub(super) const fn name(name: Name) -> Self {
        Self::NOTHING.or_name(name)
    }

    pub(super) const fn list(item: Item) -> Self {
        Self::NOTHING.or_list(item)
    }

    pub(super) const fn open() -> Self {
        Self {
            open: true,
            ..Self::NOTHING
        }
    }

    pub(super) const fn or_flag(self) -> Self {
        Self { flag: true, ..self }
    }

    pub(super) const fn or_whole(self, bounds: (u32, u32)) -> Self {
        Self {
            whole: Some(bounds),
            ..self
        }
    }

    pub(super) const fn or_name(self, name: Name) -> Self {
        Self {
            name: Some(name),
            ..self
        }
    }

    pub(super) const fn or_list(self, item: Item) -> Self {
        Self {
            list: Some(item),
            ..self
        }
    }

    /// What it takes, for a sentence.
    #[must_use]
    pub fn told(&self) -> String {
        let mut kinds: Vec<String> = self.words.iter().map(|word| format!("`{word}`")).collect();
        if self.flag {
            kinds.extend(["`true`".to_owned(), "`false`".to_owned()]);
        }
        if let Some((least, most)) = self.whole {
            kinds.push(format!("a whole number from {least} to {most}"));
        }
        if let Some((least, most)) = self.amount {
            kinds.push(format!("a number from {least} to {most}"));
        }
        kinds.extend(self.name.map(|name| name.words().to_owned()));
        kinds.extend(self.list.map(|item| match item {
            Item::Name(name) => format!("a list of {}", name.plural()),
            Item::Word(words) => format!(
                "a list of {}",
                either(&words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>())
            ),
        }));
        if self.open {
            kinds.push("a mapping".to_owned());
        }
        either(&kinds)
    }

    /// The value of `path` as this; how it is stored in `Settings`.
    pub(super) fn read(&self, path: &str, node: &Node) -> Result<Value, Refusal> {
        match &node.kind {
            Kind::Plain(text) => self.plain(path, text, node),
            Kind::Quoted(text) => self.text(path, text, node),
            Kind::List(items) => self.items(path, items, node),
            // What lies in it is not looked at: nothing is done with it.
            Kind::Map(_) if self.open => Ok(Value::Null),
            Kind::Map(_) => Err(self.wrong(path, node, "a mapping")),
        }
    }

    fn plain(&self, path: &str, text: &str, node: &Node) -> Result<Value, Refusal> {
        if self.flag && matches!(text, "true" | "false") {
            return Ok(Value::Bool(text == "true"));
        }
        if (self.whole.is_some() || self.amount.is_some()) && is_numeric(text) {
            return self.number(path, text, node);
        }
        if self.words.contains(&text) {
            return Ok(Value::from(text));
        }
        if self.flag && means_flag(text) {
            return Err(self.but(path, node, text, "Write `true` or `false`."));
        }
        if self.name.is_some() && (is_numeric(text) || means_flag(text)) {
            let sentence = format!(
                "`{path}` is a text, but `{}` without quotes may be read as something else; put it in quotes.",
                shown(text)
            );
            return Err(Refusal::new(node.place, sentence));
        }
        self.text(path, text, node)
    }

    fn text(&self, path: &str, text: &str, node: &Node) -> Result<Value, Refusal> {
        if self.words.contains(&text) {
            return Ok(Value::from(text));
        }
        if let Some(name) = self.name {
            return match name.check(text) {
                Ok(()) => Ok(Value::from(text)),
                // What was pasted in place of a profile's name may be a key.
                Err(_) if name == Name::Profile => Err(self.wrong(path, node, "something else")),
                Err(hint) => Err(self.but(path, node, text, &hint)),
            };
        }
        let unquoted =
            matches!(text, "true" | "false") && self.flag || is_numeric(text) && (self.whole.is_some() || self.amount.is_some());
        if unquoted && matches!(node.kind, Kind::Quoted(_)) {
            return Err(self.but(path, node, text, "Take the quotes away."));
        }
        if let Some(near) = nearest(text, self.words.iter().copied()) {
            return Err(self.but(path, node, text, &format!("Did you mean `{near}`?")));
        }
        if self.list.is_some() && !text.is_empty() {
            return Err(self.but(path, node, text, &format!("A list of one is written `[{}]`.", shown(text))));
        }
        Err(self.but(path, node, text, ""))
    }

    fn number(&self, path: &str, text: &str, node: &Node) -> Result<Value, Refusal> {
        let plain = |text: &str| {
            let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
            let digits = |it: &str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
            digits(whole) && digits(part) && (whole.len() == 1 || !whole.starts_with('0'))
        };
        if !plain(text) && !is_negative(text) {
            return Err(self.but(path, node, text, "Write it in decimal digits, such as `10` or `0.5`."));
        }
        if let Some((least, most)) = self.whole {
            return match text.parse::<u32>() {
                Ok(number) if (least..=most).contains(&number) => Ok(Value::from(number)),
                Ok(_) | Err(_) => Err(self.but(path, node, text, "")),
            };
        }
        match (self.amount, text.parse::<f64>()) {
            (Some((least, most)), Ok(number)) if (least..=most).contains(&number) => Ok(Value::from(number)),
            _ => Err(self.but(path, node, text, "")),
        }
    }

    fn items(&self, path: &str, items: &[Node], node: &Node) -> Result<Value, Refusal> {
        let Some(item) = self.list else {
            return Err(self.wrong(path, node, "a list"));
        };
        let one = match item {
            Item::Name(name) => Self::name(name),
            Item::Word(words) => Self::words(words),
        };
        let mut values: Vec<Value> = Vec::new();
        for (count, item) in items.iter().enumerate() {
            if count == LIST_MAX {
                let sentence = format!("`{path}` holds more than {LIST_MAX} entries; shorten the list.");
                return Err(Refusal::new(item.place, sentence));
            }
            let value = if item.is_null() {
                return Err(Refusal::new(
                    item.place,
                    format!("An entry of `{path}` is empty; write {}, or take it out.", one.told()),
                ));
            } else {
                one.read(&format!("{path}[{count}]"), item)?
            };
            if values.contains(&value) {
                let sentence = format!(
                    "`{}` stands in `{path}` twice; take one out.",
                    shown(value.as_str().unwrap_or_default())
                );
                return Err(Refusal::new(item.place, sentence));
            }
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    /// A text of the file stands where it does not fit.
    fn but(&self, path: &str, node: &Node, text: &str, hint: &str) -> Refusal {
        let shown = shown(text);
        let found = if shown.is_empty() {
            "an empty text".to_owned()
        } else {
            format!("`{shown}`")
        };
        let mut refusal = self.wrong(path, node, &found);
        let hint = if text.contains('\n') { "Write it in one line." } else { hint };
        if !hint.is_empty() {
            refusal.sentence.push(' ');
            refusal.sentence.push_str(hint);
        }
        refusal
    }

    fn wrong(&self, path: &str, node: &Node, found: &str) -> Refusal {
        Refusal::new(node.place, format!("`{path}` takes {}; here stands {found}.", self.told()))
    }
}

/// "a", "a or b", "a, b or c".
fn either(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} or {last}", before.join(", ")),
    }
}

/// Whether some reader of YAML takes a bare word for a number: also by YAML 1.1, in other bases, with signs and exponents.
fn is_numeric(text: &str) -> bool {
    let bare = text.trim_start_matches(['-', '+']);
    let lower = bare.to_ascii_lowercase();
    matches!(lower.as_str(), ".nan" | ".inf" | "nan" | "inf" | "infinity")
        || lower.starts_with(|c: char| c.is_ascii_digit())
            && lower
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'x' | b'o' | b'_' | b'.' | b'+' | b'-' | b':'))
        || lower
            .strip_prefix('.')
            .is_some_and(|part| part.starts_with(|c: char| c.is_ascii_digit()))
}

fn is_negative(text: &str) -> bool {
    text.strip_prefix('-')
        .is_some_and(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}

/// Whether some reader of YAML takes a bare word for a truth value or for nothing.
fn means_flag(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    matches!(
        lower.as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | "null" | "~"
    )
}
