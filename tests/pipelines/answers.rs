//! Question answering.

use std::path::Path;

use burn::tensor::Device;
use burn_zoo::pipeline::{Answer, Answering, PipelineError, Question, QuestionAnswering};
use serde_json::{Value, json};

use super::{Parameters, check, folder, texts};

#[test]
fn answers_are_those_of_the_reference() {
    check(("question-answering", 178), answer);
}

fn answer(
    path: &Path,
    inputs: &Value,
    parameters: &mut Parameters,
) -> Result<Value, PipelineError> {
    let reader = QuestionAnswering::open(path, &Device::flex())?;
    // Neither parameter changes an answer.
    parameters.take("padding");
    parameters.take("max_question_len");
    let usual = Answering::default();
    let how = Answering {
        top_k: parameters.number("top_k").unwrap_or(usual.top_k),
        max_answer_length: parameters.number("max_answer_len").unwrap_or(usual.max_answer_length),
        max_length: parameters.number("max_seq_len").unwrap_or(usual.max_length),
        overlap: parameters.number("doc_stride"),
        no_answer: parameters.is("handle_impossible_answer"),
        whole_words: parameters.take("align_to_words").is_none_or(|yes| yes.as_bool().unwrap()),
    };
    let (questions, is_one) = texts(&inputs["question"]);
    let (contexts, _) = texts(&inputs["context"]);
    if contexts.len() > 1 && contexts.len() != questions.len() {
        return Ok(Value::Null); // One context per question.
    }
    let questions: Vec<Question> = questions
        .into_iter()
        .zip(contexts.iter().cycle())
        .map(|(question, context)| Question::new(question, context))
        .collect();
    // A single answer is not in a list, and neither is a single question. If there is no answer,
    // transformers invents one with a score of zero.
    let of_question = |answers: Vec<Answer>| match answers.as_slice() {
        [] => json!({ "score": 0.0, "start": 0, "end": 0, "answer": "" }),
        [one] => json!(one),
        several => json!(several),
    };
    let mut answers: Vec<Value> =
        reader.answer(&questions, &how)?.into_iter().map(of_question).collect();
    Ok(if is_one || answers.len() == 1 { answers.remove(0) } else { answers.into() })
}

#[test]
fn a_long_context_is_read_to_its_end() {
    let path = folder("question-answering", "bert");
    let reader = QuestionAnswering::open(&path, &Device::flex()).unwrap();
    let context = "Anna lives in Berlin. ".repeat(200);
    let how = Answering { top_k: 500, max_answer_length: 3, ..Answering::default() };
    let answers = reader.answer_one("Who?", &context, &how).unwrap();
    let characters: Vec<char> = context.chars().collect();
    assert!(answers.len() > 5);
    for answer in answers {
        let part: String = characters[answer.start..answer.end].iter().collect();
        assert_eq!(part, answer.answer);
    }
    let error = reader.answer_one("", "Anna", &how).unwrap_err().to_string();
    assert_eq!(error, "text 1: the question is empty");
    let long = "Who lives in Berlin? ".repeat(30);
    let error = reader.answer_one(&long, "Anna", &how).unwrap_err().to_string();
    assert!(error.contains("leaves no room"), "{error}");
}
