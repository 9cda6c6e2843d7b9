//! Selection of the tokenizer class, as in transformers.

use serde_json::{Map, Value};

/// A tokenizer class of transformers 5.23; classes that build the same tokenizer share a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Bert,
    MpNet,
    Gpt2,
    Roberta,
    Clip,
    OpenAiGpt,
    Qwen2,
    GptNeoX,
    Deberta,
    T5,
    Albert,
    XlmRoberta,
    Camembert,
    MBart,
    MBart50,
    Pegasus,
    DebertaV2,
    Llama,
    Gemma,
    Nllb,
    Marian,
    M2m100,
    /// `TokenizersBackend`: only the settings of the vocabulary's file.
    Plain,
}

/// The vocabulary files of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// `vocab.txt`.
    WordPiece,
    /// `vocab.json` and `merges.txt`.
    Merges,
    /// One SentencePiece model.
    SentencePiece,
    /// `source.spm`, `target.spm` and `vocab.json`.
    Marian,
    /// `sentencepiece.bpe.model` and `vocab.json`.
    M2m100,
}

/// Families whose `tokenizer_class` is often wrong: transformers uses the family instead.
const WRONG_CLASS: [&str; 5] = ["modernbert", "modernbert-decoder", "phi3", "phimoe", "qwen2"];

impl Class {
    /// Selects like `AutoTokenizer`: `tokenizer_class`, unless the family's class takes precedence.
    pub(super) fn of(tokenizer: &Map<String, Value>, model: &Map<String, Value>) -> Option<Self> {
        let text = |fields: &Map<String, Value>, name: &str| {
            fields.get(name).and_then(Value::as_str).map(str::to_owned)
        };
        let model_type = text(model, "model_type").unwrap_or_default();
        let family = Self::of_family(&model_type);
        let named = text(tokenizer, "tokenizer_class").or_else(|| text(model, "tokenizer_class"));
        let named = named.as_deref().map(|name| name.strip_suffix("Fast").unwrap_or(name));
        match (named.map(Self::of_name), family) {
            (Some(_), Some(Self::Plain)) => Some(Self::Plain),
            (Some(_), Some(family)) if WRONG_CLASS.contains(&model_type.as_str()) => Some(family),
            (Some(class), family) => class.or(family),
            (None, family) => family,
        }
    }

    /// The class with this name, without `Fast`.
    fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "BertTokenizer"
            | "DistilBertTokenizer"
            | "ElectraTokenizer"
            | "MobileBertTokenizer"
            | "ConvBertTokenizer"
            | "SqueezeBertTokenizer"
            | "LayoutLMTokenizer"
            | "DPRQuestionEncoderTokenizer"
            | "DPRContextEncoderTokenizer" => Self::Bert,
            "MPNetTokenizer" => Self::MpNet,
            "GPT2Tokenizer" | "CodeGenTokenizer" => Self::Gpt2,
            "RobertaTokenizer" | "BartTokenizer" | "LongformerTokenizer" | "LEDTokenizer" => {
                Self::Roberta
            }
            "CLIPTokenizer" => Self::Clip,
            "OpenAIGPTTokenizer" => Self::OpenAiGpt,
            "Qwen2Tokenizer" => Self::Qwen2,
            "GPTNeoXTokenizer" => Self::GptNeoX,
            "DebertaTokenizer" => Self::Deberta,
            "T5Tokenizer" | "MT5Tokenizer" => Self::T5,
            "AlbertTokenizer" => Self::Albert,
            "XLMRobertaTokenizer" => Self::XlmRoberta,
            "CamembertTokenizer" => Self::Camembert,
            "MBartTokenizer" => Self::MBart,
            "MBart50Tokenizer" => Self::MBart50,
            "PegasusTokenizer" => Self::Pegasus,
            "DebertaV2Tokenizer" => Self::DebertaV2,
            "LlamaTokenizer" | "CodeLlamaTokenizer" => Self::Llama,
            "GemmaTokenizer" => Self::Gemma,
            "NllbTokenizer" => Self::Nllb,
            "MarianTokenizer" => Self::Marian,
            "M2M100Tokenizer" => Self::M2m100,
            "PreTrainedTokenizer" | "TokenizersBackend" | "BloomTokenizer" => Self::Plain,
            _ => return None,
        })
    }

    /// The class of a `model_type`.
    fn of_family(model_type: &str) -> Option<Self> {
        Some(match model_type {
            "bert" | "distilbert" | "electra" | "mobilebert" | "convbert" | "squeezebert"
            | "layoutlm" | "nomic_bert" | "megatron-bert" => Self::Bert,
            "mpnet" => Self::MpNet,
            "gpt2" | "gpt_neo" | "gptj" | "opt" | "codegen" | "phi" | "starcoder2" => Self::Gpt2,
            "roberta" | "bart" | "longformer" | "led" | "roberta-prelayernorm" => Self::Roberta,
            "clip" | "clip_text_model" => Self::Clip,
            "openai-gpt" => Self::OpenAiGpt,
            "qwen2" | "qwen3" | "qwen2_moe" | "qwen3_moe" => Self::Qwen2,
            "gpt_neox" | "olmo" | "mpt" | "mamba" | "rwkv" => Self::GptNeoX,
            "deberta" => Self::Deberta,
            "t5" | "mt5" | "switch_transformers" => Self::T5,
            "albert" => Self::Albert,
            "xlm-roberta" => Self::XlmRoberta,
            "camembert" => Self::Camembert,
            "mbart" => Self::MBart,
            "mbart50" => Self::MBart50,
            "pegasus" => Self::Pegasus,
            "deberta-v2" => Self::DebertaV2,
            // Transformers has no class for it, and uses the one in the tokenizer's config.
            "code_llama" => Self::Llama,
            "gemma" | "gemma2" | "gemma3" | "gemma3_text" | "gemma3n" | "recurrent_gemma" => {
                Self::Gemma
            }
            "nllb" | "nllb-moe" => Self::Nllb,
            "marian" => Self::Marian,
            "m2m_100" => Self::M2m100,
            "mistral" | "mixtral" | "phi3" | "phimoe" | "olmo2" | "granite" | "modernbert"
            | "stablelm" | "gpt_bigcode" | "xlm-roberta-xl" | "umt5" | "internlm2"
            | "bigbird_pegasus" | "pegasus_x" => Self::Plain,
            _ => return None,
        })
    }

    /// The name of the class.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bert => "BertTokenizer",
            Self::MpNet => "MPNetTokenizer",
            Self::Gpt2 => "GPT2Tokenizer",
            Self::Roberta => "RobertaTokenizer",
            Self::Clip => "CLIPTokenizer",
            Self::OpenAiGpt => "OpenAIGPTTokenizer",
            Self::Qwen2 => "Qwen2Tokenizer",
            Self::GptNeoX => "GPTNeoXTokenizer",
            Self::Deberta => "DebertaTokenizer",
            Self::T5 => "T5Tokenizer",
            Self::Albert => "AlbertTokenizer",
            Self::XlmRoberta => "XLMRobertaTokenizer",
            Self::Camembert => "CamembertTokenizer",
            Self::MBart => "MBartTokenizer",
            Self::MBart50 => "MBart50Tokenizer",
            Self::Pegasus => "PegasusTokenizer",
            Self::DebertaV2 => "DebertaV2Tokenizer",
            Self::Llama => "LlamaTokenizer",
            Self::Gemma => "GemmaTokenizer",
            Self::Nllb => "NllbTokenizer",
            Self::Marian => "MarianTokenizer",
            Self::M2m100 => "M2M100Tokenizer",
            Self::Plain => "PreTrainedTokenizerFast",
        }
    }

    /// The vocabulary files.
    pub(super) fn source(self) -> Source {
        match self {
            Self::Bert | Self::MpNet => Source::WordPiece,
            Self::Gpt2
            | Self::Roberta
            | Self::Clip
            | Self::OpenAiGpt
            | Self::Qwen2
            | Self::GptNeoX
            | Self::Deberta => Source::Merges,
            Self::Marian => Source::Marian,
            Self::M2m100 => Source::M2m100,
            _ => Source::SentencePiece,
        }
    }

    /// The name of its SentencePiece model.
    pub(super) fn model_file(self) -> &'static str {
        match self {
            Self::T5 | Self::Albert | Self::Pegasus => "spiece.model",
            Self::DebertaV2 => "spm.model",
            Self::XlmRoberta
            | Self::Camembert
            | Self::MBart
            | Self::MBart50
            | Self::Nllb
            | Self::M2m100 => "sentencepiece.bpe.model",
            _ => "tokenizer.model",
        }
    }

    /// Whether some of its special tokens are language codes.
    pub(super) fn has_languages(self) -> bool {
        matches!(self, Self::MBart | Self::MBart50 | Self::Nllb | Self::M2m100)
    }
}
