// Watching, security, identity, offices, maps and everything else; and tokens that belong to no service.
using static CabinCrew.Governance.Detection.Secrets.TokenForms;

namespace CabinCrew.Governance.Detection.Secrets;

internal static class WorkTokens
{
    public static readonly SecretRule[] Rules =
    [
        new("new-relic-key", "a New Relic key", ["NRAK-"], "NRAK-[A-Z0-9]{27}"),
        new("new-relic-insert-key", "a New Relic insert key", ["NRII-"], "NRII-[A-Za-z0-9_-]{32}"),
        new("new-relic-browser-key", "a New Relic browser key", ["NRJS-"], "NRJS-[a-f0-9]{19}"),
        new("new-relic-license-key", "a New Relic license key", ["NRAL"], "[a-f0-9]{36}NRAL") { Before = HexDigits },
        new("grafana-token", "a Grafana token", ["glsa_"], "glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}") { Check = TokenChecks.IsOfGrafana },
        new("grafana-cloud-token", "a Grafana Cloud token", ["glc_"], "glc_[A-Za-z0-9+/]{32,400}={0,3}") { CharsMin = 36 },
        new("grafana-key", "a Grafana key", ["eyJrIjoi"], "eyJrIjoi[A-Za-z0-9]{70,400}={0,3}") { CharsMin = 78 },
        new("sentry-token", "a Sentry token", ["sntrys_", "sntryu_"], "sntrys_eyJ[A-Za-z0-9+/=_-]{80,}|sntryu_[a-f0-9]{64}"),
        new("honeycomb-key", "a Honeycomb key", ["hcaik_", "hcxik_"], "hc[ax]ik_[a-z0-9]{58}"),
        new("dynatrace-token", "a Dynatrace token", ["dt0c01.", "dt0s01.", "dt0s16."], "dt0(c01|s01|s16)\\.[A-Za-z0-9]{8,24}\\.[A-Za-z0-9]{64}"),
        new("checkly-key", "a Checkly key", ["cu_"], "cu_[a-f0-9]{32}") { CharsMin = 35 },
        new("axiom-token", "an Axiom token", ["xaat-", "xapt-"], $"xa[ap]t-{Uuid}"),
        new("coralogix-key", "a Coralogix key", ["cxtp_", "cxth_"], "cxt[ph]_[A-Za-z0-9]{30}"),
        new("1password-service-token", "a 1Password service account's token", ["ops_eyJ"], "ops_eyJ[A-Za-z0-9+/]{250,}={0,3}") { CharsMax = 4096, CharsMin = 200 },
        new("1password-secret-key", "a 1Password secret key", ["A3-"], "A3-[A-Z0-9]{6}-([A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}") { CharsMin = 38 },
        new("tailscale-key", "a Tailscale key", ["tskey-"], "tskey-[a-z]+-[A-Za-z0-9]{10,20}-[A-Za-z0-9]{20,}"),
        new("defined-networking-token", "a Defined Networking token", ["dnkey-"], "dnkey-[A-Za-z0-9_=-]{26}-[A-Za-z0-9_=-]{52}"),
        new("netbird-token", "a NetBird token", ["nbp_"], "nbp_[A-Za-z0-9]{36}") { Check = token => TokenChecks.HasCrc32(token[4..], anyOrder: true) },
        new("stytch-secret", "a Stytch secret", ["secret-live-", "secret-test-"], "secret-(live|test)-[A-Za-z0-9_=-]{36}"),
        new("jumpcloud-key", "a JumpCloud key", ["jca_"], "jca_[A-Za-z0-9]{36}"),
        new("socket-key", "a Socket key", ["sktsec_"], "sktsec_[A-Za-z0-9_-]{20,}"),
        new("figma-token", "a Figma token", ["figd_", "figo_"], "fig[do]_[A-Za-z0-9_-]{36,}"),
        new("asana-token", "an Asana token", [.. Each("1/", Digits), .. Each("2/", Digits)], "[12]/[0-9]{15,17}(/[0-9]{15,17})?:[a-f0-9]{32}") { CharsMin = 50 },
        new("transifex-token", "a Transifex token", [.. Each("1/", HexDigits)], "1/[a-f0-9]{40}") { CharsMin = 42 },
        new("trello-token", "a Trello token", ["ATTA"], "ATTA[a-f0-9]{64}[A-F0-9]{8}") { CharsMin = 76 },
        new("airtable-token", "an Airtable token", ["pat"], "pat[A-Za-z0-9]{14}\\.[a-f0-9]{64}") { CharsMin = 82 },
        new("linear-key", "a Linear key", ["lin_api_", "lin_oauth_"], "lin_(api|oauth)_[A-Za-z0-9]{40,64}"),
        new("notion-token", "a Notion token", ["ntn_", "secret_"], "ntn_[0-9]{11}[A-Za-z0-9]{35}|secret_[A-Za-z0-9]{43}") { CharsMin = 50, Check = TokenChecks.IsMixed },
        new("clickup-token", "a ClickUp token", ["pk_"], "pk_[0-9]{5,10}_[A-Z0-9]{32}"),
        new("dropbox-token", "a Dropbox token", ["sl."], "sl\\.(u\\.)?[A-Za-z0-9_=-]{130,}") { CharsMax = 2048, CharsMin = 133 },
        new("deepl-key", "a DeepL key", [":fx"], $"{Uuid}:fx") { Before = HexDigits + "ABCDEF-" },
        new("rapidapi-key", "a RapidAPI key", ["jsn"], "[a-f0-9]{10}msh[a-f0-9]{15}p1[a-f0-9]{6}jsn[a-f0-9]{12}") { Before = HexDigits + "mshp1" },
        new("maxmind-key", "a MaxMind license key", ["_mmk"], "[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk") { Before = Base62 + "_" },
        new("mapbox-token", "a Mapbox secret token", ["sk.eyJ"], "sk\\.eyJ[A-Za-z0-9_-]{50,}\\.[A-Za-z0-9_-]{20,24}"),
        new("adafruit-key", "an Adafruit IO key", ["aio_"], "aio_[A-Za-z0-9]{28}"),
        new("age-key", "an age secret key", ["AGE-SECRET-KEY-1"], "AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}") { Check = TokenChecks.IsBech32 },
        new("jwt", "a signed web token", ["eyJ"], "eyJ[A-Za-z0-9_-]{10,}\\.eyJ[A-Za-z0-9_-]{4,}\\.[A-Za-z0-9_-]{16,}") { CharsMax = 8192, Check = TokenChecks.IsSignedWebToken },
        new("kubeconfig-key", "a private key in base64, as kubeconfig files have it", ["LS0tLS1CRUdJTiB"], "LS0tLS1CRUdJTiB[A-Za-z0-9+/]{60,}={0,2}") { CharsMax = 8192, CharsMin = 73, IsRepetitive = true, Check = TokenChecks.IsWrappedKey },
    ];
}
