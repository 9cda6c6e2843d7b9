//! The commands that generate text.

use serde_json::Value;

use super::pipelines::{at, fed, lines, model};
use super::{refuse, succeed};

#[test]
fn a_prompt_gets_as_many_texts_as_asked() {
    let (guard, gpt2) = (at(), model("text-generation/gpt2"));
    let at = guard.path();
    let generate = ["generate", &gpt2, "-p", "Anna lives in", "-n", "8"];
    // With and without streaming: the same text.
    let stream = succeed(at, &[&generate[..], &["--greedy"]].concat());
    assert!(stream.stdout.starts_with("Anna lives in"), "{}", stream.stdout);
    let json = lines(&succeed(at, &[&generate[..], &["--greedy", "--json"]].concat()));
    let text = json[0]["text"].as_str().unwrap();
    assert_eq!(stream.stdout, format!("Anna lives in{text}\n"));
    assert_eq!((&json[0]["tokens"], &json[0]["ending"]), (&8.into(), &"length".into()));

    let beams = [&generate[..], &["--beams", "4", "--texts", "3", "--json"]].concat();
    let beams = lines(&succeed(at, &beams));
    let scores: Vec<f64> = beams.iter().map(|line| line["score"].as_f64().unwrap()).collect();
    assert!(scores.len() == 3 && scores.is_sorted_by(|a, b| a >= b), "{scores:?}");

    let sampled = ["--temperature", "1.5", "--texts", "3", "--json", "--seed", "4"];
    let sampled = lines(&succeed(at, &[&generate[..], &sampled].concat()));
    assert_ne!(sampled[0]["text"], sampled[1]["text"]);
    let alone = ["--temperature", "1.5", "--json", "--seed", "4"];
    let alone = lines(&succeed(at, &[&generate[..], &alone].concat()));
    assert_eq!(alone[0]["text"], sampled[0]["text"]);
}

#[test]
fn every_line_is_a_prompt() {
    let (guard, gpt2) = (at(), model("text-generation/gpt2"));
    let args = ["generate", &gpt2, "--stdin-lines", "--greedy", "-n", "6", "--json"];
    let result = fed(guard.path(), &args, "Anna lives in\n北京是\n".as_bytes());
    let told = lines(&result);
    assert_eq!(told.len(), 2, "{}", result.stderr);
    for (line, prompt) in told.iter().zip(["Anna lives in", "北京是"]) {
        let args = ["generate", &gpt2, "-p", prompt, "--greedy", "-n", "6", "--json"];
        let alone = lines(&succeed(guard.path(), &args));
        assert_eq!((&line["prompt"], &line["text"]), (&alone[0]["prompt"], &alone[0]["text"]));
    }
    let nothing = fed(guard.path(), &args, b"");
    assert_eq!(nothing.code, Some(2));
    assert!(nothing.stderr.contains("no line"), "{}", nothing.stderr);
}

#[test]
fn a_prompt_is_an_argument() {
    let (guard, gpt2) = (at(), model("text-generation/gpt2"));
    let at = guard.path();
    let greedy = ["--greedy", "-n", "6", "--json"];
    let told = |args: &[&str]| lines(&succeed(at, &[&["generate", &gpt2], args, &greedy].concat()));
    let text = |told: &[Value]| told[0]["text"].clone();
    assert_eq!(text(&told(&["Anna lives in"])), text(&told(&["-p", "Anna lives in"])));
    let two = told(&["Anna lives in", "北京是"]);
    assert_eq!((two.len(), &two[1]["prompt"]), (2, &"北京是".into()));
    assert_eq!(text(&two[1..]), text(&told(&["北京是"])));
    let read =
        fed(at, &["generate", &gpt2, "-", "--greedy", "-n", "6", "--json"], b"Anna lives in");
    assert_eq!(text(&lines(&read)), text(&told(&["Anna lives in"])));
    for with in [&["-p", "Anna"][..], &["--stdin-lines"]] {
        refuse(
            at,
            &[&["generate", &gpt2, "Anna"], with].concat(),
            (2, &["cannot be used with", with[0]]),
        );
    }
    refuse(at, &["generate", &gpt2, "--chat", "Anna"], (2, &["no chat template"]));
}

#[test]
fn a_bad_line_costs_its_own_answer() {
    let (guard, gpt2) = (at(), model("text-generation/gpt2"));
    let at = guard.path();
    let sampled = ["generate", &gpt2, "--stdin-lines", "--json", "--temperature", "2", "-n", "6"];
    let good = lines(&fed(at, &sampled, b"Anna\nPeter\nAnna\n"));
    assert_ne!(good[0]["text"], good[2]["text"]);
    let input = b"Anna\n\nPeter\n\xff\nAnna\n";
    for more in [&[][..], &["--draft-model", &gpt2]] {
        let result = fed(at, &[&sampled[..], more].concat(), input);
        let told = lines(&result);
        assert_eq!((result.code, told.len()), (Some(1), 5), "{}", result.stderr);
        for (bad, reason) in [(1, "prompt is empty"), (3, "not UTF-8")] {
            let error = told[bad]["error"].as_str().unwrap();
            assert!(error.contains(reason), "{error}");
            assert!(told[bad].get("prompt").is_some());
            let named = format!("text {}: {error}", bad + 1);
            assert!(result.stderr.contains(&named), "{}", result.stderr);
        }
        assert!(result.stderr.contains("2 of 5 texts failed"), "{}", result.stderr);
        if more.is_empty() {
            // The samples are those of the valid lines.
            for (line, expected) in [0, 2, 4].into_iter().zip(&good) {
                assert_eq!(told[line]["text"], expected["text"], "{line}");
            }
        }
    }
    let plain = ["generate", &gpt2, "Anna", "", "--greedy", "-n", "3"];
    let result = fed(at, &plain, b"");
    assert_eq!((result.code, result.stdout.lines().count()), (Some(1), 1), "{}", result.stderr);
    assert!(result.stderr.contains("text 2: the prompt is empty"), "{}", result.stderr);
}

#[test]
fn a_text_stops_with_a_string_and_a_draft_changes_nothing() {
    let (guard, gpt2) = (at(), model("text-generation/gpt2"));
    let at = guard.path();
    let greedy = ["generate", &gpt2, "-p", "Anna lives in", "--greedy", "-n", "30", "--json"];
    let all = lines(&succeed(at, &greedy));
    let text = all[0]["text"].as_str().unwrap().to_owned();
    let stop: String = text.chars().skip(3).take(2).collect();
    let stopped = lines(&succeed(at, &[&greedy[..], &["--stop", &stop]].concat()));
    let cut = stopped[0]["text"].as_str().unwrap();
    assert!(text.starts_with(cut) && cut.contains(&stop), "{cut:?} and {stop:?}");
    assert_eq!(stopped[0]["ending"], "stop");

    let drafted =
        succeed(at, &[&greedy[..], &["--draft-model", &gpt2, "--num-draft-tokens", "3"]].concat());
    assert_eq!(lines(&drafted)[0]["text"], text.as_str());
    assert!(drafted.stderr.contains("drafted tokens accepted"), "{}", drafted.stderr);
}

#[test]
fn texts_become_summaries_and_translations() {
    let guard = at();
    let at = guard.path();
    let texts = ["Anna lives in Berlin.", "Peter moved to Paris."];
    let (t5, mbart) = (model("summarization/t5"), model("translation/mbart"));
    let summarize = ["summarize", &t5, "-n", "6"];
    let translate = ["translate", &mbart, "--from", "en_XX", "--to", "de_DE", "-n", "6"];
    for (args, field) in [(&summarize[..], "summary"), (&translate[..], "translation")] {
        let told = lines(&succeed(at, &[args, &["--json"], &texts].concat()));
        let read = fed(at, &[args, &["--json", "-"]].concat(), texts.join("\n").as_bytes());
        assert_eq!(lines(&read), told);
        let text = |line: &Value| line[field].as_str().unwrap().to_owned();
        assert_eq!(
            told.iter().map(|line| line["text"].as_str().unwrap()).collect::<Vec<_>>(),
            texts
        );
        let plain = succeed(at, &[args, &texts].concat());
        let all: Vec<String> = told.iter().map(text).collect();
        assert_eq!(plain.stdout, format!("{}\n", all.join("\n")));
    }
    let several = ["--beams", "3", "--texts", "2", "--json", texts[0]];
    assert_eq!(lines(&succeed(at, &[&summarize[..], &several].concat())).len(), 2);
}

#[test]
fn what_cannot_be_written_is_explained() {
    let guard = at();
    let at = guard.path();
    let (gpt2, mbart, bert) =
        (model("text-generation/gpt2"), model("translation/mbart"), model("fill-mask/bert"));
    let generate = |args: &[&str], expected: &[&str]| {
        refuse(at, &[&["generate", &gpt2, "-p", "Anna"], args].concat(), (2, expected));
    };
    generate(&["--min-p", "2"], &["min_p is 2", "between 0 and 1"]);
    generate(&["--typical-p", "0"], &["typical_p is 0"]);
    generate(&["--repetition-penalty", "0"], &["repetition_penalty is 0", "above 0"]);
    generate(&["--beams", "0"], &["num_beams is 0"]);
    generate(&["--beams", "4", "--beam-groups", "3"], &["num_beam_groups is 3", "divide"]);
    generate(&["--beams", "2", "--texts", "3"], &["num_return_sequences is 3"]);
    generate(&["--greedy", "--texts", "3"], &["num_return_sequences is 3"]);
    generate(&["--beams", "2", "--temperature", "1"], &["--beams", "--temperature"]);
    generate(&["-n", "4", "--min-new-tokens", "5"], &["min_new_tokens is 5", "max_new_tokens, 4"]);
    generate(&["--draft-model", &mbart], &["tokens", "share a tokenizer"]);
    generate(&["--num-draft-tokens", "3"], &["--draft-model"]);
    refuse(at, &["summarize", &bert, "x"], (2, &["generates text", "BertForMaskedLM"]));
    let translate = ["translate", &mbart, "x", "--from", "en_XX", "--to", "klingon"];
    refuse(at, &translate, (2, &["\"klingon\"", "de_DE"]));
    refuse(at, &translate[..5], (2, &["--to"]));
}
