//! Profiles: which model a name stands for, what it may write and what it costs.
//!
//! Invariant: repositories name profiles; providers, models and prices are the operator's alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::offline::Offline;
use super::{Model, Prompt, Usage};
use crate::workflow::ids::MicroUsd;

/// The names that settings use by default: a cheap model, a strong one, and one of another family, so that the overseer
/// does not share the writer's blind spots.
pub const NAMES: [&str; 3] = ["small", "large", "other_family"];

/// Tokens that a provider adds around a prompt: roles, separators, the form for structured answers.
const OVERHEAD_TOKENS: u64 = 200;

/// Who runs a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// In process, scripted, for demo and tests.
    Offline,
}

impl Provider {
    /// Its name in settings and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Offline => "offline",
        }
    }
}

/// A model with its limits and its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The name repositories use.
    pub name: String,
    /// Who runs it.
    pub provider: Provider,
    /// The provider's name for the model.
    pub model: String,
    /// The most it may write, in tokens.
    pub max_output_tokens: u32,
    /// Price of a million tokens read, in millionths of a US dollar.
    pub input_microusd_per_mtok: u64,
    /// Price of a million tokens written, in millionths of a US dollar.
    pub output_microusd_per_mtok: u64,
    /// Whether the price is only named for show: nobody is billed.
    #[serde(default)]
    pub nominal: bool,
}

impl Profile {
    /// The offline model under a profile's name. Its price is of the order of a small hosted model's, so that the demo
    /// shows how money is counted; it is nominal.
    #[must_use]
    pub fn offline(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            provider: Provider::Offline,
            model: "offline-1".to_owned(),
            max_output_tokens: 16_384,
            input_microusd_per_mtok: 1_000_000,
            output_microusd_per_mtok: 5_000_000,
            nominal: true,
        }
    }

    /// The most that a call with this prompt can cost: reserved before the call.
    #[must_use]
    pub fn worst_price(&self, prompt: &Prompt) -> MicroUsd {
        self.price(Usage {
            input_tokens: prompt.worst_input_tokens() + OVERHEAD_TOKENS,
            output_tokens: u64::from(prompt.max_output_tokens),
        })
    }

    /// What a call cost, rounded up to a millionth of a dollar.
    #[must_use]
    pub fn price(&self, usage: Usage) -> MicroUsd {
        let total = u128::from(usage.input_tokens) * u128::from(self.input_microusd_per_mtok)
            + u128::from(usage.output_tokens) * u128::from(self.output_microusd_per_mtok);
        MicroUsd(i64::try_from(total.div_ceil(1_000_000)).unwrap_or(i64::MAX))
    }

    /// The model itself.
    #[must_use]
    pub fn connect(&self) -> Arc<dyn Model> {
        match self.provider {
            Provider::Offline => Arc::new(Offline),
        }
    }
}

/// What is wrong with the choice of models; one sentence for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// A name without a profile.
    #[error("MILLHAND_MODEL names the profile {0:?}, which is not configured; use offline or one of: {1}")]
    Unknown(String, String),
}

/// The operator's profiles by name, and who answers for them.
#[derive(Clone, Debug)]
pub struct Profiles {
    all: BTreeMap<String, Profile>,
    /// Answers in place of the providers.
    instead: Option<Arc<dyn Model>>,
}

impl Profiles {
    /// All of [`NAMES`] served by the offline model.
    #[must_use]
    pub fn offline() -> Self {
        Self {
            all: NAMES
                .iter()
                .map(|name| ((*name).to_owned(), Profile::offline(name)))
                .collect(),
            instead: None,
        }
    }

    /// The same profiles, limits and prices, all answered by this model: for simulations, in which a model also breaks off,
    /// talks nonsense or never ends.
    #[must_use]
    pub fn answered_by(mut self, model: Arc<dyn Model>) -> Self {
        self.instead = Some(model);
        self
    }

    /// The model behind a profile.
    #[must_use]
    pub fn model(&self, profile: &Profile) -> Arc<dyn Model> {
        self.instead.clone().unwrap_or_else(|| profile.connect())
    }

    /// From `MILLHAND_MODEL` and the operator's own profiles: `offline` maps all of [`NAMES`] to the offline model;
    /// another word names the profile that serves those of [`NAMES`] that are not configured.
    ///
    /// # Errors
    /// If the word names no configured profile.
    pub fn choose(choice: &str, configured: Vec<Profile>) -> Result<Self, ProfileError> {
        if choice == Provider::Offline.name() {
            return Ok(Self::offline());
        }
        let mut all: BTreeMap<String, Profile> = configured
            .into_iter()
            .map(|profile| (profile.name.clone(), profile))
            .collect();
        let Some(default) = all.get(choice).cloned() else {
            let known = all.keys().cloned().collect::<Vec<_>>().join(", ");
            return Err(ProfileError::Unknown(choice.to_owned(), known));
        };
        for name in NAMES {
            all.entry(name.to_owned()).or_insert_with(|| Profile {
                name: name.to_owned(),
                ..default.clone()
            });
        }
        Ok(Self { all, instead: None })
    }

    /// The profile of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Profile> {
        self.all.get(name)
    }

    /// All profiles, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Profile> {
        self.all.values()
    }
}

/// Tokens of a text as the offline model counts them: 3.5 bytes each, which is near what English and code come to.
#[must_use]
pub fn usual_tokens(text: &str) -> u64 {
    (text.len() as u64 * 2).div_ceil(7)
}

/// An upper bound of a text's tokens. Vocabularies are not public; ASCII is counted as 3.5 bytes a token with half as
/// much again, which base64 reaches, and every other byte as a token of its own, which is the most a byte can be.
#[must_use]
pub fn worst_tokens(text: &str) -> u64 {
    let ascii = text.bytes().filter(u8::is_ascii).count() as u64;
    (ascii * 3).div_ceil(7) + (text.len() as u64 - ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offline_serves_every_name() {
        let profiles = Profiles::choose("offline", Vec::new()).unwrap();
        for name in NAMES {
            let profile = profiles.get(name).unwrap();
            assert_eq!(
                (profile.provider, profile.nominal, profile.name.as_str()),
                (Provider::Offline, true, name)
            );
        }
        assert_eq!(profiles.iter().count(), 3);
    }

    #[test]
    fn the_default_profile_serves_what_is_not_configured() {
        let mine = Profile {
            max_output_tokens: 7,
            ..Profile::offline("mine")
        };
        let large = Profile {
            max_output_tokens: 9,
            ..Profile::offline("large")
        };
        let profiles = Profiles::choose("mine", vec![mine, large]).unwrap();
        assert_eq!(profiles.get("small").unwrap().max_output_tokens, 7);
        assert_eq!(profiles.get("large").unwrap().max_output_tokens, 9);
        let error = Profiles::choose("other", vec![Profile::offline("mine")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "MILLHAND_MODEL names the profile \"other\", which is not configured; use offline or one of: mine"
        );
    }

    #[test]
    fn prices_round_up_and_do_not_overflow() {
        let profile = Profile::offline("small");
        assert_eq!(
            profile.price(Usage {
                input_tokens: 1,
                output_tokens: 0
            }),
            MicroUsd(1)
        );
        assert_eq!(
            profile.price(Usage {
                input_tokens: 1_000_000,
                output_tokens: 1_000_000
            }),
            MicroUsd(6_000_000)
        );
        assert_eq!(
            profile.price(Usage {
                input_tokens: u64::MAX,
                output_tokens: u64::MAX
            }),
            MicroUsd(i64::MAX)
        );
        assert!(worst_tokens("漢字") == 6 && usual_tokens("漢字") == 2);
        for text in ["", "a", "hello world", "漢字 and more", "\u{1F642}"] {
            assert!(worst_tokens(text) >= usual_tokens(text), "{text:?}");
        }
    }
}
