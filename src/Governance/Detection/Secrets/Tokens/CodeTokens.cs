// Forges, registries of packages and images, pipelines, and what is deployed with them.
using static CabinCrew.Governance.Detection.Secrets.TokenForms;

namespace CabinCrew.Governance.Detection.Secrets;

internal static class CodeTokens
{
    public static readonly SecretRule[] Rules =
    [
        new("github-token", "a GitHub token", ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], "gh[pousr]_[A-Za-z0-9]{36}") { Check = token => TokenChecks.HasCrc32(token[4..]) },
        new("github-fine-grained-token", "a GitHub fine-grained token", ["github_pat_"], "github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
        new("gitlab-token", "a GitLab token", ["glpat-", "gldt-", "glrt-", "glptt-", "glrtr-", "glcbt-", "glft-", "glimt-", "glagent-", "gloas-", "glsoat-", "glffct-"],
            "gl(pat|dt|rt|ptt|rtr|cbt|ft|imt|agent|oas|soat|ffct)-[A-Za-z0-9_-]{20,}(\\.[A-Za-z0-9]{2}\\.[A-Za-z0-9]{9})?"),
        new("gitlab-runner-token", "a GitLab runner registration token", ["GR1348941"], "GR1348941[A-Za-z0-9_-]{20}"),
        new("gitlab-session", "a GitLab session", ["_gitlab_session="], "_gitlab_session=[a-z0-9]{32}"),
        new("bitbucket-password", "a Bitbucket app password", ["ATBB"], "ATBB[A-Za-z0-9]{32}") { Check = TokenChecks.HasDigit },
        new("atlassian-token", "an Atlassian token", ["ATATT3", "ATCTT3"], "AT[AC]TT3[A-Za-z0-9_=-]{160,}"),
        new("npm-token", "an npm token", ["npm_"], "npm_[A-Za-z0-9]{36}") { Check = token => TokenChecks.HasCrc32(token[4..]) },
        new("pypi-token", "a PyPI token", ["pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZw"], "pypi-(AgEIcHlwaS5vcmc|AgENdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{50,}"),
        new("rubygems-key", "a RubyGems key", ["rubygems_"], "rubygems_[a-f0-9]{48}"),
        new("nuget-key", "a NuGet key", ["oy2"], "oy2[a-z0-9]{43}") { CharsMin = 46, Check = TokenChecks.HasDigit },
        new("crates-token", "a crates.io token", ["cio"], "cio[A-Za-z0-9]{32}") { CharsMin = 35, Check = TokenChecks.IsMixed },
        new("clojars-token", "a Clojars token", ["CLOJARS_"], "CLOJARS_[A-Za-z0-9]{60}"),
        new("packagist-token", "a Private Packagist token", ["packagist_ort_", "packagist_out_", "packagist_uut_", "packagist_urt_"], "packagist_[ou][ru]t_[a-f0-9]{68}"),
        new("artifactory-key", "an Artifactory key", ["AKCp"], "AKCp[A-Za-z0-9]{69}") { CharsMin = 73 },
        new("artifactory-reference-token", "an Artifactory reference token", ["cmVmd"], "cmVmd[A-Za-z0-9]{59}") { CharsMin = 64 },
        new("docker-hub-token", "a Docker Hub token", ["dckr_pat_", "dckr_oat_"], "dckr_(pat_[A-Za-z0-9_-]{27}|oat_[A-Za-z0-9_-]{32})"),
        new("sonar-token", "a SonarQube token", ["sqp_", "squ_", "sqa_"], "sq[pua]_[a-f0-9]{40}"),
        new("circleci-token", "a CircleCI token", ["CCIPAT_", "CCIPRJ_"], "CCIP(AT|RJ)_[A-Za-z0-9]{22}_[a-f0-9]{40}"),
        new("buildkite-token", "a Buildkite token", ["bkua_"], "bkua_[a-f0-9]{40}"),
        new("harness-key", "a Harness key", ["pat.", "sat."], "(pat|sat)\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9]{24}\\.[A-Za-z0-9]{20}") { CharsMin = 72 },
        new("octopus-key", "an Octopus Deploy key", ["API-"], "API-[A-Z0-9]{25,32}") { CharsMin = 29, Check = TokenChecks.HasDigit },
        new("pulumi-token", "a Pulumi token", ["pul-"], "pul-[a-f0-9]{40}"),
        new("doppler-token", "a Doppler token", ["dp.pt.", "dp.st.", "dp.sa.", "dp.ct.", "dp.scim.", "dp.audit."], "dp\\.(pt|st|sa|ct|scim|audit)\\.([a-z0-9_-]{2,35}\\.)?[A-Za-z0-9]{40,44}"),
        new("vault-token", "a HashiCorp Vault token", ["hvs.", "hvb.", "hvr."], "hv[sbr]\\.[A-Za-z0-9_-]{90,}") { CharsMin = 94 },
        new("terraform-cloud-token", "a Terraform Cloud token", [".atlasv1."], "[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_=-]{60,}") { Before = Base62 },
        new("infracost-key", "an Infracost key", ["ico-"], "ico-[A-Za-z0-9]{32}"),
        new("prefect-key", "a Prefect key", ["pnu_", "pnb_"], "pn[ub]_[A-Za-z0-9]{36}"),
        new("launchdarkly-key", "a LaunchDarkly key", ["api-", "sdk-"], $"(api|sdk)-{Uuid}") { CharsMin = 40 },
        new("configcat-key", "a ConfigCat key", ["configcat-sdk-1/"], "configcat-sdk-1/[A-Za-z0-9_-]{22}/[A-Za-z0-9_-]{22}"),
        new("postman-key", "a Postman key", ["PMAK-"], "PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
        new("readme-key", "a ReadMe key", ["rdme_"], "rdme_[a-z0-9]{70}"),
        new("sourcegraph-token", "a Sourcegraph token", ["sgp_"], "sgp_([a-f0-9]{16}_|local_)?[a-f0-9]{40}"),
        new("segment-token", "a Segment token", ["sgp_"], "sgp_[A-Za-z0-9]{64}"),
        new("apify-token", "an Apify token", ["apify_api_"], "apify_api_[A-Za-z0-9]{36,46}"),
        new("frameio-token", "a Frame.io token", ["fio-u-"], "fio-u-[A-Za-z0-9_=-]{64}"),
        new("intra42-secret", "an Intra 42 client secret", ["s-s4t2ud-", "s-s4t2af-"], "s-s4t2(ud|af)-[a-f0-9]{64}"),
        new("settlemint-token", "a SettleMint token", ["sm_aat_", "sm_pat_", "sm_sat_"], "sm_[aps]at_[A-Za-z0-9]{16}"),
    ];
}
