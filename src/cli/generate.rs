//! `zoo generate`

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, anyhow};
use serde_json::json;

use super::model::{ModelArgs, Open};
use super::writing::{WritingArgs, without_settings_of_its_own};
use super::{Global, usage};
use crate::models::generate::GenerateError;
use crate::pipeline::chat::{ChatMessage, Turn};
use crate::pipeline::{PipelineError, TextGeneration, WrittenText};

/// Continue a text.
#[derive(clap::Args)]
#[command(
    allow_negative_numbers = true,
    after_help = "A decoder continues the prompt, an encoder-decoder writes what follows on it. One text is \
                  printed as its tokens come; several are printed when they are ready, with --json one \
                  object a line. How texts are written is taken from the model's generation_config.json; \
                  without one, they are sampled with a temperature of 0.8. When the context is full, its \
                  older half is forgotten and the text goes on.\n\nExamples:\n  \
                  zoo generate runs/gpt2-nano-stories\n  \
                  zoo generate runs/shakespeare --prompt 'ROMEO:' --max-new-tokens 400 --temperature 0.8 --top-k 40\n  \
                  zoo generate runs/shakespeare -p 'To be' --beams 4 --texts 3 --no-repeat-ngram 3\n  \
                  zoo generate large -p 'Once' --greedy --draft small\n  \
                  zoo generate qwen2 --chat --system 'Be brief.' -p 'Why is the sky blue?'\n  \
                  echo 'To be' | zoo generate runs/shakespeare --prompt - --greedy --json\n  \
                  zoo generate runs/shakespeare --lines --json < prompts.txt"
)]
pub(crate) struct GenerateArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// A text to continue, can be given more than once; `-` reads one from standard input; a new text
    /// where nothing is given
    #[arg(long, short, value_name = "TEXT")]
    prompt: Vec<String>,
    /// Continue every line of standard input
    #[arg(long, conflicts_with = "prompt")]
    lines: bool,
    /// The prompt is what a user says, and the text is the assistant's answer
    #[arg(long)]
    chat: bool,
    /// With --chat: what the assistant is told beforehand
    #[arg(long, value_name = "TEXT", requires = "chat")]
    system: Option<String>,
    /// Draft tokens with this smaller model of the same tokenizer; the text stays the model's own
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["beams", "texts"])]
    draft: Option<PathBuf>,
    /// With --draft: tokens to draft at a time
    #[arg(long, value_name = "N", default_value_t = 5, requires = "draft")]
    ahead: usize,
    #[command(flatten)]
    writing: WritingArgs,
}

/// What is continued.
struct Prompt {
    /// What was asked.
    said: String,
    /// What the text begins with where it is printed.
    text: String,
    tokens: Vec<u32>,
}

pub(super) fn run(global: &Global, args: &GenerateArgs) -> Result<()> {
    let open: Open<'_, TextGeneration> = &|folder, device, precision| {
        let opened = TextGeneration::open(folder, device).map_err(classify)?;
        let mut opened = opened.cast(precision).with_seed(global.seed);
        without_settings_of_its_own(folder, opened.settings_mut());
        args.writing.apply(opened.settings_mut());
        opened.settings().validate().map_err(|error| classify(error.into()))?;
        Ok(opened)
    };
    let generation = args.model.open(global, open)?;
    let draft = args.draft.as_ref().map(|draft| args.model.beside(draft).open(global, open));
    let draft = draft.transpose()?;
    let prompts = args.prompts(&generation)?;
    match (&draft, prompts.as_slice()) {
        (Some(draft), prompts) => prompts
            .iter()
            .try_for_each(|prompt| print_drafted(global, prompt, (&generation, draft), args.ahead)),
        (None, [prompt])
            if args.writing.n_texts() == 1 && generation.settings().beams.is_none() =>
        {
            print_stream(global, prompt, &generation)
        }
        (None, prompts) => print_all(global, prompts, &generation),
    }
}

/// Continues a prompt, or begins a text, and prints it as it comes.
pub(super) fn write_text(
    global: &Global,
    generation: &TextGeneration,
    prompt: Option<&str>,
) -> Result<()> {
    print_stream(global, &Prompt::new(generation, prompt)?, generation)
}

impl GenerateArgs {
    fn prompts(&self, generation: &TextGeneration) -> Result<Vec<Prompt>> {
        let new = |text: &str| match self.chat {
            true => self.chat(generation, text),
            false => Prompt::new(generation, Some(text)),
        };
        if self.lines {
            let lines = io::read_to_string(io::stdin())?;
            let prompts: Result<Vec<Prompt>> = lines.lines().map(new).collect();
            return match prompts? {
                prompts if prompts.is_empty() => Err(usage("standard input has no line")),
                prompts => Ok(prompts),
            };
        }
        if self.prompt.is_empty() && self.chat {
            return Err(usage("--chat needs a --prompt: what the user says"));
        }
        if self.prompt.is_empty() {
            return Ok(vec![Prompt::new(generation, None)?]);
        }
        let prompt = |text: &String| match text.as_str() {
            "-" => {
                let mut text = String::new();
                io::stdin().read_to_string(&mut text)?;
                new(&text)
            }
            text => new(text),
        };
        self.prompt.iter().map(prompt).collect()
    }

    /// What a user says; the answer is printed without it.
    fn chat(&self, generation: &TextGeneration, text: &str) -> Result<Prompt> {
        let system = self.system.iter().map(|system| ChatMessage::new("system", system));
        let messages: Vec<ChatMessage> = system.chain([ChatMessage::new("user", text)]).collect();
        let tokens = generation.encode_chat(&messages, Turn::Assistant).map_err(classify)?;
        Ok(Prompt { said: text.into(), text: String::new(), tokens })
    }
}

impl Prompt {
    /// Without a text, a new one begins: after the end of another, or on a new line.
    fn new(generation: &TextGeneration, text: Option<&str>) -> Result<Self> {
        match text {
            Some("") => Err(usage("the prompt is empty; leave --prompt out to begin a new text")),
            Some(text) => {
                let tokens = generation.encode(text).map_err(classify)?;
                Ok(Self { said: text.into(), text: text.into(), tokens })
            }
            None => {
                let tokens = generation.encode("").or_else(|_| generation.encode("\n"));
                Ok(Self {
                    said: String::new(),
                    text: String::new(),
                    tokens: tokens.map_err(classify)?,
                })
            }
        }
    }
}

fn print_stream(global: &Global, prompt: &Prompt, generation: &TextGeneration) -> Result<()> {
    let began = Instant::now();
    let mut stream = generation.stream_tokens(prompt.tokens.clone()).map_err(classify)?;
    if global.json {
        let text = stream.by_ref().collect::<Result<String, _>>().map_err(classify)?;
        return print_json(global, (prompt, None), &began, &stream.written(text));
    }
    let mut out = io::stdout().lock();
    let mut is_begun = false;
    for piece in stream {
        let piece = piece.map_err(classify)?;
        // Not before the first piece: a prompt that is refused is not printed.
        if !std::mem::replace(&mut is_begun, true) {
            out.write_all(prompt.text.as_bytes())?;
        }
        out.write_all(piece.as_bytes())?;
        out.flush()?;
    }
    if !is_begun {
        out.write_all(prompt.text.as_bytes())?;
    }
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

fn print_all(global: &Global, prompts: &[Prompt], generation: &TextGeneration) -> Result<()> {
    let began = Instant::now();
    let bar = match prompts.len() {
        1 => global.spinner("writing".into()),
        count => global.bar(count as u64, "prompts"),
    };
    let tokens = prompts.iter().map(|prompt| prompt.tokens.clone()).collect();
    let written = generation.write_tokens(tokens, &mut |ready| bar.set_position(ready as u64));
    bar.finish_and_clear();
    for (prompt, texts) in prompts.iter().zip(written.map_err(classify)?) {
        for (place, text) in texts.iter().enumerate() {
            if global.json {
                print_json(global, (prompt, Some(place)), &began, text)?;
            } else {
                global.print(&format!("{}{}", prompt.text, text.text))?;
            }
        }
    }
    Ok(())
}

fn print_drafted(
    global: &Global,
    prompt: &Prompt,
    (generation, draft): (&TextGeneration, &TextGeneration),
    ahead: usize,
) -> Result<()> {
    let began = Instant::now();
    let mut out = io::stdout().lock();
    let mut failed = None;
    let mut begin = Some(prompt.text.as_str()).filter(|_| !global.json);
    let mut receive = |piece: &str| {
        if global.json {
            return true;
        }
        let text = [begin.take().unwrap_or_default(), piece].concat();
        failed = out.write_all(text.as_bytes()).and_then(|()| out.flush()).err();
        failed.is_none()
    };
    let written = generation.write_drafted(prompt.tokens.clone(), (draft, ahead), &mut receive);
    let (text, drafted) = written.map_err(classify)?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    let (proposed, accepted) = (drafted.proposed, drafted.accepted);
    global.note(&format!("\n{accepted} of {proposed} drafted tokens are the model's own"));
    drop(out);
    if global.json {
        return print_json(global, (prompt, None), &began, &text);
    }
    global.print("")
}

/// A line of JSON.
fn print_json(
    global: &Global,
    (prompt, place): (&Prompt, Option<usize>),
    began: &Instant,
    text: &WrittenText,
) -> Result<()> {
    let mut line = json!({
        "prompt": prompt.said,
        "text": text.text,
        "tokens": text.tokens,
        "ending": text.ending,
    });
    match place {
        Some(place) => line["place"] = place.into(),
        None => {
            line["tokens_per_second"] = (text.tokens as f64 / began.elapsed().as_secs_f64()).into();
        }
    }
    if let Some(score) = text.score {
        line["score"] = score.into();
    }
    global.print(&line.to_string())
}

/// Which mistakes are the user's.
pub(super) fn classify(error: PipelineError) -> anyhow::Error {
    match error {
        PipelineError::Model(error) => error.into(),
        PipelineError::Generate(GenerateError::NotFinite) | PipelineError::Device(_) => {
            anyhow!(error)
        }
        _ => usage(error),
    }
}
