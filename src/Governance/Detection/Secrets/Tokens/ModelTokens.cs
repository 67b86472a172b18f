// Language models, and what is built around them.
using static CabinCrew.Governance.Detection.Secrets.TokenForms;

namespace CabinCrew.Governance.Detection.Secrets;

internal static class ModelTokens
{
    // OpenAI's own mark, which others that also begin with sk- do not have.
    private const string OfOpenAi = "T3BlbkFJ";

    public static readonly SecretRule[] Rules =
    [
        new("openai-key", "an OpenAI key", ["sk-"], "sk-((proj|svcacct|admin)-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}"),
        new("anthropic-key", "an Anthropic key", ["sk-ant-"], "sk-ant-(api|admin|oat|ort)[0-9]{2}-[A-Za-z0-9_-]{80,}"),
        new("hugging-face-token", "a Hugging Face token", ["hf_", "api_org_"], "(hf|api_org)_[A-Za-z]{34}"),
        new("groq-key", "a Groq key", ["gsk_"], "gsk_[A-Za-z0-9]{52}"),
        new("xai-key", "an xAI key", ["xai-"], "xai-[A-Za-z0-9]{80}"),
        new("perplexity-key", "a Perplexity key", ["pplx-"], "pplx-[A-Za-z0-9]{48,56}"),
        new("replicate-token", "a Replicate token", ["r8_"], "r8_[A-Za-z0-9]{37}"),
        new("together-key", "a Together AI key", ["tgp_v1_"], "tgp_v1_[A-Za-z0-9_-]{43}"),
        new("fireworks-key", "a Fireworks AI key", ["fw_"], "fw_[A-Za-z0-9]{22,24}") { CharsMin = 25, Check = TokenChecks.IsMixed },
        new("deepseek-key", "a DeepSeek or DashScope key", ["sk-"], "sk-[a-f0-9]{32}"),
        new("stability-key", "a Stability AI or Moonshot key", ["sk-"], "sk-[A-Za-z0-9]{48}") { Check = token => !token.Contains(OfOpenAi, StringComparison.Ordinal) },
        new("openrouter-key", "an OpenRouter key", ["sk-or-v1-"], "sk-or-v1-[a-f0-9]{64}"),
        new("elevenlabs-key", "an ElevenLabs key", ["sk_"], "sk_[a-f0-9]{48}"),
        new("langsmith-key", "a LangSmith key", ["lsv2_pt_", "lsv2_sk_"], "lsv2_(pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}"),
        new("langfuse-key", "a Langfuse secret key", ["sk-lf-"], $"sk-lf-{Uuid}"),
        new("cerebras-key", "a Cerebras key", ["csk-"], "csk-[a-z0-9]{48}"),
        new("nvidia-key", "an NVIDIA key", ["nvapi-"], "nvapi-[A-Za-z0-9_-]{60,70}"),
        new("voyage-key", "a Voyage AI key", ["pa-"], "pa-[A-Za-z0-9_-]{43}") { CharsMin = 46, Check = TokenChecks.IsMixed },
        new("jina-key", "a Jina AI key", ["jina_"], "jina_[A-Za-z0-9_-]{50,}"),
        new("tavily-key", "a Tavily key", ["tvly-"], "tvly-((dev|prod)-)?[A-Za-z0-9]{32}"),
        new("firecrawl-key", "a Firecrawl key", ["fc-"], "fc-[a-f0-9]{32}"),
        new("e2b-key", "an E2B key", ["e2b_"], "e2b_[a-f0-9]{40}"),
        new("anyscale-key", "an Anyscale key", ["esecret_"], "esecret_[A-Za-z0-9]{26,}"),
        new("llama-cloud-key", "a LlamaCloud key", ["llx-"], "llx-[A-Za-z0-9]{48,}"),
        new("pinecone-key", "a Pinecone key", ["pcsk_"], "pcsk_[A-Za-z0-9]{5,6}_[A-Za-z0-9]{60,}"),
        new("nomic-key", "a Nomic key", ["nk-"], "nk-[A-Za-z0-9_-]{43}") { CharsMin = 46, Check = TokenChecks.IsMixed },
        new("modal-token", "a Modal token", ["ak-", "as-"], "a[ks]-[A-Za-z0-9]{22}") { CharsMin = 25, Check = TokenChecks.IsMixed },
        new("runpod-key", "a RunPod key", ["rpa_"], "rpa_[A-Z0-9]{40,}"),
    ];
}
