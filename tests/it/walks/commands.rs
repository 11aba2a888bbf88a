//! Commands, valid and not, for what there is and what there is not.
//!
//! Invariant: every command of the table is drawn, with arguments that fit and that do not.

use millhand::workflow::model::Workflow;

use super::walk::Walk;

/// How often, and what; `{phase}` and `{hash}` are filled in.
const COMMANDS: [(usize, &str); 52] = [
    (4, "/approve"),
    (4, "/approve plan"),
    (2, "/approve plan {hash}"),
    (1, "/approve plan 0123456789"),
    (3, "/approve release"),
    (3, "/approve {phase}"),
    (4, "/approve rollback"),
    (1, "/approve the lot"),
    (2, "/revise\n\n- greet by name\n- wave (after 1)\n"),
    (1, "/revise\n\n- say goodbye\n- do both (after 1)\n- shout\n"),
    (1, "/revise {phase} be kinder"),
    (1, "/revise"),
    (2, "/retry"),
    (3, "/retry {phase}"),
    (2, "/retry {phase} fresh"),
    (1, "/retry fresh"),
    (2, "/retry {phase} -- look at the test"),
    (1, "/retry -- be brief"),
    (1, "/retry everything"),
    (3, "/rollback {phase}"),
    (1, "/rollback plan"),
    (1, "/rollback all"),
    (1, "/rollback"),
    (2, "/pause"),
    (4, "/resume"),
    (1, "/cancel"),
    (2, "/skip {phase}"),
    (1, "/skip"),
    (1, "/budget 3"),
    (1, "/budget 0.01"),
    (2, "/budget 9"),
    (1, "/budget much"),
    (1, "/budget 9999"),
    (2, "/hold"),
    (4, "/unhold"),
    (1, "/help"),
    (1, "/status"),
    (3, "/start"),
    (1, "/frobnicate"),
    (1, "/aprove"),
    (1, "/merge"),
    (1, "/millhand approve"),
    (1, "/millhand"),
    (1, "> /cancel"),
    (1, "```\n/cancel\n```"),
    (1, "- /cancel"),
    (1, "Please /cancel"),
    (1, "/hold\n/unhold\n/status"),
    (1, "/pause\n/resume"),
    (1, "/approve\n/retry\n/skip 1\n/hold\n/unhold\n/status"),
    (1, "/retry {phase} fresh -- from scratch\n/approve {phase}"),
    (1, "/APPROVE"),
];

impl Walk {
    /// Somebody gives a command, on the issue or on a pull request.
    pub(super) async fn command(&mut self) {
        let issue = self.issue();
        let known = self.town.workflow(issue).await;
        let text = self.command_text(known.as_ref());
        let ours: Vec<u64> = self.sight().ours().iter().map(|p| p.number).collect();
        let on = if self.dice.one_in(4) {
            self.dice.maybe(&ours).copied().unwrap_or(issue)
        } else {
            issue
        };
        let login = self.anybody();
        self.says(login, on, &text).await;
    }

    fn command_text(&self, known: Option<&Workflow>) -> String {
        let phases = known.map(|w| {
            let named = w
                .phases
                .values()
                .flat_map(|p| [p.plan.id.to_string(), p.plan.number.to_string()]);
            named.collect::<Vec<_>>()
        });
        let phases = phases.unwrap_or_default();
        let strange = ["9", "02-nothing", "nobody"].map(str::to_owned);
        let phase = if phases.is_empty() || self.dice.one_in(10) {
            self.dice.of(&strange)
        } else {
            self.dice.of(&phases)
        };
        let hash = known.and_then(|w| w.plan.as_ref()).map_or("abcdef1", |p| &p.hash);
        let text = self.dice.weighed(&COMMANDS);
        text.replace("{phase}", phase).replace("{hash}", hash)
    }
}
