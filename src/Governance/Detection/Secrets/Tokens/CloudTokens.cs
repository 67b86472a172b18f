// Clouds, hosting and databases.
using static CabinCrew.Governance.Detection.Secrets.TokenForms;

namespace CabinCrew.Governance.Detection.Secrets;

internal static class CloudTokens
{
    public static readonly SecretRule[] Rules =
    [
        new("aws-access-key", "an AWS access key", ["AKIA", "ASIA", "ABIA", "ACCA"], "A(KIA|SIA|BIA|CCA)[A-Z2-7]{16}"),
        new("aws-bedrock-key", "an Amazon Bedrock API key", ["ABSK", "bedrock-api-key-"], "ABSK[A-Za-z0-9+/]{109,}={0,2}|bedrock-api-key-[A-Za-z0-9+/=_-]{28,}") { CharsMax = 2048, CharsMin = 44 },
        new("amazon-mws-token", "an Amazon Marketplace token", ["amzn.mws."], $"amzn\\.mws\\.{Uuid}"),
        new("google-api-key", "a Google API key", ["AIza"], "AIza[0-9A-Za-z_-]{35}"),
        new("google-client-secret", "a Google OAuth client secret", ["GOCSPX-"], "GOCSPX-[A-Za-z0-9_-]{28}"),
        new("google-access-token", "a Google access token", ["ya29."], "ya29\\.[A-Za-z0-9_-]{40,}"),
        new("google-refresh-token", "a Google refresh token", ["1//0"], "1//0[A-Za-z0-9_-]{40,}"),
        new("firebase-server-key", "a Firebase messaging server key", ["AAAA"], "AAAA[A-Za-z0-9_-]{7}:APA91b[A-Za-z0-9_-]{134}") { CharsMin = 150 },
        new("azure-storage-key", "an Azure storage account's key", ["AccountKey="], "AccountKey=[A-Za-z0-9+/]{86}=="),
        new("azure-shared-access-key", "an Azure shared access key", ["SharedAccessKey="], "SharedAccessKey=[A-Za-z0-9+/]{43}="),
        new("azure-sas-signature", "the signature of an Azure shared access URL", ["sig="], "sig=([A-Za-z0-9]|%2[BbFf]|[+/]){43}(%3[Dd]|=)") { CharsMin = 44 },
        new("azure-client-secret", "a Microsoft Entra client secret", ["Q~"], "[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}") { Before = Base62 + "_~.-" },
        new("azure-resource-key", "a key of an Azure resource", ["JQQJ99", "AZDO"], "[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}(==)?|[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}") { Before = Base62 },
        new("azure-signed-key", "a key of an Azure service", ["AzSe", "AzFu", "+ACR", "ACDb", "+ASt", "AIoT", "+ASb", "+AEh", "+ABa", "AzCa"],
            "[A-Za-z0-9+/]{76}(\\+ASt|ACDb|\\+ABa)[A-D][A-Za-z0-9+/]{5}==|[A-Za-z0-9+/]{33}(AIoT|\\+ASb|\\+AEh|AzCa)[A-D][A-Za-z0-9+/]{5}=|[A-Za-z0-9+/]{42}(AzSe|\\+ACR)[A-D][A-Za-z0-9+/]{5}|[A-Za-z0-9_-]{44}AzFu[A-D][A-Za-z0-9_-]{5}==") { Before = Base64 + "_-" },
        new("alibaba-access-key", "an Alibaba Cloud access key", ["LTAI"], "LTAI([A-Za-z0-9]{20}|[A-Za-z0-9]{16}|[A-Za-z0-9]{12})") { Check = TokenChecks.HasDigit },
        new("tencent-secret-id", "a Tencent Cloud secret id", ["AKID"], "AKID[A-Za-z0-9]{32}") { Check = TokenChecks.HasDigit },
        new("yandex-token", "a Yandex Cloud token", ["t1.", "AQVN", "YCA", "YCM", "YCN", "YCO", "YCP"], "t1\\.[A-Za-z0-9_-]+={0,2}\\.[A-Za-z0-9_-]{86}={0,2}|AQVN[A-Za-z0-9_-]{35,38}|YC[AMNOP][A-Za-z0-9_-]{37}") { CharsMin = 39, Check = TokenChecks.HasDigit },
        new("digitalocean-token", "a DigitalOcean token", ["dop_v1_", "doo_v1_", "dor_v1_"], "do[opr]_v1_[a-f0-9]{64}"),
        new("cloudflare-origin-key", "a Cloudflare origin CA key", ["v1.0-"], "v1\\.0-[a-f0-9]{24}-[a-f0-9]{146}") { CharsMin = 100 },
        new("heroku-token", "a Heroku token", ["HRKU-"], "HRKU-([A-Za-z0-9_-]{60}|" + Uuid + ")"),
        new("fly-token", "a Fly.io token", ["fo1_", "fm1a_", "fm1r_", "fm2_"], "fo1_[A-Za-z0-9_-]{43}|fm(1[ar]|2)_[A-Za-z0-9+/]{100,}={0,3}") { CharsMax = 4096, CharsMin = 40 },
        new("render-key", "a Render key", ["rnd_"], "rnd_[A-Za-z0-9]{32}"),
        new("vercel-blob-token", "a Vercel Blob token", ["vercel_blob_rw_"], "vercel_blob_rw_[A-Za-z0-9]{10,20}_[A-Za-z0-9]{28,36}"),
        new("netlify-token", "a Netlify token", ["nfp_"], "nfp_[A-Za-z0-9]{36,40}"),
        new("supabase-token", "a Supabase token", ["sbp_", "sb_secret_"], "sbp_(v0_)?[a-f0-9]{40}|sb_secret_[A-Za-z0-9_-]{22}_[A-Za-z0-9_-]{8}"),
        new("neon-key", "a Neon key", ["napi_"], "napi_[a-z0-9]{40,}"),
        new("planetscale-token", "a PlanetScale token", ["pscale_tkn_", "pscale_pw_", "pscale_oauth_"], "pscale_(tkn|pw|oauth)_[A-Za-z0-9=._-]{32,64}"),
        new("cockroach-key", "a CockroachDB Cloud key", ["CCDB1_"], "CCDB1_[A-Za-z0-9]{22}_[A-Za-z0-9]{40}"),
        new("aiven-password", "an Aiven service password", ["AVNS_"], "AVNS_[A-Za-z0-9_-]{19}"),
        new("xata-key", "a Xata key", ["xau_"], "xau_[A-Za-z0-9]{32,}"),
        new("scalingo-token", "a Scalingo token", ["tk-us-"], "tk-us-[A-Za-z0-9_-]{48}"),
        new("clickhouse-cloud-key", "a ClickHouse Cloud secret key", ["4b1d"], "4b1d[A-Za-z0-9]{38}") { CharsMin = 42, Check = TokenChecks.IsMixed },
        new("openshift-token", "an OpenShift token", ["sha256~"], "sha256~[A-Za-z0-9_-]{43}"),
        new("appwrite-key", "an Appwrite key", ["standard_"], "standard_[a-f0-9]{256}") { CharsMin = 100 },
        new("databricks-token", "a Databricks token", ["dapi"], "dapi[a-f0-9]{32}(-[0-9])?"),
        new("dbt-token", "a dbt Cloud token", ["dbtc_", "dbtu_", "dbts_"], "dbt[cus]_[A-Za-z0-9_-]{36,}"),
        new("tinybird-token", "a Tinybird token", ["p.eyJ"], "p\\.eyJ[A-Za-z0-9_-]{20,}\\.[A-Za-z0-9_-]{20,}"),
        new("backblaze-key", "a Backblaze application key", ["K000", "K001", "K002", "K003", "K004", "K005"], "K00[0-5][A-Za-z0-9+/]{27}") { CharsMin = 31, Check = TokenChecks.IsMixed },
    ];
}
