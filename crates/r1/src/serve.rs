//! A model behind OpenAI's API: `r1 serve`.
//!
//! Left out: TLS and more than one model, which a reverse proxy adds.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::serve::{Limits, Settings, Worker, router};
use anyhow::{Context, Result, ensure};
use lm::EngineOptions;
use moe_model::Decoder;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::generate::speaker::{Speaker, engine_options};
use crate::memory::bytes;
use crate::progress::Console;
use crate::sampling_args::SamplingArgs;
use crate::usage::UsageError;

/// Samples under way at once at most, where nothing is said of it.
const ROWS: usize = 64;

/// Tokens a row holds at most, where nothing is said of it.
const CONTEXT: usize = 4096;

/// Where the key may be as well.
const KEY: &str = "R1_API_KEY";

/// The arguments of `r1 serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// A directory with config.json, model.safetensors and tokenizer.json, such as a stage's of a
    /// run; a GGUF file; or hub:OWNER/NAME[@REVISION].
    model: PathBuf,
    /// The address to listen on; by default this machine alone can reach it.
    #[arg(long, value_name = "ADDRESS", default_value_t = Ipv4Addr::LOCALHOST.into())]
    host: IpAddr,
    /// The port; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 8000)]
    port: u16,
    /// What clients call the model [default: the directory's name].
    #[arg(long)]
    name: Option<String>,
    /// A file with the key that clients must bring [default: the variable R1_API_KEY, else none].
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    #[command(flatten)]
    sampling: SamplingArgs,
    /// Tokens of a prompt and its response [default: the model's positions, 4096 at most].
    #[arg(long, value_name = "N")]
    context: Option<usize>,
    /// Samples under way at once [default: 64, fewer where the memory asks for it].
    #[arg(long, value_name = "N")]
    rows: Option<usize>,
    /// Samples that may wait for a row; more are refused with status 429.
    #[arg(long, value_name = "N", default_value_t = 256)]
    queue: usize,
    /// Bytes the cache of keys and values may take, such as 512M or 2G [default: not limited].
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    memory: Option<u64>,
    /// Bytes of a request at most.
    #[arg(long, value_name = "BYTES", value_parser = bytes, default_value = "1M")]
    max_body: u64,
    /// Connections open at once; more wait.
    #[arg(long, value_name = "N", default_value_t = 4096)]
    connections: usize,
    /// Seconds a client may take to send a request, be silent between two, or read nothing of a reply.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    patience: u64,
}

/// Serves a model until it is told to stop: the first signal lets replies under way finish, the
/// second ends at once.
///
/// # Errors
/// Wrong arguments or a missing model ([`UsageError`]); too little memory; a port that is taken.
pub(crate) fn run(args: &Serve) -> Result<()> {
    let sampling = args.sampling.sampling()?;
    let speaker = Speaker::find(&args.model, &Console::new(false))?;
    let context = context(args, speaker.positions)?;
    let limits = limits(args)?;
    raise_file_limit();
    let settings = Settings {
        name: args.name.clone().unwrap_or_else(|| name(&args.model)),
        key: key(args.key_file.as_deref())?,
        max_body: usize::try_from(args.max_body).unwrap_or(usize::MAX),
        patience: limits.patience,
        sampling,
    };
    let model = speaker.load()?;
    let options = options(args, context, &model)?;
    let worker = Worker::start(model, options, args.queue)?;
    let open = settings.key.is_none() && !args.host.is_loopback();
    let greeting = format!(
        "{}: {} rows of {context} tokens",
        settings.name, options.max_rows
    );
    let routes = router(worker, speaker.tokenizer, settings);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("starting the server")?;
    runtime.block_on(async {
        let address = SocketAddr::new(args.host, args.port);
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}; choose another --port"))?;
        let mut log = std::io::stderr();
        writeln!(log, "{greeting}")?;
        if open {
            writeln!(
                log,
                "warning: everyone who reaches {} may use it: set {KEY} or --key-file",
                args.host
            )?;
        }
        let stop = stop()?;
        // The one line on the standard output: where it is, once it can be reached and stopped.
        writeln!(std::io::stdout(), "http://{}", listener.local_addr()?)?;
        ::serve::run(listener, routes, limits, stop).await;
        Ok(())
    })
}

/// Those of the arguments.
fn limits(args: &Serve) -> Result<Limits> {
    for (name, value) in [
        ("--connections", args.connections as u64),
        ("--patience", args.patience),
    ] {
        if value == 0 {
            return Err(UsageError(format!("{name} is 0; it must be at least 1")).into());
        }
    }
    Ok(Limits {
        connections: args.connections,
        patience: Duration::from_secs(args.patience),
    })
}

/// Lets the process open as many files as the system allows it; where that is fewer, connections wait for them.
fn raise_file_limit() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// Ends at the first signal to stop; at the second the process ends.
fn stop() -> Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        drop(writeln!(
            std::io::stderr(),
            "stopping once the replies under way are done; again to stop at once"
        ));
        tokio::spawn(async move {
            let code = tokio::select! {
                _ = interrupt.recv() => 130,
                _ = terminate.recv() => 143,
            };
            std::process::exit(code);
        });
    })
}

fn context(args: &Serve, positions: usize) -> Result<usize, UsageError> {
    let context = args.context.unwrap_or(positions.min(CONTEXT));
    if context < 2 || context > positions {
        return Err(UsageError(format!(
            "--context is {context}; it must be from 2 to {positions}, the model's positions"
        )));
    }
    Ok(context)
}

fn options(args: &Serve, context: usize, model: &Decoder) -> Result<EngineOptions> {
    let rows = args.rows.unwrap_or(ROWS);
    if rows == 0 {
        return Err(UsageError("--rows is 0; it must be at least 1".into()).into());
    }
    engine_options(model, (args.rows, rows), context, args.memory)
}

/// The last part of a path that says something: `7-r1` of `runs/tiny/7-r1/`.
fn name(model: &Path) -> String {
    let whole = model.canonicalize();
    let path = whole.as_deref().unwrap_or(model);
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn key(file: Option<&Path>) -> Result<Option<String>> {
    let Some(file) = file else {
        let key = std::env::var(KEY).ok();
        return Ok(key.filter(|key| !key.is_empty()));
    };
    let key = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read the key from {}", file.display()))?;
    let key = key.trim().to_owned();
    ensure!(
        !key.is_empty(),
        "{} is empty; put the key into it",
        file.display()
    );
    Ok(Some(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_from_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        assert!(
            key(Some(&file))
                .unwrap_err()
                .to_string()
                .contains("cannot read the key")
        );
        std::fs::write(&file, "\n").unwrap();
        assert!(
            key(Some(&file))
                .unwrap_err()
                .to_string()
                .contains("is empty")
        );
        std::fs::write(&file, "secret\n").unwrap();
        assert_eq!(key(Some(&file)).unwrap().as_deref(), Some("secret"));
    }

    #[test]
    fn a_model_is_called_like_its_directory() {
        let dir = tempfile::tempdir().unwrap();
        let model = dir.path().join("7-r1");
        std::fs::create_dir(&model).unwrap();
        assert_eq!(name(&model), "7-r1");
        assert_eq!(name(&model.join(".")), "7-r1");
        assert_eq!(name(Path::new("runs/none/")), "none");
    }
}
