//! The chat template of a model.

use std::fmt;
use std::path::Path;

use minijinja::value::{Serde, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value};
use serde::Serialize;

use super::{ChatError, Turn, builtins, files, python};
use crate::pipeline::PipelineError;

/// The maximum number of template steps; the longest published templates use a few thousand for
/// each message.
const FUEL: u64 = 5_000_000;

/// Parameters of transformers' `apply_chat_template` that are not template variables or are set in
/// another way.
const RESERVED: [&str; 8] = [
    "add_generation_prompt",
    "chat_template",
    "continue_final_message",
    "conversation",
    "messages",
    "return_dict",
    "return_tensors",
    "tokenize",
];

/// The Jinja chat template of a model.
///
/// It is rendered as in `transformers`: block tags remove their line, nothing is escaped, and
/// values print as in Python. It supports `raise_exception`, `strftime_now`, `tojson`, `break`,
/// `continue`, `generation` blocks and Python's string and dictionary methods.
///
/// # Example
///
/// ```
/// use burn_zoo::pipeline::chat::{ChatMessage, ChatTemplate, Turn};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let template = ChatTemplate::new(
///     "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}\
///      {% if add_generation_prompt %}<assistant>{% endif %}",
/// )?;
/// let chat = [ChatMessage::new("user", "What do you see?")];
/// assert_eq!(template.render(&chat, Turn::Assistant)?, "<user>What do you see?\n<assistant>");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    /// The template's variables besides the messages.
    variables: Vec<(String, Value)>,
}

impl ChatTemplate {
    /// Loads the template of a model directory: `chat_template.jinja`, else `chat_template` in
    /// `tokenizer_config.json`, which is a string or a list of named templates. `None` if neither
    /// exists.
    ///
    /// # Errors
    ///
    /// Unreadable files; an invalid template; several templates without a default.
    pub fn load(folder: &Path) -> Result<Option<Self>, PipelineError> {
        let Some(file) = files::template(folder)? else { return Ok(None) };
        let template = Self::new(&file.source).map_err(|error| PipelineError::File {
            path: file.path,
            reason: format!("the chat template is invalid: {error}"),
        })?;
        let special = files::special_tokens(folder)?.into_iter();
        Ok(Some(special.fold(template, |template, (role, token)| template.with(role, token))))
    }

    /// Parses a template, without special tokens.
    ///
    /// # Errors
    ///
    /// The template is invalid.
    pub fn new(source: &str) -> Result<Self, Error> {
        let mut environment = Environment::new();
        let mut syntax = minijinja::syntax::SyntaxConfig::builder();
        syntax.trim_blocks(true).lstrip_blocks(true);
        environment.set_syntax(syntax.build()?);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_fuel(Some(FUEL));
        builtins::add_to(&mut environment);
        environment.add_function("raise_exception", |message: &str| -> Result<Value, Error> {
            let error = Error::new(ErrorKind::InvalidOperation, message.to_string());
            Err(error.with_source(Raised))
        });
        environment.add_template_owned("chat_template", python::without_generation_tags(source))?;
        Ok(Self { environment, variables: Vec::new() })
    }

    /// Sets a variable of the template: a special token such as `bos_token`, `tools`, `documents`,
    /// or any other variable that the template uses.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let name = name.into();
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.into()));
        self
    }

    /// Sets several variables, like `chat_template_kwargs` in transformers and vLLM:
    /// `{"enable_thinking": false}`.
    ///
    /// # Errors
    ///
    /// [`ChatError::Reserved`]: a variable that is reserved for the messages or the turn.
    pub fn with_kwargs(
        self,
        kwargs: impl IntoIterator<Item = (String, serde_json::Value)>,
    ) -> Result<Self, ChatError> {
        kwargs.into_iter().try_fold(self, |template, (name, value)| {
            match RESERVED.contains(&name.as_str()) {
                true => Err(ChatError::Reserved(name)),
                false => Ok(template.with(name, Value::from(Serde(value)))),
            }
        })
    }

    /// Renders a chat.
    ///
    /// Message fields that are `None` are omitted, as in `transformers`.
    ///
    /// # Errors
    ///
    /// No messages; a template that rejects the messages (some reject two user messages in a row)
    /// or fails.
    pub fn render<M: Serialize>(&self, messages: &[M], turn: Turn) -> Result<String, ChatError> {
        let read = |message: &M| fields(Value::from(Serde(message)));
        let mut messages: Vec<Value> = messages.iter().map(read).collect();
        let Some(last) = messages.last_mut() else { return Err(ChatError::Empty) };
        let open = match turn {
            Turn::LastSpeaker => Some(marked(last)?),
            Turn::Assistant | Turn::Nobody => None,
        };
        let text = self.text(Value::from(messages), turn)?;
        let Some(content) = open else { return Ok(text) };
        let at = text.rfind(MARK.trim_end()).filter(|_| text.contains(content.trim()));
        let at = at.ok_or_else(|| ChatError::Failed("the output lacks the last message".into()))?;
        let begun = &text[..at];
        // A template that trims the content also trimmed the mark's trailing space, so the end of
        // the message is trimmed as well.
        let is_whole = text[at..].starts_with(MARK);
        Ok(if is_whole { begun } else { begun.trim_end() }.to_string())
    }

    fn text(&self, messages: Value, turn: Turn) -> Result<String, ChatError> {
        let defaults = [
            ("messages", messages),
            ("tools", Value::from(())),
            ("documents", Value::from(())),
            ("add_generation_prompt", Value::from(turn == Turn::Assistant)),
        ];
        let defaults = defaults.into_iter().map(|(name, value)| (name.to_string(), value));
        // Later values override earlier ones.
        let context = Value::from_pairs(defaults.chain(self.variables.iter().cloned()));
        let template = self.environment.get_template("chat_template").map_err(chat_error)?;
        template.render(context).map_err(chat_error)
    }
}

/// Appended to the content of a message that is continued.
const MARK: &str = "\u{f8ff}the message goes on here\u{f8ff} ";

/// Appends the mark to a message's content; returns the original content.
fn marked(message: &mut Value) -> Result<String, ChatError> {
    let content = message.get_attr("content").ok();
    let content = content
        .as_ref()
        .and_then(Value::as_str)
        .map(str::to_string)
        .ok_or_else(|| ChatError::Failed("the last message has no text to continue".into()))?;
    let keys: Vec<Value> = message.try_iter().map_err(chat_error)?.collect();
    let field = |key: Value| {
        let value = match key.as_str() {
            Some("content") => Value::from(format!("{content}{MARK}")),
            _ => message.get_item(&key).unwrap_or_default(),
        };
        (key, value)
    };
    *message = Value::from_pairs(keys.into_iter().map(field));
    Ok(content)
}

/// The fields of a message that are not `None`, with its reasoning under both names that templates
/// use.
fn fields(message: Value) -> Value {
    if message.kind() != ValueKind::Map {
        return message;
    }
    let Ok(keys) = message.try_iter() else { return message };
    let field = |key: Value| message.get_item(&key).ok().map(|value| (key, value));
    let mut fields: Vec<(Value, Value)> =
        keys.filter_map(field).filter(|(_, value)| !value.is_none()).collect();
    let named = |fields: &[(Value, Value)], name: &str| {
        fields.iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value.clone())
    };
    let names = ["reasoning_content", "thinking", "reasoning"];
    if let Some(reasoning) = names.iter().find_map(|name| named(&fields, name)) {
        for name in &names[..2] {
            if named(&fields, name).is_none() {
                fields.push((Value::from(*name), reasoning.clone()));
            }
        }
    }
    Value::from_pairs(fields)
}

/// Marks an exception that the template raised.
#[derive(Debug)]
struct Raised;

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("raised by the template")
    }
}

impl std::error::Error for Raised {}

fn chat_error(error: Error) -> ChatError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    let mut detail = None;
    while let Some(current) = cause {
        if let Some(error) = current.downcast_ref::<Error>() {
            detail = error.detail().map(String::from).or(detail);
        }
        if current.is::<Raised>() {
            return ChatError::Refused(detail.unwrap_or_default());
        }
        cause = current.source();
    }
    ChatError::Failed(error.to_string())
}
