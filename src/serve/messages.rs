//! The messages of a chat request.

use minijinja::value::Serde;
use serde_json::Value;

use super::error::ApiError;
use super::fields::{Fields, wrong};
use super::rest::Rest;
use crate::pipeline::chat::ChatMessage;

/// A message for a chat template.
pub(super) type Message = ChatMessage;

/// Field names of reasoning in different servers.
const REASONING: [&str; 3] = ["reasoning_content", "reasoning", "thinking"];

const ROLES: [&str; 5] = ["system", "developer", "user", "assistant", "tool"];

/// Parses a list of messages.
pub(super) fn read(value: Value) -> Result<Vec<Message>, ApiError> {
    let Value::Array(list) = value else {
        return Err(wrong("messages", "a list of messages", &value));
    };
    if list.is_empty() {
        return Err(ApiError::field("messages", "messages is an empty list"));
    }
    let one = |(index, value)| message(value, &format!("messages[{index}]"));
    list.into_iter().enumerate().map(one).collect()
}

fn message(value: Value, path: &str) -> Result<Message, ApiError> {
    let mut fields = Fields::within(value, path)?;
    let role = match fields.require("role")? {
        Value::String(role) => role,
        other => return Err(wrong(&fields.name("role"), "a string", &other)),
    };
    if !ROLES.contains(&role.as_str()) {
        let path = fields.name("role");
        let message = format!("{path} is {role:?}; roles are {}", ROLES.join(", "));
        return Err(ApiError::field(path, message));
    }
    let is_assistant = role == "assistant";
    // Clients send responses back: a refusal instead of content, or reasoning beside it.
    let has_content = is_assistant && fields.has("content");
    let content = match fields.take("content") {
        Some(content) => Some(text(content, &fields.name("content"))?),
        None => None,
    };
    let path = |name: &str| format!("{path}.{name}");
    let of_assistant = |name: &str| {
        let message = format!("{} is only allowed in messages of the assistant", path(name));
        ApiError::field(path(name), message)
    };
    let refusal = fields.text("refusal")?.filter(|refusal| !refusal.is_empty());
    let mut reasoning_content = None;
    for name in REASONING {
        let reasoning = fields.text(name)?.filter(|reasoning| !reasoning.is_empty());
        if reasoning.is_some() && !is_assistant {
            return Err(of_assistant(name));
        }
        reasoning_content = reasoning_content.or(reasoning);
    }
    let tool_calls = match fields.take("tool_calls") {
        Some(Value::Array(calls)) if calls.is_empty() => Vec::new(),
        Some(calls) if is_assistant => self::tool_calls(calls, &path("tool_calls"))?,
        Some(_) => return Err(of_assistant("tool_calls")),
        None => Vec::new(),
    };
    if refusal.is_some() && !is_assistant {
        return Err(of_assistant("refusal"));
    }
    let content = content.filter(|content| !content.is_empty() || refusal.is_none()).or(refusal);
    let has_output = content.is_some() || !tool_calls.is_empty();
    if !has_output && !has_content && reasoning_content.is_none() {
        return Err(ApiError::field(path("content"), format!("{} is missing", path("content"))));
    }
    let message = Message {
        // OpenAI's newer name for the same role, which templates do not recognize.
        role: if role == "developer" { "system".into() } else { role },
        // Templates expect a string even if there is no content.
        content: if has_output { content } else { Some(String::new()) },
        name: fields.text("name")?,
        tool_call_id: fields.text("tool_call_id")?,
        reasoning_content,
        tool_calls,
    };
    fields.finish(&Rest::OF_MESSAGES)?;
    Ok(message)
}

/// The content of a message: a string, or text parts, which are joined with newlines.
fn text(content: Value, path: &str) -> Result<String, ApiError> {
    let parts = match content {
        Value::String(text) => return Ok(text),
        Value::Array(parts) => parts,
        other => return Err(wrong(path, "a string or a list of parts", &other)),
    };
    let mut texts = Vec::with_capacity(parts.len());
    for (index, part) in parts.into_iter().enumerate() {
        let mut part = Fields::within(part, &format!("{path}[{index}]"))?;
        let kind = part.text("type")?.unwrap_or_default();
        // An assistant's refusal is a part of type `refusal`.
        if !["text", "refusal"].contains(&kind.as_str()) {
            let path = part.name("type");
            let message =
                format!("{path} is {kind:?}, but only parts of type \"text\" are supported");
            return Err(ApiError::unsupported(path, message));
        }
        match part.require(&kind)? {
            Value::String(text) => texts.push(text),
            other => return Err(wrong(&part.name(&kind), "a string", &other)),
        }
    }
    Ok(texts.join("\n"))
}

/// The assistant's tool calls. Templates expect their arguments as an object, not as a string of
/// JSON.
fn tool_calls(value: Value, path: &str) -> Result<Vec<minijinja::Value>, ApiError> {
    let Value::Array(list) = value else { return Err(wrong(path, "a list of calls", &value)) };
    let mut calls = Vec::with_capacity(list.len());
    for (index, call) in list.into_iter().enumerate() {
        let mut call = Fields::within(call, &format!("{path}[{index}]"))?;
        let id = call.text("id")?;
        let function = call.require("function")?;
        let mut function = Fields::within(function, &call.name("function"))?;
        let name = match function.require("name")? {
            Value::String(name) => name,
            other => return Err(wrong(&function.name("name"), "a string", &other)),
        };
        let arguments = match function.take("arguments") {
            None => minijinja::Value::from_pairs([("", ""); 0]),
            // The output of models for a call without parameters.
            Some(Value::String(text)) if text.trim().is_empty() => {
                minijinja::Value::from_pairs([("", ""); 0])
            }
            // Preserves the order of fields, which templates print.
            Some(Value::String(text)) => serde_json::from_str(&text).map_err(|error| {
                let path = function.name("arguments");
                ApiError::field(path.as_str(), format!("{path} is not valid JSON: {error}"))
            })?,
            Some(other) => minijinja::Value::from(Serde(other)),
        };
        let function = minijinja::context! { name, arguments };
        calls.push(minijinja::context! { id, type => "function", function });
    }
    Ok(calls)
}
