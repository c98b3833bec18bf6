//! Models and what is built around them.

use crate::secret::{
    judge::is_mixed,
    kind::{Kind, kind, named, token},
};

/// A kind whose key lets one use a service at its owner's cost.
macro_rules! service {
    ($id:literal, $of:literal, $where:literal, $see:literal, $find:expr) => {
        kind!(High $id, $of,
            gives "use the service at the owner's cost, and read what is kept with it",
            revoke $where,
            see $see,
            $find)
    };
}

/// The kinds.
pub(super) const KINDS: &[Kind] = &[
    service!(
        "openai-project-key",
        "OpenAI project key",
        "Revoke the key in OpenAI (API keys).",
        "https://platform.openai.com/docs/api-reference/authentication",
        token(&["sk-proj-"], r"sk-proj-[A-Za-z0-9_-]{40,}").checked(is_mixed)
    ),
    service!(
        "openai-service-account-key",
        "OpenAI service account key",
        "Revoke the key in OpenAI (Service accounts).",
        "https://platform.openai.com/docs/api-reference/authentication",
        token(
            &["sk-svcacct-", "sk-service-"],
            r"sk-(?:svcacct|service)-[A-Za-z0-9_-]{40,}"
        )
        .checked(is_mixed)
    ),
    kind!(Critical "openai-admin-key", "OpenAI admin key",
        gives "manage the organisation: members, projects, keys",
        revoke "Revoke the key in OpenAI (Admin keys).",
        see "https://platform.openai.com/docs/api-reference/admin-api-keys",
        token(&["sk-admin-"], r"sk-admin-[A-Za-z0-9_-]{40,}").checked(is_mixed)),
    service!(
        "openai-api-key",
        "OpenAI API key",
        "Revoke the key in OpenAI (API keys).",
        "https://platform.openai.com/docs/api-reference/authentication",
        token(&["T3BlbkFJ"], r"sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}").back(23)
    ),
    service!(
        "anthropic-api-key",
        "Anthropic API key",
        "Delete the key in the Anthropic console (API keys).",
        "https://docs.anthropic.com/en/api/overview",
        token(
            &["sk-ant-api"],
            r"sk-ant-api[0-9]{2}-[A-Za-z0-9_-]{80,100}AA"
        )
        .checked(is_mixed)
    ),
    kind!(Critical "anthropic-admin-key", "Anthropic admin key",
        gives "manage the organisation: members, workspaces, keys",
        revoke "Delete the key in the Anthropic console (Admin keys).",
        see "https://docs.anthropic.com/en/api/administration-api",
        token(&["sk-ant-admin"], r"sk-ant-admin[0-9]{2}-[A-Za-z0-9_-]{80,100}AA").checked(is_mixed)),
    service!(
        "anthropic-oauth-token",
        "Anthropic OAuth token",
        "Log out of the session the token is of.",
        "https://docs.anthropic.com/en/api/overview",
        token(
            &["sk-ant-oat", "sk-ant-ort"],
            r"sk-ant-o[ar]t[0-9]{2}-[A-Za-z0-9_-]{80,110}"
        )
        .checked(is_mixed)
    ),
    service!(
        "huggingface-token",
        "Hugging Face token",
        "Revoke the token in Hugging Face (Settings > Access tokens).",
        "https://huggingface.co/docs/hub/security-tokens",
        token(&["hf_"], r"hf_[A-Za-z]{34}")
    ),
    service!(
        "huggingface-organisation-token",
        "Hugging Face organisation token",
        "Revoke the token in Hugging Face (Organisation settings).",
        "https://huggingface.co/docs/hub/security-tokens",
        token(&["api_org_"], r"api_org_[A-Za-z]{34}")
    ),
    service!(
        "cohere-api-key",
        "Cohere API key",
        "Delete the key in the Cohere dashboard (API keys).",
        "https://docs.cohere.com/docs/rate-limits",
        named(&["cohere", "co_api_key"], r"[A-Za-z0-9]{40}").checked(is_mixed)
    ),
    service!(
        "groq-api-key",
        "Groq API key",
        "Delete the key in the Groq console (API keys).",
        "https://console.groq.com/docs/quickstart",
        token(&["gsk_"], r"gsk_[A-Za-z0-9]{52}").checked(is_mixed)
    ),
    service!(
        "replicate-token",
        "Replicate token",
        "Disable the token in Replicate (API tokens).",
        "https://replicate.com/docs/topics/security/api-tokens",
        token(&["r8_"], r"r8_[A-Za-z0-9]{37}").checked(is_mixed)
    ),
    service!(
        "perplexity-api-key",
        "Perplexity API key",
        "Delete the key in Perplexity (API keys).",
        "https://docs.perplexity.ai/",
        token(&["pplx-"], r"pplx-[A-Za-z0-9]{48}").checked(is_mixed)
    ),
    service!(
        "mistral-api-key",
        "Mistral API key",
        "Delete the key in Mistral (API keys).",
        "https://docs.mistral.ai/",
        named(&["mistral"], r"[A-Za-z0-9]{32}").checked(is_mixed)
    ),
    service!(
        "deepseek-api-key",
        "DeepSeek API key",
        "Delete the key in DeepSeek (API keys).",
        "https://api-docs.deepseek.com/",
        named(&["deepseek"], r"sk-[0-9a-f]{32}")
    ),
    service!(
        "xai-api-key",
        "xAI API key",
        "Delete the key in the xAI console (API keys).",
        "https://docs.x.ai/",
        token(&["xai-"], r"xai-[A-Za-z0-9]{80}").checked(is_mixed)
    ),
    service!(
        "openrouter-api-key",
        "OpenRouter API key",
        "Delete the key in OpenRouter (Keys).",
        "https://openrouter.ai/docs/api-reference/authentication",
        token(&["sk-or-v1-"], r"sk-or-v1-[0-9a-f]{64}")
    ),
    service!(
        "together-api-key",
        "Together AI API key",
        "Regenerate the key in Together AI (Settings > API keys).",
        "https://docs.together.ai/",
        named(&["together"], r"(?:tgp_v1_[A-Za-z0-9_-]{43}|[0-9a-f]{64})").checked(is_mixed)
    ),
    service!(
        "fireworks-api-key",
        "Fireworks AI API key",
        "Delete the key in Fireworks (API keys).",
        "https://docs.fireworks.ai/",
        token(&["fw_"], r"fw_[A-Za-z0-9]{22,24}")
            .near(&["fireworks"])
            .checked(is_mixed)
    ),
    service!(
        "elevenlabs-api-key",
        "ElevenLabs API key",
        "Delete the key in ElevenLabs (API keys).",
        "https://elevenlabs.io/docs/api-reference/authentication",
        token(&["sk_"], r"sk_[0-9a-f]{48}")
    ),
    service!(
        "stability-api-key",
        "Stability AI API key",
        "Delete the key in Stability AI (Account > API keys).",
        "https://platform.stability.ai/docs/getting-started/authentication",
        named(&["stability"], r"sk-[A-Za-z0-9]{48}").checked(is_mixed)
    ),
    service!(
        "langsmith-api-key",
        "LangSmith API key",
        "Delete the key in LangSmith (Settings > API keys).",
        "https://docs.smith.langchain.com/",
        token(
            &["lsv2_pt_", "lsv2_sk_"],
            r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"
        )
    ),
    service!(
        "pinecone-api-key",
        "Pinecone API key",
        "Delete the key in Pinecone (API keys).",
        "https://docs.pinecone.io/guides/projects/manage-api-keys",
        token(&["pcsk_"], r"pcsk_[A-Za-z0-9]{5,7}_[A-Za-z0-9]{60,70}").checked(is_mixed)
    ),
    service!(
        "wandb-api-key",
        "Weights & Biases API key",
        "Delete the key in Weights & Biases (User settings).",
        "https://docs.wandb.ai/",
        named(&["wandb"], r"[0-9a-f]{40}")
    ),
    service!(
        "nvidia-api-key",
        "NVIDIA API key",
        "Delete the key in NVIDIA NGC (Setup > API keys).",
        "https://docs.nvidia.com/ngc/",
        token(&["nvapi-"], r"nvapi-[A-Za-z0-9_-]{60,70}").checked(is_mixed)
    ),
    service!(
        "jina-api-key",
        "Jina AI API key",
        "Revoke the key in Jina AI (API keys).",
        "https://jina.ai/api-dashboard/",
        token(&["jina_"], r"jina_[0-9a-f]{32}[A-Za-z0-9_-]{28}").checked(is_mixed)
    ),
    service!(
        "voyage-api-key",
        "Voyage AI API key",
        "Delete the key in Voyage AI (API keys).",
        "https://docs.voyageai.com/docs/api-key-and-installation",
        token(&["pa-"], r"pa-[A-Za-z0-9_-]{43}")
            .near(&["voyage"])
            .checked(is_mixed)
    ),
    service!(
        "tavily-api-key",
        "Tavily API key",
        "Delete the key in Tavily (API keys).",
        "https://docs.tavily.com/",
        token(&["tvly-"], r"tvly-(?:dev-|prod-)?[A-Za-z0-9]{32}").checked(is_mixed)
    ),
    service!(
        "assemblyai-api-key",
        "AssemblyAI API key",
        "Rotate the key in AssemblyAI (API keys).",
        "https://www.assemblyai.com/docs",
        named(&["assemblyai"], r"[0-9a-f]{32}")
    ),
    service!(
        "deepgram-api-key",
        "Deepgram API key",
        "Delete the key in the Deepgram console (API keys).",
        "https://developers.deepgram.com/docs/authenticating",
        named(&["deepgram"], r"[0-9a-f]{40}")
    ),
];
