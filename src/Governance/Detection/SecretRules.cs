// Tokens that tell what they are by their own form: a prefix that nothing else has, a length, an alphabet, sometimes a checksum. The formats are the services' own; a rule that would
// find ordinary text is worse than none, so what has no such form (a plain password, a hex string) is left to mapped secrets.
using System.Text.RegularExpressions;

namespace CabinCrew.Governance.Detection;

/// <param name="Prefixes">ASCII; one of them begins every token.</param>
/// <param name="Pattern">Of the whole token, without look-around or back-references, and without large counts, which would make its automaton large: <see cref="CharsMax"/> ends a token.</param>
internal sealed record SecretRule(string Id, string Of, string[] Prefixes, string Pattern)
{
    public int CharsMax { get; init; } = 512;

    /// <summary>Whether the token is one by its checksum or its own structure. Null: it has none.</summary>
    public Func<ReadOnlySpan<char>, bool>? Check { get; init; }

    public DetectorRule Rule { get; } = new(Id, $"this looks like {Of}");

    // Built on the first look: most texts never come to most rules.
    public Regex Regex => field ??= new("^(?:" + Pattern + ")", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
}

internal static class SecretRules
{
    public static readonly SecretRule[] Table =
    [
        new("aws-access-key", "an AWS access key", ["AKIA", "ASIA"], "(AKIA|ASIA)[A-Z2-7]{16}"),
        new("github-token", "a GitHub token", ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], "gh[pousr]_[A-Za-z0-9]{36}") { Check = token => TokenChecks.HasCrc32(token[4..]) },
        new("github-fine-grained-token", "a GitHub fine-grained token", ["github_pat_"], "github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
        new("gitlab-token", "a GitLab token", ["glpat-", "gldt-", "glrt-", "glptt-"], "gl(pat|dt|rt|ptt)-[A-Za-z0-9_-]{20,}"),
        new("slack-token", "a Slack token", ["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe."], "xox(b|p|a|r|s)-[0-9]{8,}-[A-Za-z0-9-]{16,}|xoxe\\.xox[bp]-[0-9]-[A-Za-z0-9]{100,}"),
        new("slack-webhook", "a Slack webhook's address", ["hooks.slack.com/services/"], "hooks\\.slack\\.com/services/T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{24}"),
        new("stripe-key", "a Stripe live key", ["sk_live_", "rk_live_"], "[rs]k_live_[A-Za-z0-9]{24,}"),
        new("npm-token", "an npm token", ["npm_"], "npm_[A-Za-z0-9]{36}") { Check = token => TokenChecks.HasCrc32(token[4..]) },
        new("pypi-token", "a PyPI token", ["pypi-AgEIcHlwaS5vcmc"], "pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}"),
        new("google-api-key", "a Google API key", ["AIza"], "AIza[0-9A-Za-z_-]{35}"),
        new("google-client-secret", "a Google OAuth client secret", ["GOCSPX-"], "GOCSPX-[A-Za-z0-9_-]{28}"),
        new("google-access-token", "a Google access token", ["ya29."], "ya29\\.[A-Za-z0-9_-]{40,}"),
        new("openai-key", "an OpenAI key", ["sk-"], "sk-((proj|svcacct|admin)-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}"),
        new("anthropic-key", "an Anthropic key", ["sk-ant-"], "sk-ant-(api|admin|oat|ort)[0-9]{2}-[A-Za-z0-9_-]{80,}"),
        new("hugging-face-token", "a Hugging Face token", ["hf_"], "hf_[A-Za-z]{34}"),
        new("sendgrid-key", "a SendGrid key", ["SG."], "SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}"),
        new("digitalocean-token", "a DigitalOcean token", ["dop_v1_", "doo_v1_", "dor_v1_"], "do[opr]_v1_[a-f0-9]{64}"),
        new("shopify-token", "a Shopify token", ["shpat_", "shpca_", "shppa_", "shpss_"], "shp(at|ca|pa|ss)_[a-fA-F0-9]{32}"),
        new("databricks-token", "a Databricks token", ["dapi"], "dapi[a-f0-9]{32}(-[0-9])?"),
        new("vault-token", "a HashiCorp Vault token", ["hvs.", "hvb."], "hv[sb]\\.[A-Za-z0-9_-]{90,}"),
        new("terraform-cloud-token", "a Terraform Cloud token", [".atlasv1."], "\\.atlasv1\\.[A-Za-z0-9_=-]{60,}"),
        new("docker-hub-token", "a Docker Hub token", ["dckr_pat_"], "dckr_pat_[A-Za-z0-9_-]{27}"),
        new("new-relic-key", "a New Relic key", ["NRAK-"], "NRAK-[A-Z0-9]{27}"),
        new("linear-key", "a Linear key", ["lin_api_"], "lin_api_[A-Za-z0-9]{40}"),
        new("grafana-token", "a Grafana token", ["glsa_"], "glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}"),
        new("azure-storage-key", "an Azure storage account's key", ["AccountKey="], "AccountKey=[A-Za-z0-9+/]{86}=="),
        new("age-key", "an age secret key", ["AGE-SECRET-KEY-1"], "AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
        new("jwt", "a signed web token", ["eyJ"], "eyJ[A-Za-z0-9_-]{10,}\\.eyJ[A-Za-z0-9_-]{4,}\\.[A-Za-z0-9_-]{16,}") { CharsMax = 8192, Check = TokenChecks.IsSignedWebToken },
    ];
}
