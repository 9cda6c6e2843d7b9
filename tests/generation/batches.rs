//! Sequences generated in a batch equal the same sequences generated alone.

use burn_zoo::models::generate::{
    BatchScheduler, Beams, Constraints, Finish, Flow, GenerateError, GenerativeModel, Options,
    Request, RequestId, Sampling, as_generative, beam_search, generate,
};

use super::load;

/// Decoders, one of them with a sliding window, an encoder-decoder, and recurrent models.
const MODELS: [&str; 7] = [
    "gpt2/base",
    "llama/base",
    "mistral/base",
    "t5/base",
    "lstm/base",
    "gru/base",
    "bahdanau/base",
];

fn request(prompt: &[u32], sampling: Sampling, stream: u64) -> Request {
    let options = Options {
        max_new_tokens: 10 + stream as usize % 7,
        eos: vec![5, 11],
        sampling,
        ..Options::default()
    };
    Request { prompt: prompt.to_vec(), options, stream }
}

const PROMPTS: [&[u32]; 6] =
    [&[3, 9, 4], &[7], &[8, 2, 6, 1, 9, 9, 3], &[2, 2], &[1, 3, 8, 7, 6, 4, 2, 9, 1], &[4, 4, 4]];

fn alone(model: &dyn GenerativeModel, request: &Request) -> Vec<u32> {
    let mut scheduler = BatchScheduler::new(model);
    scheduler.submit(request.clone()).unwrap();
    let mut text = Vec::new();
    while !scheduler.is_empty() {
        text.extend(scheduler.step().unwrap().iter().map(|event| event.token));
    }
    text
}

#[test]
fn a_text_does_not_depend_on_who_comes_and_goes() {
    for name in MODELS {
        let model = load(name);
        let model = as_generative(&model).unwrap();
        for sampling in [
            Sampling::default(),
            Sampling { temperature: 1.0, top_p: 0.9, seed: 3, ..Sampling::default() },
        ] {
            let requests: Vec<Request> = PROMPTS
                .iter()
                .zip(0..)
                .map(|(prompt, stream)| request(prompt, sampling, stream))
                .collect();
            let mut texts = vec![Vec::new(); requests.len()];
            let mut scheduler = BatchScheduler::new(model);
            let mut waiting = requests.iter();
            // A new request joins at every second step, while others end.
            for step in 0.. {
                if step % 2 == 0 {
                    waiting.next().map(|request| scheduler.submit(request.clone()).unwrap());
                }
                if scheduler.is_empty() {
                    break;
                }
                for event in scheduler.step().unwrap() {
                    texts[event.request_id.index()].push(event.token);
                }
            }
            for (request, text) in requests.iter().zip(&texts) {
                assert_eq!(*text, alone(model, request), "{name}: {:?}", request.prompt);
            }
        }
    }
}

#[test]
fn a_cancelled_text_leaves_and_the_others_do_not_notice() {
    let model = load("llama/base");
    let model = as_generative(&model).unwrap();
    let mut scheduler = BatchScheduler::new(model);
    let requests: Vec<Request> =
        PROMPTS.iter().zip(0..).map(|(p, s)| request(p, Sampling::default(), s)).collect();
    let request_ids: Vec<RequestId> =
        requests.iter().map(|request| scheduler.submit(request.clone()).unwrap()).collect();
    scheduler.step().unwrap();
    scheduler.cancel(request_ids[0]);
    scheduler.cancel(request_ids[2]);
    let before = scheduler.len();
    scheduler.cancel(request_ids[2]);
    assert_eq!(scheduler.len(), before);
    let mut text = Vec::new();
    while !scheduler.is_empty() {
        for event in scheduler.step().unwrap() {
            assert!(event.request_id != request_ids[0] && event.request_id != request_ids[2]);
            if event.request_id == request_ids[4] {
                text.push(event.token);
            }
        }
    }
    let whole = alone(model, &requests[4]);
    assert_eq!(text, whole[1..]);
}

#[test]
fn a_text_ends_where_it_is_told_to() {
    let model = load("gpt2/base");
    let model = as_generative(&model).unwrap();
    let options = Options { max_new_tokens: 9, ..Options::default() };
    let prompts: Vec<Vec<u32>> = PROMPTS.iter().map(|prompt| prompt.to_vec()).collect();
    let whole = generate(model, &prompts, &options, &mut |_| Flow::Continue).unwrap();
    let mut seen = 0;
    let cut = generate(model, &prompts, &options, &mut |event| {
        seen += usize::from(event.request_id.index() == 1);
        if event.request_id.index() == 1 && seen == 4 { Flow::EndText } else { Flow::Continue }
    });
    let cut = cut.unwrap();
    assert_eq!(cut[1], whole[1][..4]);
    assert_eq!((&cut[0], &cut[2..]), (&whole[0], &whole[2..]));
    let none = generate(model, &prompts, &options, &mut |_| Flow::EndAll).unwrap();
    assert_eq!(none.iter().flatten().count(), 1);

    // The last token of a sequence determines its finish reason.
    let eos = whole[0][3];
    let first = whole[0].iter().position(|token| *token == eos).unwrap();
    let options = Options { eos: vec![eos], ..options };
    let mut finishes = Vec::new();
    let ended = generate(model, &prompts[..1], &options, &mut |event| {
        finishes.push(event.finish);
        Flow::Continue
    });
    assert_eq!(ended.unwrap()[0], whole[0][..=first]);
    assert_eq!(finishes.last(), Some(&Some(Finish::Eos)));
}

#[test]
fn a_text_grows_beyond_the_context() {
    for name in ["gpt2/base", "llama/base", "t5/base"] {
        let model = load(name);
        let model = as_generative(&model).unwrap();
        let context = model.context().min(200);
        if model.context() > 200 {
            continue;
        }
        let options = Options { max_new_tokens: 2 * context, ..Options::default() };
        let prompts = [vec![3, 9, 4], vec![7]];
        let texts = generate(model, &prompts, &options, &mut |_| Flow::Continue).unwrap();
        assert!(texts.iter().all(|text| text.len() == 2 * context), "{name}");
        let alone = generate(model, &prompts[1..], &options, &mut |_| Flow::Continue).unwrap();
        assert_eq!(alone[0], texts[1], "{name}");
    }
}

#[test]
fn beams_of_several_prompts_do_not_meet() {
    for name in MODELS {
        let model = load(name);
        let model = as_generative(&model).unwrap();
        let requests: Vec<Request> =
            PROMPTS.iter().zip(0..).map(|(p, s)| request(p, Sampling::default(), s)).collect();
        let beams = Beams::new(3);
        let mut watched = vec![Vec::new(); requests.len()];
        let mut watch = |prompt: usize, tokens: &[u32]| {
            watched[prompt].push(tokens.to_vec());
            Flow::Continue
        };
        let all = beam_search(model, &requests, &beams, &mut watch).unwrap();
        for ((request, together), watched) in requests.iter().zip(&all).zip(&watched) {
            assert!(together.iter().all(|text| watched.contains(&text.tokens)), "{name}");
            let alone = std::slice::from_ref(request);
            let alone = beam_search(model, alone, &beams, &mut |_, _| Flow::Continue).unwrap();
            let tokens = |texts: &[burn_zoo::models::generate::Hypothesis]| {
                texts.iter().map(|text| text.tokens.clone()).collect::<Vec<_>>()
            };
            assert_eq!(tokens(&alone[0]), tokens(together), "{name}: {:?}", request.prompt);
            assert!(together.windows(2).all(|pair| pair[0].score >= pair[1].score));
        }
    }
}

#[test]
fn a_wide_beam_finds_the_likeliest_text_of_all() {
    // All sequences of three tokens from a vocabulary in which ten tokens are allowed.
    let model = load("gpt2/base");
    let model = as_generative(&model).unwrap();
    let vocab_size = model.vocab_size() as u32;
    let constraints =
        Constraints { suppressed: (10..vocab_size).collect(), ..Constraints::default() };
    let options = Options { max_new_tokens: 3, constraints, ..Options::default() };
    let request = Request { prompt: vec![3, 9, 4], options, stream: 0 };
    let search = |width| {
        let beams = Beams { length_penalty: 0.0, ..Beams::new(width) };
        beam_search(model, std::slice::from_ref(&request), &beams, &mut |_, _| Flow::Continue)
            .unwrap()
    };
    let all = search(1000).remove(0);
    assert_eq!(all.len(), 1000);
    let four = search(100).remove(0);
    assert_eq!(four[0].tokens, all[0].tokens);
    assert!((four[0].score - all[0].score).abs() < 1e-6);
}

#[test]
fn what_cannot_be_continued_is_refused() {
    let model = load("gpt2/base");
    let model = as_generative(&model).unwrap();
    let mut scheduler = BatchScheduler::new(model);
    let mut submit = |prompt: Vec<u32>, options: Options| {
        scheduler.submit(Request { prompt, options, stream: 0 }).unwrap_err()
    };
    let fine = Options::default();
    assert_eq!(submit(vec![], fine.clone()), GenerateError::Empty { row: 0 });
    let vocab_size = model.vocab_size();
    let token = vocab_size as u32;
    assert_eq!(submit(vec![token], fine.clone()), GenerateError::OutOfRange { token, vocab_size });
    let (length, context) = (model.context() + 1, model.context());
    assert_eq!(submit(vec![1; length], fine.clone()), GenerateError::TooLong { length, context });
    let error = submit(vec![1], Options { min_new_tokens: 21, ..fine });
    assert!(error.to_string().contains("min_new_tokens is 21"), "{error}");
}
