//! The special tokens that a tokenizer adds around texts.

use tokenizers::Tokenizer as Inner;
use tokenizers::processors::template::TemplateProcessing;

/// How special tokens surround a text and a pair of texts.
pub(super) struct Surrounding {
    single: &'static str,
    pair: &'static str,
    tokens: &'static [&'static str],
}

/// As in BERT.
pub(super) const WITH_CLASS: Surrounding = Surrounding {
    single: "[CLS]:0 $A:0 [SEP]:0",
    pair: "[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
    tokens: &["[CLS]", "[SEP]"],
};

/// As in T5.
pub(super) const T5: Surrounding =
    Surrounding { single: "$A:0 </s>:0", pair: "$A:0 </s>:0 $B:0 </s>:0", tokens: &["</s>"] };

/// As in BART.
pub(super) const BART: Surrounding = Surrounding {
    single: "<s>:0 $A:0 </s>:0",
    pair: "<s>:0 $A:0 </s>:0 </s>:0 $B:0 </s>:0",
    tokens: &["<s>", "</s>"],
};

/// Makes a tokenizer surround texts.
///
/// # Errors
///
/// The library's error: the vocabulary lacks one of the tokens.
pub(super) fn surround(inner: &mut Inner, how: &Surrounding) -> tokenizers::Result<()> {
    let id = |token: &&str| inner.token_to_id(token).map(|id| ((*token).to_owned(), id));
    let ids: Vec<(String, u32)> = how.tokens.iter().filter_map(id).collect();
    let template = TemplateProcessing::builder()
        .try_single(how.single)?
        .try_pair(how.pair)?
        .special_tokens(ids)
        .build()?;
    inner.with_post_processor(Some(template));
    Ok(())
}
