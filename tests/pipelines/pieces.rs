//! Prompt, pieces and completion are one decoded text, and stop strings match all of it.

use burn::tensor::Device;
use burn_zoo::models::generate::{Flow, Limit, generate};
use burn_zoo::pipeline::chat::{ChatMessage, Turn};
use burn_zoo::pipeline::{TextEnding, TextGeneration, WrittenText};

use super::folder;

const PROMPTS: [&str; 4] = ["Anna lives in", "the", "北京是", "a  b "];

/// A recorded model that generates greedily, or with a seed.
fn opened(name: &str, temperature: f64) -> TextGeneration {
    let path = folder("text-generation", name);
    let mut generation = TextGeneration::open(&path, &Device::flex()).unwrap().with_seed(3);
    let settings = generation.settings_mut();
    settings.longest = Limit::New(24);
    settings.beams = None;
    settings.options.sampling.temperature = temperature;
    generation
}

/// The tokens generated after a prompt.
fn added(generation: &TextGeneration, prompt: &[u32]) -> Vec<u32> {
    let mut options = generation.settings().options_for(prompt.len());
    options.sampling.seed = 3;
    let model = generation.generative_model().unwrap();
    generate(model, &[prompt.to_vec()], &options, &mut |_| Flow::Continue).unwrap().remove(0)
}

fn written(generation: &TextGeneration, prompt: &str) -> WrittenText {
    generation.write(&[prompt], &mut |_| {}).unwrap().remove(0).texts.remove(0)
}

#[test]
fn prompt_and_completion_are_the_decoded_whole() {
    let (mut compared, mut wholes) = (0, 0);
    for name in ["gpt2", "llama-chat", "qwen2-chat"] {
        // At a high temperature the text is bytes and words in any order.
        for temperature in [0.0, 3.0] {
            let generation = opened(name, temperature);
            let tokenizer = generation.tokenizer();
            for prompt in PROMPTS {
                let ids = generation.encode(prompt).unwrap();
                let added = added(&generation, &ids);
                let before = tokenizer.decode(&ids).unwrap();
                let whole = tokenizer.decode(&[ids.clone(), added].concat()).unwrap();
                let text = written(&generation, prompt).text;
                // Bytes after a prompt of bytes can break its last characters.
                let both = before.chars().zip(whole.chars()).take_while(|(a, b)| a == b);
                let expected: String = whole.chars().skip(both.count()).collect();
                assert_eq!(text, expected, "{name} {prompt:?}");
                wholes += usize::from(before + &text == whole);
                let pieces: Result<String, _> = generation.stream(prompt).unwrap().collect();
                assert_eq!(pieces.unwrap(), text, "{name} {prompt:?}");
                let mut heard = String::new();
                let mut hear = |piece: &str| {
                    heard += piece;
                    true
                };
                let drafted =
                    generation.write_speculative(ids, &generation, 3, &mut hear).unwrap().written;
                assert_eq!(heard, drafted.text, "{name} {prompt:?}");
                if temperature == 0.0 {
                    assert_eq!(drafted.text, text, "{name} {prompt:?}");
                }
                compared += 1;
            }
        }
    }
    assert!(compared == 24 && wholes > 20, "{wholes} of {compared}");
}

#[test]
fn an_answer_is_a_text_of_its_own_and_a_message_that_goes_on_is_not() {
    let generation = opened("llama-chat", 0.0);
    let tokenizer = generation.tokenizer();
    let chat = [ChatMessage::new("user", "Hi"), ChatMessage::new("assistant", "the")];
    let mut compared = 0;
    for (messages, turn) in [(&chat[..1], Turn::Assistant), (&chat, Turn::LastSpeaker)] {
        let prompt = generation.encode_chat(messages, turn).unwrap();
        let added = added(&generation, &prompt.ids);
        let text =
            generation.reply(&[messages.to_vec()], &mut |_| {}).unwrap().concat().remove(0).text;
        let alone = tokenizer.decode(&added).unwrap();
        let before = tokenizer.decode(&prompt.ids).unwrap();
        let whole = tokenizer.decode(&[prompt.ids, added.clone()].concat()).unwrap();
        let expected = if turn == Turn::Assistant { &alone } else { &whole[before.len()..] };
        assert_eq!(text, expected, "{messages:?}");
        compared += usize::from(before + &alone != whole);
    }
    assert!(compared > 0, "no answer begins with a space");
}

#[test]
fn a_stop_string_may_be_or_contain_a_special_token() {
    for name in ["gpt2", "llama-chat", "qwen2-chat"] {
        let mut generation = opened(name, 0.0);
        let stream = generation.tokenizer().stream();
        let (id, content) = (0..generation.tokenizer().vocab_size() as u32)
            .find_map(|id| Some((id, stream.special(id)?)))
            .unwrap();
        // No end token: the special token is last without ending the text.
        let settings = generation.settings_mut();
        settings.options.eos = vec![u32::MAX];
        settings.longest = Limit::New(6);
        settings.options.constraints.forced_eos = vec![id];
        let text = written(&generation, "Anna lives in");
        assert_eq!((text.ending, text.tokens), (TextEnding::Length, 6), "{name}");
        let last: String = text.text.chars().last().into_iter().collect();
        for stop in [content.clone(), format!("{last}{content}"), content[1..].to_owned()] {
            let mut stopped = opened(name, 0.0);
            *stopped.settings_mut() = generation.settings().clone();
            stopped.settings_mut().stop_strings = vec![stop.clone()];
            let found = written(&stopped, "Anna lives in");
            assert_eq!(
                (found.ending, &found.text),
                (TextEnding::Stop, &text.text),
                "{name} {stop:?}"
            );
            let mut pieces = stopped.stream("Anna lives in").unwrap();
            let joined: Result<String, _> = pieces.by_ref().collect();
            assert_eq!(
                (pieces.ending(), joined.unwrap()),
                (Some(TextEnding::Stop), text.text.clone())
            );
        }
        generation.settings_mut().stop_strings = vec![format!("{content}{content}")];
        assert_eq!(written(&generation, "Anna lives in").ending, TextEnding::Length, "{name}");
    }
}
