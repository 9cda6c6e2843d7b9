//! `zoo generate`

mod shown;

use std::io;
use std::path::PathBuf;

use anyhow::{Result, anyhow};
use serde_json::{Map, Value};

use self::shown::{print_speculative, print_stream, shown};
use super::model::{ModelArgs, Open};
use super::texts::Texts;
use super::writing::{WritingArgs, without_settings_of_its_own};
use super::{Global, usage};
use crate::models::generate::GenerateError;
use crate::pipeline::chat::{ChatMessage, Turn};
use crate::pipeline::{PipelineError, PromptTokens, TextGeneration, WrittenText};

/// Generate text.
#[derive(clap::Args)]
#[command(
    allow_negative_numbers = true,
    after_help = "A decoder continues the prompt; an encoder-decoder generates the text that \
                  follows it. A single text is streamed; several are printed when they are complete, \
                  with --json as one object per line. An invalid prompt is reported, and the others \
                  are still continued. The defaults are those of the model's generation_config.json; \
                  without one, tokens are sampled at temperature 0.8. When the context is full, its \
                  older half is dropped and generation continues.\n\nExamples:\n  \
                  zoo generate runs/gpt2-nano-stories\n  \
                  zoo generate runs/shakespeare 'ROMEO:' --max-new-tokens 400 --temperature 0.8 --top-k 40\n  \
                  zoo generate runs/shakespeare 'To be' --beams 4 --texts 3 --no-repeat-ngram 3\n  \
                  zoo generate large 'Once' --greedy --draft-model small\n  \
                  zoo generate qwen2 --chat --system 'Be brief.' 'Why is the sky blue?'\n  \
                  zoo generate qwen3 --chat --chat-template-kwargs '{\"enable_thinking\": false}' 'Why?'\n  \
                  echo 'To be' | zoo generate runs/shakespeare - --greedy --json\n  \
                  zoo generate runs/shakespeare --stdin-lines --json < prompts.txt"
)]
pub(crate) struct GenerateArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Prompts; `-` reads one from standard input; without a prompt, a new text begins
    #[arg(value_name = "PROMPT")]
    prompts: Vec<String>,
    /// A prompt, as PROMPT; can be repeated
    #[arg(long, short, value_name = "TEXT", conflicts_with = "prompts")]
    prompt: Vec<String>,
    /// Read one prompt per line of standard input
    #[arg(long, conflicts_with_all = ["prompt", "prompts"])]
    stdin_lines: bool,
    /// Send the prompt as a user message and generate the assistant's reply
    #[arg(long)]
    chat: bool,
    /// With --chat: the system message
    #[arg(long, value_name = "TEXT", requires = "chat")]
    system: Option<String>,
    /// With --chat: variables of the model's chat template, as a JSON object
    #[arg(long, value_name = "JSON", requires = "chat", value_parser = object)]
    chat_template_kwargs: Option<Map<String, Value>>,
    /// Speculative decoding: draft tokens with this smaller model, which shares the tokenizer; the
    /// output is still the model's own
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["beams", "texts"])]
    draft_model: Option<PathBuf>,
    /// With --draft-model: tokens to draft per step
    #[arg(long, value_name = "N", default_value_t = 5, requires = "draft_model")]
    num_draft_tokens: usize,
    #[command(flatten)]
    writing: WritingArgs,
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| {
        format!("must be a JSON object, such as {{\"enable_thinking\": false}}: {error}")
    })
}

/// A prompt to continue.
struct Prompt {
    /// The prompt as the user gave it.
    source: String,
    /// The prefix of the printed text.
    text: String,
    tokens: PromptTokens,
}

pub(super) fn run(global: &Global, args: &GenerateArgs) -> Result<()> {
    let open: Open<'_, TextGeneration> = &|folder, device, precision| {
        let opened = TextGeneration::open(folder, device).map_err(classify)?;
        let mut opened = opened.cast(precision).with_seed(global.seed());
        without_settings_of_its_own(folder, opened.settings_mut());
        args.writing.apply(opened.settings_mut());
        opened.settings().validate().map_err(|error| classify(error.into()))?;
        Ok(opened)
    };
    let mut generation = args.model.open(global, open)?;
    if let Some(kwargs) = &args.chat_template_kwargs {
        generation.set_chat_template_kwargs(kwargs.clone()).map_err(classify)?;
    }
    let draft = args.draft_model.as_ref().map(|draft| args.model.beside(draft).open(global, open));
    let draft =
        draft.transpose()?.map(|model| Draft { model, num_draft_tokens: args.num_draft_tokens });
    let many = match args.given()?.as_slice() {
        _ if args.stdin_lines => Texts::of_standard_input("standard input has no lines"),
        [] if args.chat => return Err(usage("--chat needs a prompt: the user message")),
        [] => return print_one(global, &Prompt::new(&generation, None)?, &generation, draft, args),
        [text] => {
            let prompt = args.read(&generation, text)?;
            return print_one(global, &prompt, &generation, draft, args);
        }
        texts => Texts::known(texts),
    };
    print_many(global, many.called("prompt"), generation, draft, args)
}

/// A draft model for speculative decoding, and its tokens per step.
struct Draft {
    model: TextGeneration,
    num_draft_tokens: usize,
}

/// The tokens that a text without a prompt begins with; `None` if the vocabulary has none.
pub(super) fn beginning(generation: &TextGeneration) -> Option<Vec<u32>> {
    generation.encode("").or_else(|_| generation.encode("\n")).ok()
}

/// Continues a prompt, or begins a new text, and streams it to standard output.
pub(super) fn write_text(
    global: &Global,
    generation: &TextGeneration,
    prompt: Option<&str>,
) -> Result<()> {
    print_stream(global, &Prompt::new(generation, prompt)?, generation)
}

impl GenerateArgs {
    /// The prompts of the command line; `-` is replaced by standard input.
    fn given(&self) -> Result<Vec<String>> {
        let text = |text: &String| match text.as_str() {
            "-" => Ok(io::read_to_string(io::stdin())?),
            text => Ok(text.to_owned()),
        };
        self.prompts.iter().chain(&self.prompt).map(text).collect()
    }

    fn read(&self, generation: &TextGeneration, text: &str) -> Result<Prompt> {
        match self.chat {
            true => self.chat(generation, text).map_err(classify),
            false => Prompt::new(generation, Some(text)),
        }
    }

    /// A user message; only the reply is printed.
    fn chat(&self, generation: &TextGeneration, text: &str) -> Result<Prompt, PipelineError> {
        let system = self.system.iter().map(|system| ChatMessage::new("system", system));
        let messages: Vec<ChatMessage> = system.chain([ChatMessage::new("user", text)]).collect();
        let tokens = generation.encode_chat(&messages, Turn::Assistant)?;
        Ok(Prompt { source: text.into(), text: String::new(), tokens })
    }
}

impl Prompt {
    /// Without a text, the prompt is empty, or a line break if the tokenizer rejects an empty one.
    fn new(generation: &TextGeneration, text: Option<&str>) -> Result<Self> {
        match text {
            Some("") => Err(usage("the prompt is empty; omit it to begin a new text")),
            Some(text) => {
                let tokens = generation.encode(text).map_err(classify)?;
                Ok(Self { source: text.into(), text: text.into(), tokens: tokens.into() })
            }
            None => {
                let tokens = beginning(generation).ok_or_else(|| {
                    usage("the tokenizer has no token to begin a text with; give a prompt")
                })?;
                Ok(Self { source: String::new(), text: String::new(), tokens: tokens.into() })
            }
        }
    }
}

/// Continues one prompt; streams the text if there is one text and no beam search.
fn print_one(
    global: &Global,
    prompt: &Prompt,
    generation: &TextGeneration,
    draft: Option<Draft>,
    args: &GenerateArgs,
) -> Result<()> {
    if let Some(draft) = draft {
        return print_speculative(global, prompt, generation, &draft);
    }
    if args.writing.n_texts() == 1 && generation.settings().beams.is_none() {
        return print_stream(global, prompt, generation);
    }
    let bar = global.spinner("generating".into());
    let written = generation.write_tokens(vec![prompt.tokens.clone()], &mut |_| {});
    bar.finish_and_clear();
    let texts = written.map_err(classify)?.concat();
    global.print(&shown(global, prompt, &texts))
}

/// Continues many prompts. An invalid prompt is reported.
fn print_many(
    global: &Global,
    texts: Texts,
    mut generation: TextGeneration,
    draft: Option<Draft>,
    args: &GenerateArgs,
) -> Result<()> {
    let begins = !args.chat;
    let mut write = |texts: &[String]| -> Result<Vec<Vec<WrittenText>>, PipelineError> {
        let tokens = |(index, text): (usize, &String)| {
            let tokens = match text.as_str() {
                "" if begins => return Err(PipelineError::EmptyPrompt.of_text(index)),
                text if begins => generation.encode(text).map(PromptTokens::from),
                text => args.chat(&generation, text).map(|prompt| prompt.tokens),
            };
            tokens.map_err(|error| error.of_text(index))
        };
        let prompts: Vec<PromptTokens> =
            texts.iter().enumerate().map(tokens).collect::<Result<_, _>>()?;
        let written = match &draft {
            None => generation.write_tokens(prompts, &mut |_| {})?,
            Some(Draft { model, num_draft_tokens }) => {
                let drafted = |(index, prompt)| {
                    let written =
                        generation
                            .write_speculative(prompt, model, *num_draft_tokens, &mut |_| true);
                    written
                        .map(|drafted| vec![drafted.written])
                        .map_err(|e: PipelineError| e.of_text(index))
                };
                prompts.into_iter().enumerate().map(drafted).collect::<Result<_, _>>()?
            }
        };
        generation.skip_draws(texts.len());
        Ok(written)
    };
    texts.answer(global, &mut write, &|text, written| {
        let begin = if begins { text } else { "" };
        let prompt = Prompt { source: text.into(), text: begin.into(), tokens: Vec::new().into() };
        Ok(shown(global, &prompt, &written))
    })
}

/// Maps errors that the user caused to usage errors.
pub(super) fn classify(error: PipelineError) -> anyhow::Error {
    match error {
        PipelineError::Model(error) => error.into(),
        PipelineError::Generate(GenerateError::NotFinite) | PipelineError::Device(_) => {
            anyhow!(error)
        }
        _ => usage(error),
    }
}
