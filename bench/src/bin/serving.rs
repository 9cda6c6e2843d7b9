//! Measures the throughput of a running `zoo serve` for several numbers of clients.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;

/// Request streamed completions from a running `zoo serve`, and measure tokens per second.
#[derive(Parser)]
#[command(after_help = "Example:\n  zoo serve runs/gpt2-nano-stories --batch 64 &\n  \
                  serving 127.0.0.1:8080 gpt2-nano-stories --clients 1,8,64")]
struct Args {
    /// The address of the server
    address: String,
    /// The model's name
    model: String,
    /// Numbers of concurrent clients, measured one after another
    #[arg(long, value_delimiter = ',', default_value = "1,8,64")]
    clients: Vec<usize>,
    /// Seconds per number of clients
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Tokens of each text
    #[arg(long, default_value_t = 100)]
    tokens: usize,
    /// The prompt
    #[arg(long, default_value = "Once upon a time")]
    prompt: String,
}

/// The measurement of one stream.
struct Stream {
    /// The time to the first piece of text.
    first: Duration,
    tokens: usize,
}

fn main() -> Result<()> {
    let args = Args::parse();
    println!("| clients | tokens per second | of each client | to the first token, median |");
    println!("|---|---|---|---|");
    for &clients in &args.clients {
        let began = Instant::now();
        let until = began + Duration::from_secs(args.seconds);
        let streams: Vec<Stream> = std::thread::scope(|scope| {
            let client = |seed| {
                let args = &args;
                scope.spawn(move || run(args, seed, until))
            };
            let threads: Vec<_> = (0..clients).map(client).collect();
            let joined = threads.into_iter().map(|thread| thread.join());
            joined
                .map(|result| result.unwrap_or_else(|_| Ok(Vec::new())))
                .collect::<Result<Vec<_>>>()
        })?
        .into_iter()
        .flatten()
        .collect();
        ensure!(!streams.is_empty(), "no stream was completed");
        let seconds = began.elapsed().as_secs_f64();
        let tokens: usize = streams.iter().map(|stream| stream.tokens).sum();
        let mut firsts: Vec<Duration> = streams.iter().map(|stream| stream.first).collect();
        firsts.sort();
        let median = firsts[firsts.len() / 2].as_secs_f64() * 1e3;
        let rate = tokens as f64 / seconds;
        println!("| {clients} | {rate:.0} | {:.0} | {median:.1} ms |", rate / clients as f64);
    }
    Ok(())
}

/// Requests one stream after another.
fn run(args: &Args, seed: usize, until: Instant) -> Result<Vec<Stream>> {
    let mut streams = Vec::new();
    let mut connection = BufReader::new(TcpStream::connect(&args.address)?);
    connection.get_ref().set_nodelay(true)?;
    while Instant::now() < until {
        streams.push(ask(args, seed + 1000 * streams.len(), &mut connection)?);
    }
    Ok(streams)
}

fn ask(args: &Args, seed: usize, connection: &mut BufReader<TcpStream>) -> Result<Stream> {
    let Args { address, model, tokens, prompt, .. } = args;
    let body = format!(
        "{{\"model\": {model:?}, \"prompt\": {prompt:?}, \"max_tokens\": {tokens}, \"seed\": {seed}, \
         \"temperature\": 1, \"stream\": true, \"stream_options\": {{\"include_usage\": true}}}}"
    );
    let began = Instant::now();
    let head = "Content-Type: application/json";
    let length = body.len();
    let request = format!(
        "POST /v1/completions HTTP/1.1\r\nHost: {address}\r\n{head}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    connection.get_mut().write_all(request.as_bytes())?;
    let mut line = String::new();
    connection.read_line(&mut line)?;
    ensure!(line.starts_with("HTTP/1.1 200"), "the server responded {}", line.trim());
    while line != "\r\n" {
        line.clear();
        ensure!(connection.read_line(&mut line)? > 0, "the server closed the connection");
    }
    let (mut first, mut text) = (None, Vec::new());
    loop {
        // The body uses chunked encoding: each chunk follows its length.
        line.clear();
        connection.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim(), 16).context("a chunk has no length")?;
        let mut chunk = vec![0; length + 2];
        connection.read_exact(&mut chunk)?;
        first.get_or_insert_with(|| began.elapsed());
        text.extend_from_slice(&chunk[..length]);
        if length == 0 {
            break;
        }
    }
    let text = String::from_utf8_lossy(&text);
    let field = "\"completion_tokens\":";
    let (_, after) = text.rsplit_once(field).context("the response has no token count")?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    Ok(Stream { first: first.unwrap_or_default(), tokens: digits.parse()? })
}
