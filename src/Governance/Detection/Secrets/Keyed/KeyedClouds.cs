// Clouds, hosting, networks, databases and language models.
using static CabinCrew.Governance.Detection.Secrets.TokenForms;

namespace CabinCrew.Governance.Detection.Secrets;

internal static class KeyedClouds
{
    public static readonly KeyedService[] Services =
    [
        new("aws-secret-key", "an AWS secret key", ["aws", "amazon", "secretaccess", "secret_access", "secret-access"], "[A-Za-z0-9/+]{40}"),
        new("alibaba-secret", "an Alibaba Cloud secret", ["alibaba", "aliyun", "alicloud"], "[A-Za-z0-9]{30}"),
        new("tencent-secret", "a Tencent Cloud secret key", ["tencent", "qcloud"], "[A-Za-z0-9]{32}"),
        new("azure-key", "an Azure key", ["azure", "cognitive", "entra"], "[a-f0-9]{32}|[a-z2-7]{52}|[A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{86}=="),
        new("ibm-cloud-key", "an IBM Cloud key", ["ibm", "bluemix", "watson"], "[A-Za-z0-9_-]{44}"),
        new("oracle-cloud-token", "an Oracle Cloud token", ["oracle", "oci"], "[A-Za-z0-9;:(){}<>#.+-]{20}"),
        new("cloudflare-key", "a Cloudflare key", ["cloudflare"], "[A-Za-z0-9_-]{40}|[a-f0-9]{37}"),
        new("linode-token", "a Linode token", ["linode"], "[a-f0-9]{64}"),
        new("vultr-key", "a Vultr key", ["vultr"], "[A-Z0-9]{36}"),
        new("hetzner-token", "a Hetzner token", ["hetzner", "hcloud"], "[A-Za-z0-9]{64}"),
        new("ovh-secret", "an OVH secret", ["ovh"], "[A-Za-z0-9]{32}"),
        new("scaleway-secret", "a Scaleway secret key", ["scaleway", "scw"], Uuid),
        new("heroku-key", "a Heroku key", ["heroku"], Uuid),
        new("railway-token", "a Railway token", ["railway"], Uuid),
        new("vercel-token", "a Vercel token", ["vercel", "zeit"], "[A-Za-z0-9]{24}"),
        new("netlify-key", "a Netlify token", ["netlify"], "[A-Za-z0-9_-]{40,46}"),
        new("fastly-token", "a Fastly token", ["fastly"], "[A-Za-z0-9_-]{32}"),
        new("akamai-secret", "an Akamai secret", ["akamai", "edgegrid"], "akab-[a-z0-9-]{30,}|[A-Za-z0-9+/]{43}="),
        new("bunny-key", "a Bunny key", ["bunnycdn", "bunny"], "[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}-[a-f0-9]{4}-[a-f0-9]{4}|" + Uuid),
        new("ngrok-token", "an ngrok token", ["ngrok"], "[A-Za-z0-9_]{43,49}"),
        new("mongodb-atlas-key", "a MongoDB Atlas key", ["mongodb", "atlas"], Uuid),
        new("confluent-key", "a Confluent key", ["confluent", "kafka"], "[A-Z0-9]{16}|[A-Za-z0-9/+]{64}"),
        new("elastic-key", "an Elastic key", ["elastic", "elasticsearch"], "[A-Za-z0-9_-]{58,60}(==)?|[A-Za-z0-9]{24}"),
        new("algolia-key", "an Algolia key", ["algolia"], "[a-f0-9]{32}"),
        new("upstash-token", "an Upstash token", ["upstash"], "[A-Za-z0-9=]{40,60}"),
        new("typesense-key", "a Typesense key", ["typesense"], "[A-Za-z0-9]{32,64}"),
        new("meilisearch-key", "a Meilisearch key", ["meilisearch", "meili"], "[A-Za-z0-9_-]{43}|[a-f0-9]{64}"),
        new("snowflake-key", "a Snowflake key", ["snowflake"], "[A-Za-z0-9+/_-]{32,88}={0,2}"),
        new("databricks-secret", "a Databricks secret", ["databricks"], "dose[a-f0-9]{32}"),
        new("cohere-key", "a Cohere key", ["cohere", "co_api"], "[A-Za-z0-9]{40}"),
        new("mistral-key", "a Mistral key", ["mistral"], "[A-Za-z0-9]{32}"),
        new("together-ai-key", "a Together AI key", ["together"], "[a-f0-9]{64}"),
        new("assemblyai-key", "an AssemblyAI key", ["assemblyai", "assembly"], "[a-f0-9]{32}"),
        new("deepgram-key", "a Deepgram key", ["deepgram"], "[a-f0-9]{40}"),
        new("wandb-key", "a Weights & Biases key", ["wandb", "weights"], "[a-f0-9]{40}"),
        new("clarifai-key", "a Clarifai key", ["clarifai"], "[a-f0-9]{32}"),
        new("exa-key", "an Exa key", ["exa"], Uuid),
        new("private-ai-key", "a Private AI key", ["private_ai", "privateai", "private-ai"], "[a-z0-9]{32}"),
        new("serpapi-key", "a SerpApi key", ["serpapi"], "[a-f0-9]{64}"),
        new("meraki-key", "a Cisco Meraki key", ["meraki"], "[0-9a-f]{40}"),
    ];
}
