//! A town once more: many stories go on from one beginning.
//!
//! Invariant: what happens in a twin happens nowhere else.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use millhand::clock::{Clock as _, Entropy, ManualClock, SeededEntropy};
use millhand::sim::WebhookTarget;
use tempfile::TempDir;

use super::super::bot::Making;
use super::super::line::Line;
use super::Town;

impl Town {
    /// Nobody lives here any more: only twins are made of it.
    pub(crate) async fn rest(&self) {
        self.store().close().await.unwrap();
    }

    /// What this town was when it was laid to rest, with a bot of its own that hears webhooks or does not.
    pub(crate) async fn twin(&self, seed: u64, webhooks: bool) -> Self {
        let dir = TempDir::new().unwrap();
        let clock = Arc::new(ManualClock::new(self.clock.now()));
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(seed));
        let sim = self
            .sim
            .twin(dir.path().join("github"), clock.clone(), entropy.clone())
            .unwrap();
        let database = dir.path().join("millhand.db");
        std::fs::copy(&self.making.database, &database).unwrap();
        let (faults, asked) = (Arc::default(), Arc::default());
        let line = Line::default();
        let making = Making {
            database,
            clock: clock.clone(),
            entropy,
            settings: self.making.settings.clone(),
            policy: self.making.policy.clone(),
            webhooks,
            model: self.making.model.clone(),
            faults: Arc::clone(&faults),
            asked: Arc::clone(&asked),
            held: Arc::default(),
            judged: self.making.judged,
            looks: self.making.looks,
        };
        let bot = making.bot(&sim, &line).await;
        if webhooks {
            sim.set_webhook(WebhookTarget::Router(bot.door(&making)));
        }
        Self {
            sim,
            clock,
            line,
            walking: self.walking,
            making: Box::new(making),
            bot: Mutex::new(bot),
            meanwhile: Mutex::default(),
            faults,
            asked,
            read: Mutex::new(BTreeSet::default()),
            _dir: dir,
        }
    }

    /// What was said on the wire and is not as GitHub describes it.
    pub(crate) fn wire_faults(&self) -> Vec<String> {
        self.faults.lock().unwrap().clone()
    }
}
