//! The binary that runs a built program: it finds the image behind itself, opens the store and serves.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use tenon_launcher::{open, serve, trailer};
use tenon_runtime::native::load_file;
use tenon_runtime::service::NativeService;
use tenon_server::Settings;
use tenon_value::Value;

const HELP: &str = "Options:
  --data DIR        the folder of the durable store (./data)
  --port N          listen on this port (8080); 0 takes a free one
  --address A       listen on this address (127.0.0.1)
  --log-requests    write a line for every request
  -- ARGS           what `main` gets";

struct Options {
    data: PathBuf,
    address: SocketAddr,
    log_requests: bool,
    args: Vec<String>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err((message, code)) => {
            eprintln!("{message}");
            ExitCode::from(code)
        }
    }
}

fn run() -> Result<(), (String, u8)> {
    let start = Instant::now();
    let failed = |message: String| (format!("error: {message}"), 1);
    let Some(options) = options().map_err(|message| (format!("error: {message}\n\n{HELP}"), 2))? else {
        println!("{HELP}");
        return Ok(());
    };
    let path = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
    let mut file = std::fs::File::open(&path).map_err(|error| failed(error.to_string()))?;
    let at = trailer::find(&mut file).map_err(|error| failed(error.to_string()))?;
    let Some(at) = at else {
        return Err(failed("there is no program behind this launcher; `tenon build` puts one there".into()));
    };
    let loaded = load_file(&file, at).map_err(|error| failed(error.to_string()))?;
    let database = open(&loaded.tables().schema, &options.data).map_err(failed)?;
    let interface = loaded.interface();
    let limits = &interface.limits;
    let service = NativeService::new(loaded.clone(), database, limits.of_calls(), serve::log_to_stderr());
    if let Some(main) = interface.main {
        let args = Value::list(options.args.iter().map(Value::text).collect::<Vec<_>>());
        // `main` takes the arguments of the command line, or nothing.
        let takes = usize::from(loaded.entry(main).is_some_and(|entry| entry.arguments > 0));
        service
            .run(main, &[args][..takes])
            .map_err(|ended| failed(ended.told(|site| interface.sites.get(site as usize).cloned())))?;
    }
    if interface.api.endpoints.iter().all(|e| e.path.is_empty()) {
        return Ok(());
    }
    let settings = Settings { address: options.address, log_requests: options.log_requests, ..serve::settings(limits) };
    let serving = serve::start(service, settings).map_err(failed)?;
    println!("{}", serve::describe(&serving.running, &interface.api, start.elapsed()));
    serving.until_told().map_err(failed)
}

/// The options; `None` where help was asked for.
fn options() -> Result<Option<Options>, String> {
    let Settings { mut address, mut log_requests, .. } = Settings::default();
    let mut data = PathBuf::from("./data");
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("`{arg}` needs a value"));
        match arg.as_str() {
            "--data" => data = PathBuf::from(value()?),
            "--port" => {
                let port = value()?.parse().map_err(|_| "`--port` needs a number from 0 to 65535".to_owned())?;
                address.set_port(port);
            }
            "--address" => {
                let ip = value()?.parse().map_err(|_| "`--address` needs an IP address".to_owned())?;
                address = SocketAddr::new(ip, address.port());
            }
            "--log-requests" => log_requests = true,
            "--help" | "-h" => return Ok(None),
            "--" => return Ok(Some(Options { data, address, log_requests, args: args.collect() })),
            other => return Err(format!("`{other}` is not an option")),
        }
    }
    Ok(Some(Options { data, address, log_requests, args: Vec::new() }))
}
