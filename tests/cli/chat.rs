//! Chats on the command line.

use std::fs;

use super::pipelines::{at, lines, model};
use super::{refuse, succeed};

/// A model whose template enables thinking unless it is disabled.
fn thinking() -> tempfile::TempDir {
    let at = at();
    let golden = model("text-generation/qwen2-chat");
    for file in fs::read_dir(golden).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), at.path().join(file.file_name())).unwrap();
    }
    let template = "{{ messages[0].content }}{{ size or '' }}\
                    {% if enable_thinking is not defined or enable_thinking %}<think>{% endif %}";
    fs::write(at.path().join("chat_template.jinja"), template).unwrap();
    at
}

#[test]
fn variables_reach_the_chat_template() {
    let at = thinking();
    let text = |args: &[&str]| {
        let all = [&["generate", ".", "--greedy", "-n", "6", "--json"], args].concat();
        lines(&succeed(at.path(), &all))[0]["text"].as_str().unwrap().to_string()
    };
    let chat = |kwargs: &str| text(&["--chat", "--chat-template-kwargs", kwargs, "Who?"]);
    assert_eq!(text(&["--chat", "Who?"]), text(&["Who?<think>"]));
    assert_eq!(chat("{\"enable_thinking\": false}"), text(&["Who?"]));
    assert_eq!(chat("{\"enable_thinking\": false, \"size\": 12}"), text(&["Who?12"]));
    assert_ne!(text(&["Who?"]), text(&["Who?<think>"]));
}

#[test]
fn variables_that_are_none_are_refused() {
    let at = thinking();
    for (kwargs, part) in [
        ("enable_thinking", "must be a JSON object"),
        ("[1]", "must be a JSON object"),
        ("{\"messages\": []}", "messages cannot be set as a variable"),
    ] {
        let all = ["generate", ".", "--chat", "--chat-template-kwargs", kwargs, "Who?"];
        refuse(at.path(), &all, (2, &[part]));
    }
    let alone = ["generate", ".", "--chat-template-kwargs", "{}", "Who?"];
    refuse(at.path(), &alone, (2, &["--chat"]));
    let cors = ["serve", ".", "--cors", "localhost:3000"];
    refuse(at.path(), &cors, (2, &["--cors: \"localhost:3000\" is not an origin"]));
}
