//! A small random model behind a real socket, and a client that knows just enough HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use burn::module::Module;
use burn::tensor::Device;
use data::{Finish, Tokenizer};
use lm::{EngineOptions, GenerateOptions, Prompt, Rollout, Sampling};
use moe_model::{Decoder, Preset};
use serde_json::Value;
use serve::{Limits, STREAM, Settings, Worker, router};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Tokens a row holds.
pub(crate) const CONTEXT: usize = 4096;

/// The key of a guarded server.
pub(crate) const KEY: &str = "a secret";

/// A server that stops when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) worker: Worker,
    pub(crate) tokenizer: Arc<Tokenizer>,
    model: Decoder,
    seed: u64,
    stop: Option<oneshot::Sender<()>>,
    /// Goes on until the last connection has ended.
    running: JoinHandle<()>,
    _runtime: tokio::runtime::Runtime,
}

/// A seed that differs from run to run.
fn fresh_seed() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_nanos() as u64 ^ NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Server {
    pub(crate) fn start(rows: usize, queue: usize, key: Option<&str>) -> Self {
        Self::within(rows, queue, key, Limits::default())
    }

    pub(crate) fn within(rows: usize, queue: usize, key: Option<&str>, limits: Limits) -> Self {
        let texts = (0..200).map(|i| format!("one, two and {i}: 七八. Why? {}", i * 7));
        let tokenizer = Arc::new(Tokenizer::train(texts, 300).unwrap());
        let mut config = Preset::Smoke.config();
        config.vocabulary = tokenizer.vocab_size();
        config.max_positions = CONTEXT;
        config.init_std = 0.2;
        let seed = fresh_seed();
        let model = Decoder::init(&config, seed, &Device::flex())
            .unwrap()
            .valid();
        let options = EngineOptions::new(rows, CONTEXT);
        let worker = Worker::start(model.clone(), options, queue).unwrap();
        let settings = Settings {
            name: "smoke".into(),
            key: key.map(str::to_owned),
            max_body: 100_000,
            patience: limits.patience,
            sampling: Sampling::PLAIN,
        };
        let routes = router(worker.clone(), Arc::clone(&tokenizer), settings);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = runtime.spawn(async move {
            let stop = async {
                let _ = stopped.await;
            };
            serve::run(listener, routes, limits, stop).await;
        });
        Self {
            address,
            worker,
            tokenizer,
            model,
            seed,
            stop: Some(stop),
            running,
            _runtime: runtime,
        }
    }

    /// Takes no more connections and finishes what is under way.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Whether the last connection ends in time, once it has been told to stop.
    pub(crate) fn ends_within(&self, time: Duration) -> bool {
        let began = Instant::now();
        while !self.running.is_finished() && began.elapsed() < time {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.running.is_finished()
    }

    /// What the model says without a server.
    pub(crate) fn offline(
        &self,
        prompt: Vec<u32>,
        samples: u32,
        seed: u64,
        max_new_tokens: usize,
    ) -> Vec<Rollout> {
        self.say(prompt, samples, seed, max_new_tokens, Sampling::PLAIN)
    }

    fn say(
        &self,
        prompt: Vec<u32>,
        samples: u32,
        seed: u64,
        max_new_tokens: usize,
        sampling: Sampling,
    ) -> Vec<Rollout> {
        let options = GenerateOptions {
            samples,
            sampling,
            max_new_tokens,
            end_token: self.tokenizer.end,
            seed,
            max_rows: 4,
            memory: None,
        };
        let prompt = Prompt {
            id: STREAM.into(),
            tokens: prompt,
        };
        lm::generate(&self.model, &[prompt], &options, &mut |_| ()).unwrap()
    }

    /// A server, and a prompt after which its likeliest tokens go on for as long as `tokens`. A few
    /// random models end whatever they are asked, so that others are tried.
    pub(crate) fn endless(
        rows: usize,
        queue: usize,
        tokens: usize,
        limits: Limits,
    ) -> (Self, String) {
        let mut servers = (0..20).map(|_| Self::within(rows, queue, None, limits));
        let found = servers.find_map(|server| {
            let prompt = server.prompt_without_end(tokens)?;
            Some((server, prompt))
        });
        found.expect("a prompt without an end")
    }

    fn prompt_without_end(&self, tokens: usize) -> Option<String> {
        let goes_on = |prompt: &String| {
            let prompt = self.tokenizer.encode_raw(prompt);
            let said = self.say(prompt, 1, 0, tokens, Sampling::GREEDY);
            said[0].finish == Finish::Length
        };
        let mut prompts = (0..30).map(|i| format!("one {i}"));
        prompts.find(goes_on)
    }

    /// Sends a request and does not wait for its end.
    pub(crate) fn send(&self, method: &str, path: &str, key: &str, body: &str) -> Reply {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(120)))
            .unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\
             Authorization: Bearer {key}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            match line.trim() {
                "" => break,
                line => headers.push(line.to_lowercase()),
            }
        }
        Reply {
            status,
            headers,
            reader,
        }
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send("POST", path, "", &body.to_string()).json()
    }

    pub(crate) fn chat(&self, body: &Value) -> (u16, Value) {
        self.post("/v1/chat/completions", body)
    }

    /// The chunks of a stream that ends as it should.
    pub(crate) fn stream(&self, path: &str, body: &Value) -> Vec<Value> {
        let mut reply = self.send("POST", path, "", &body.to_string());
        assert_eq!(reply.status, 200);
        let mut chunks = Vec::new();
        while let Some(data) = reply.event() {
            if data == "[DONE]" {
                return chunks;
            }
            chunks.push(serde_json::from_str(&data).unwrap());
        }
        panic!("the stream broke off after {} chunks", chunks.len());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = writeln!(std::io::stderr(), "the model's seed was {}", self.seed);
        }
    }
}

/// A reply whose body has not been read.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<String>,
    reader: BufReader<TcpStream>,
}

impl Reply {
    pub(crate) fn text(mut self) -> String {
        let mut text = String::new();
        self.reader.read_to_string(&mut text).unwrap();
        text
    }

    pub(crate) fn json(self) -> (u16, Value) {
        let status = self.status;
        let text = self.text();
        let json = serde_json::from_str(&text);
        (status, json.unwrap_or_else(|e| panic!("{e}: {text}")))
    }

    /// What is left of it, until it ends or breaks off.
    pub(crate) fn rest(mut self) -> String {
        let mut rest = Vec::new();
        drop(self.reader.read_to_end(&mut rest));
        String::from_utf8_lossy(&rest).into_owned()
    }

    /// The next event of a stream; between events are the sizes of chunks.
    pub(crate) fn event(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            if let Some(data) = line.strip_prefix("data: ") {
                return Some(data.trim_end().to_owned());
            }
        }
    }
}
