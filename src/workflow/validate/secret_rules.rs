//! The forms of secrets, as their issuers document them.
//!
//! Invariant: group 1 of a pattern, or all of it where it has none, is the value whose randomness is measured.

/// A form of secrets.
pub(super) struct Rule {
    /// A name for programs.
    pub(super) id: &'static str,
    /// For people, with its article.
    pub(super) what: &'static str,
    /// A regular expression over the whole text.
    pub(super) pattern: &'static str,
    /// How random the value must be, in thousandths of a bit per byte: a form with a prefix of its own needs little.
    pub(super) millibits: u32,
    /// Whether people think it up, so that it may have no digit.
    pub(super) worded: bool,
}

const fn form(id: &'static str, what: &'static str, pattern: &'static str) -> Rule {
    Rule {
        id,
        what,
        pattern,
        millibits: 2_500,
        worded: false,
    }
}

const fn random(id: &'static str, what: &'static str, pattern: &'static str, millibits: u32) -> Rule {
    Rule {
        id,
        what,
        pattern,
        millibits,
        worded: false,
    }
}

/// All forms. Word borders are those of ASCII, which are fast to find.
pub(super) static RULES: [Rule; 62] = [
    form("github-token", "a GitHub token", r"(?-u:\b)gh[pousr]_[A-Za-z0-9]{36,}"),
    form(
        "github-installation-token",
        "a GitHub installation token",
        r"(?-u:\b)ghs_[A-Za-z0-9_.-]{40,}",
    ),
    form(
        "github-fine-grained-token",
        "a fine-grained GitHub token",
        r"(?-u:\b)github_pat_[A-Za-z0-9_]{22,}",
    ),
    form(
        "gitlab-token",
        "a GitLab token",
        r"(?-u:\b)gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat)-[A-Za-z0-9_-]{20,}",
    ),
    form(
        "bitbucket-token",
        "a Bitbucket app password",
        r"(?-u:\b)ATBB[A-Za-z0-9]{32}(?-u:\b)",
    ),
    form("atlassian-token", "an Atlassian token", r"(?-u:\b)ATATT3[A-Za-z0-9_=-]{60,}"),
    form(
        "aws-access-key",
        "an AWS access key",
        r"(?-u:\b)(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?-u:\b)",
    ),
    random(
        "aws-secret-key",
        "an AWS secret key",
        r#"(?i-u:aws[a-z0-9_ .-]{0,20}(?:secret|key)[a-z0-9_ .-]{0,20}["']?\s{0,4}(?:=|:|=>)\s{0,4}["']?([A-Za-z0-9/+]{40}))(?:[^A-Za-z0-9/+]|$)"#,
        4_000,
    ),
    form("google-api-key", "a Google API key", r"(?-u:\b)AIza[A-Za-z0-9_-]{35}"),
    form(
        "google-oauth-secret",
        "a Google OAuth secret",
        r"(?-u:\b)GOCSPX-[A-Za-z0-9_-]{28}",
    ),
    form(
        "google-oauth-token",
        "a Google OAuth token",
        r"(?-u:\b)ya29\.[A-Za-z0-9_-]{20,}",
    ),
    form(
        "azure-storage-key",
        "an Azure storage key",
        r"AccountKey=([A-Za-z0-9+/]{60,}={0,2})",
    ),
    form(
        "azure-client-secret",
        "an Azure client secret",
        r"(?-u:\b)[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,34}",
    ),
    form(
        "azure-sas",
        "an Azure shared access signature",
        r"[?&]sig=([A-Za-z0-9%+/]{40,}={0,2})",
    ),
    form("alibaba-key", "an Alibaba Cloud key", r"(?-u:\b)LTAI[A-Za-z0-9]{20}(?-u:\b)"),
    form(
        "digitalocean-token",
        "a DigitalOcean token",
        r"(?-u:\b)do[opr]_v1_[a-f0-9]{64}",
    ),
    form("heroku-key", "a Heroku key", r"(?-u:\b)HRKU-[A-Za-z0-9_-]{30,}"),
    form("fly-token", "a Fly.io token", r"(?-u:\b)fm[12][ar]?_[A-Za-z0-9+/=_-]{40,}"),
    form("netlify-token", "a Netlify token", r"(?-u:\b)nfp_[A-Za-z0-9]{36,}"),
    form("vault-token", "a Vault token", r"(?-u:\b)hv[sbr]\.[A-Za-z0-9_-]{24,}"),
    form(
        "terraform-token",
        "a Terraform Cloud token",
        r"(?-u:\b)[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}",
    ),
    form("pulumi-token", "a Pulumi token", r"(?-u:\b)pul-[a-f0-9]{40}(?-u:\b)"),
    form(
        "doppler-token",
        "a Doppler token",
        r"(?-u:\b)dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{40,}",
    ),
    form("databricks-token", "a Databricks token", r"(?-u:\b)dapi[a-f0-9]{32}(?-u:\b)"),
    form(
        "planetscale-token",
        "a PlanetScale credential",
        r"(?-u:\b)pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{32,}",
    ),
    form("anthropic-key", "an Anthropic key", r"(?-u:\b)sk-ant-[A-Za-z0-9_-]{24,}"),
    random(
        "openai-key",
        "an OpenAI key",
        r"(?-u:\b)sk-(?:proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9_-]{32,}",
        3_500,
    ),
    form("huggingface-token", "a Hugging Face token", r"(?-u:\b)hf_[A-Za-z0-9]{30,}"),
    form("replicate-token", "a Replicate token", r"(?-u:\b)r8_[A-Za-z0-9]{37}(?-u:\b)"),
    form("groq-key", "a Groq key", r"(?-u:\b)gsk_[A-Za-z0-9]{48,}"),
    form("slack-token", "a Slack token", r"(?-u:\b)xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    form(
        "slack-app-token",
        "a Slack app token",
        r"(?-u:\b)xapp-[0-9]-[A-Z0-9]+-[0-9]+-[a-z0-9]{16,}",
    ),
    form(
        "slack-webhook",
        "a Slack webhook",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9+/]{40,})",
    ),
    form(
        "discord-webhook",
        "a Discord webhook",
        r"discord(?:app)?\.com/api/webhooks/[0-9]+/([A-Za-z0-9_-]{60,})",
    ),
    form(
        "discord-token",
        "a Discord bot token",
        r"(?-u:\b)[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}",
    ),
    form(
        "teams-webhook",
        "a Teams webhook",
        r"webhook\.office\.com/webhookb2/([A-Za-z0-9@/-]{60,})",
    ),
    form(
        "telegram-token",
        "a Telegram bot token",
        r"(?-u:\b)[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",
    ),
    form("twilio-key", "a Twilio key", r"(?-u:\b)SK[a-f0-9]{32}(?-u:\b)"),
    form(
        "sendgrid-key",
        "a SendGrid key",
        r"(?-u:\b)SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    ),
    form("mailgun-key", "a Mailgun key", r"(?-u:\b)key-[a-f0-9]{32}(?-u:\b)"),
    form(
        "mailchimp-key",
        "a Mailchimp key",
        r"(?-u:\b)[a-f0-9]{32}-us[0-9]{1,2}(?-u:\b)",
    ),
    form("stripe-key", "a Stripe key", r"(?-u:\b)[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    form(
        "stripe-webhook-secret",
        "a Stripe webhook secret",
        r"(?-u:\b)whsec_[A-Za-z0-9+/]{24,}",
    ),
    form(
        "square-token",
        "a Square token",
        r"(?-u:\b)(?:EAAA|sq0atp-|sq0csp-)[A-Za-z0-9_-]{22,}",
    ),
    form(
        "shopify-token",
        "a Shopify token",
        r"(?-u:\b)shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
    ),
    form("npm-token", "an npm token", r"(?-u:\b)npm_[A-Za-z0-9]{36}"),
    form("pypi-token", "a PyPI token", r"(?-u:\b)pypi-[A-Za-z0-9_-]{50,}"),
    form("crates-token", "a crates.io token", r"(?-u:\b)cio[A-Za-z0-9]{32}(?-u:\b)"),
    form("rubygems-key", "a RubyGems key", r"(?-u:\b)rubygems_[a-f0-9]{48}"),
    form(
        "docker-token",
        "a Docker Hub token",
        r"(?-u:\b)dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}",
    ),
    form("sentry-token", "a Sentry token", r"(?-u:\b)sntry[su]_[A-Za-z0-9+/=_-]{40,}"),
    form("grafana-token", "a Grafana token", r"(?-u:\b)gl(?:c|sa)_[A-Za-z0-9+/=_]{32,}"),
    form("newrelic-key", "a New Relic key", r"(?-u:\b)NRAK-[A-Z0-9]{27}"),
    form("linear-key", "a Linear key", r"(?-u:\b)lin_(?:api|oauth)_[A-Za-z0-9]{32,}"),
    form("notion-token", "a Notion token", r"(?-u:\b)ntn_[A-Za-z0-9]{40,}"),
    form("figma-token", "a Figma token", r"(?-u:\b)figd_[A-Za-z0-9_-]{40,}"),
    form("age-key", "an age secret key", r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
    form(
        "private-key",
        "a private key",
        r#"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:[\s\\rn"'+,|]|[A-Za-z-]{4,20}: [^\n]{0,80}\n){0,20}([A-Za-z0-9+/]{16,})"#,
    ),
    form(
        "jwt",
        "a signed token (JWT)",
        r"(?-u:\b)eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    ),
    Rule {
        id: "url-password",
        what: "an address with a password",
        pattern: r#"(?-u:\b)[a-zA-Z][a-zA-Z0-9+.-]{1,15}://[^\s:/@"'<>]{1,64}:([^\s:/@"'<>]{8,128})@[a-zA-Z0-9.-]"#,
        millibits: 3_000,
        worded: true,
    },
    random(
        "assigned-secret",
        "a secret written into the code",
        r#"(?i-u:(?:passwor[dt]|passwd|secret|token|api_?-?key|access_?-?key|auth_?-?key|private_?-?key|credential)[a-z0-9_-]{0,20}["']?\s{0,8}(?::=|=>|=|:)\s{0,8}["'`]([!-!#-&(-_a-~]{16,200})["'`])"#,
        3_600,
    ),
    random(
        "environment-secret",
        "a secret in an environment file",
        r#"(?m-u:^[ \t]{0,8}(?:export |- )?[A-Z0-9_]{0,40}(?:SECRET|TOKEN|PASSWORD|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY)[A-Z0-9_]{0,20}[ \t]{0,4}[=:][ \t]{0,4}([A-Za-z0-9+/=_.~-]{16,200})[ \t]{0,8}\r?$)"#,
        3_600,
    ),
];
