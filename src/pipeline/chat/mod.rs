//! Chat templates: from the messages of a chat to the text that a model continues.

mod builtins;
mod files;
mod python;

use std::fmt;
use std::path::Path;

use minijinja::value::{Serde, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value};
use serde::Serialize;
use thiserror::Error as ThisError;

use super::PipelineError;

/// Steps that a template may take; the longest published ones take some thousand for each message.
const FUEL: u64 = 5_000_000;

/// Parameters of transformers' `apply_chat_template` that are no variables of the template, or that
/// are given in another way.
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

/// A model's own way to write down a chat, which is a template in Jinja's language.
///
/// It is rendered as `transformers` does it: blocks take their line with them, nothing is escaped,
/// values print as Python prints them, and there are `raise_exception`, `strftime_now`, `tojson`,
/// `break`, `continue`, `generation` blocks and Python's methods of strings and dictionaries.
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
    /// What the template knows beside the messages.
    variables: Vec<(String, Value)>,
}

/// A message of a chat. Anything else that serializes to an object with a `role` will do as well.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ChatMessage {
    /// Who says it, such as `user`.
    pub role: String,
    /// What is said.
    pub content: Option<String>,
    /// The name of the one who says it.
    pub name: Option<String>,
    /// Which call this message is the result of.
    pub tool_call_id: Option<String>,
    /// What the assistant thought before it spoke; templates call it `thinking`, too.
    pub reasoning_content: Option<String>,
    /// The functions that the assistant calls.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<Value>,
}

impl ChatMessage {
    /// A message with a role and a content.
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self { role: role.into(), content: Some(content.into()), ..Self::default() }
    }
}

/// Whose turn it is after the last message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The assistant's: the text ends with what its message begins with (`add_generation_prompt`).
    Assistant,
    /// Nobody's: the text ends with the last message.
    Nobody,
    /// That of who spoke last: the text ends in the middle of the last message, which goes on
    /// (`continue_final_message`).
    LastSpeaker,
}

/// Why a chat is not rendered.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
pub enum ChatError {
    /// Nothing was said.
    #[error("the chat has no messages")]
    Empty,
    /// The template says so itself.
    #[error("the model's chat template refuses these messages: {0}")]
    Refused(String),
    /// A variable of the template that is not free to be set.
    #[error(
        "{0} cannot be set as a variable of the chat template: messages and whose turn it is are given \
         by themselves"
    )]
    Reserved(String),
    /// The template fails.
    #[error("the model's chat template fails on these messages: {0}")]
    Failed(String),
}

impl ChatTemplate {
    /// The template of a model's directory: `chat_template.jinja`, else the `chat_template` in
    /// `tokenizer_config.json`, which is a text or a list of named ones. `None` where there is none.
    ///
    /// # Errors
    ///
    /// Files that cannot be read; a template that is no template; several with no default.
    pub fn load(folder: &Path) -> Result<Option<Self>, PipelineError> {
        let Some((path, source)) = files::template(folder)? else { return Ok(None) };
        let template = Self::new(&source).map_err(|error| PipelineError::File {
            path,
            reason: format!("the chat template cannot be read: {error}"),
        })?;
        let special = files::special_tokens(folder)?.into_iter();
        Ok(Some(special.fold(template, |template, (role, token)| template.with(role, token))))
    }

    /// A template, without special tokens.
    ///
    /// # Errors
    ///
    /// It is no template.
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

    /// The same template with another variable, or another value of one: a special token such as
    /// `bos_token`, `tools`, `documents`, or what else it asks for.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let name = name.into();
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.into()));
        self
    }

    /// The same template with more variables, as `chat_template_kwargs` has them in transformers and
    /// vLLM: `{"enable_thinking": false}`.
    ///
    /// # Errors
    ///
    /// [`ChatError::Reserved`]: a variable that says what is rendered, and not how.
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

    /// The text of a chat.
    ///
    /// A field of a message that is `None` is left out, as `transformers` does it.
    ///
    /// # Errors
    ///
    /// No message; the template refuses the messages, as some refuse two questions in a row, or it
    /// fails.
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
        let at = at.ok_or_else(|| ChatError::Failed("the last message is not in it".into()))?;
        let begun = &text[..at];
        // A template that trims the message has trimmed the mark's space, and means the end of the
        // message itself, too.
        let is_whole = text[at..].starts_with(MARK);
        Ok(if is_whole { begun } else { begun.trim_end() }.to_string())
    }

    fn text(&self, messages: Value, turn: Turn) -> Result<String, ChatError> {
        let given = [
            ("messages", messages),
            ("tools", Value::from(())),
            ("documents", Value::from(())),
            ("add_generation_prompt", Value::from(turn == Turn::Assistant)),
        ];
        let given = given.into_iter().map(|(name, value)| (name.to_string(), value));
        // What is said later counts.
        let context = Value::from_pairs(given.chain(self.variables.iter().cloned()));
        let template = self.environment.get_template("chat_template").map_err(said)?;
        template.render(context).map_err(said)
    }
}

/// Stands at the end of a message that goes on.
const MARK: &str = "\u{f8ff}the message goes on here\u{f8ff} ";

/// Marks the end of a message; what the message was.
fn marked(message: &mut Value) -> Result<String, ChatError> {
    let content = message.get_attr("content").ok();
    let content =
        content.as_ref().and_then(Value::as_str).map(str::to_string).ok_or_else(|| {
            ChatError::Failed("the last message has no text that could go on".into())
        })?;
    let keys: Vec<Value> = message.try_iter().map_err(said)?.collect();
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

/// What a message has, without what it has not, and with its reasoning under each of the names that
/// templates know.
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

/// Marks what a template raised itself.
#[derive(Debug)]
struct Raised;

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the template raised it")
    }
}

impl std::error::Error for Raised {}

fn said(error: Error) -> ChatError {
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
