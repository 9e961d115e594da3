//! `tenon run`: checks, compiles and serves a program over its durable store; with `--watch` it exchanges the code
//! when files change, between transactions, and keeps the old code while the new one has errors. What is stored changes with
//! it where the change only adds; otherwise the differences are told, and the old code goes on.

use crate::cli::{Data, Program};
use crate::compile::Checked;
use crate::engine::{Native, limits, own_limits};
use crate::project::{Project, Stamp};
use crate::report::{Stop, Voice};
use clap::Args;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use tenon_core::ir;
use tenon_launcher::serve::Serving;
use tenon_runtime::context::Limits;
use tenon_runtime::database::Database;
use tenon_runtime::native::Loaded;
use tenon_runtime::service::NativeService;
use tenon_server::{Running, Settings, Signals};
use tenon_value::Value;
use tenon_value::schema::Schema;

/// See the module documentation.
#[derive(Args, Debug)]
pub struct Run {
    #[command(flatten)]
    program: Program,
    #[command(flatten)]
    data: Data,
    /// Listen on this port; 0 takes a free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Listen on this address; the default is reachable from this machine only
    #[arg(long, default_value = "127.0.0.1")]
    address: IpAddr,
    /// Check again and exchange the code when a file changes
    #[arg(long)]
    watch: bool,
    /// Write a line for every request
    #[arg(long)]
    log_requests: bool,
    /// What `main` gets
    #[arg(last = true)]
    args: Vec<String>,
}

/// What is served at the moment.
struct Live {
    checked: Checked,
    schema: Schema,
    database: Arc<Database>,
    loaded: Arc<Loaded>,
    limits: Limits,
}

/// How often files are looked at. A look at a few hundred files takes well under a millisecond.
const WATCH: Duration = Duration::from_millis(80);

impl Run {
    /// Runs the command.
    ///
    /// # Errors
    /// The program has errors, its store cannot be opened, or the address is taken.
    pub fn run(self, voice: Voice) -> Result<(), Stop> {
        let start = Instant::now();
        let project = Project::read(&self.program.program)?;
        let checked = Checked::new(&project);
        checked.require_sound(voice)?;
        let lowered = checked.lower(voice)?;
        let places = super::test::places(&lowered.core, &checked.db);
        let mut native = Native::compile_with_places(&lowered.core, places)?;
        let database = native.open(&self.data.data)?;
        if let Some(better) = native.compile_for_data(&lowered.core, &database)? {
            native = better;
        }
        let service = NativeService::new(
            native.loaded.clone(),
            database.clone(),
            limits(&project.config.limits),
            tenon_launcher::serve::log_to_stderr(),
        );
        if let Some(main) = lowered.core.main {
            let args = Value::list(self.args.iter().map(Value::text).collect::<Vec<_>>());
            // `main` takes the arguments of the command line, or nothing.
            let takes = lowered.core.functions[main.0 as usize].params.len().min(1);
            let result = service.run(main.0, &[args][..takes]);
            if let Err(ended) = result {
                let sites = &native.image.interface.sites;
                return Err(Stop::failed(ended.told(|site| sites.get(site as usize).cloned())));
            }
        }
        let public = lowered.core.api.endpoints.iter().filter(|e| !e.path.is_empty()).count();
        if public == 0 {
            if lowered.core.main.is_none() {
                return Err(Stop::failed(
                    "this program exposes nothing: give a query or handler an `at` clause, or write `fn main(args: [Text])`",
                ));
            }
            return Ok(());
        }
        let serving = tenon_launcher::serve::start(service, self.settings(&project)).map_err(Stop::failed)?;
        announce(voice, &serving, &lowered.core, start.elapsed())?;
        if !self.watch {
            return serving.until_told().map_err(Stop::failed);
        }
        let Serving { running, signals, .. } = serving;
        let mut live = Live {
            checked,
            schema: native.planned.schema,
            database,
            loaded: native.loaded,
            limits: limits(&project.config.limits),
        };
        let stopped = self.watch(voice, signals, &running, &mut live);
        tenon_launcher::serve::stop(running, &live.database).map_err(Stop::failed)?;
        stopped
    }

    fn settings(&self, project: &Project) -> Settings {
        Settings {
            address: SocketAddr::new(self.address, self.port),
            log_requests: self.log_requests,
            ..tenon_launcher::serve::settings(&own_limits(&project.config.limits))
        }
    }

    fn watch(&self, voice: Voice, signals: Signals, running: &Running, live: &mut Live) -> Result<(), Stop> {
        let mut seen = Stamp::of(&self.program.program);
        let durable = live.database.durable().clone();
        let (ended_sender, ended) = channel();
        std::thread::Builder::new().name("tenon-signals".into()).spawn(move || {
            // The receiver is gone only when the process ends anyway.
            let _ = ended_sender.send(signals.wait(&durable));
        })?;
        loop {
            match ended.recv_timeout(WATCH) {
                Ok(result) => return result.map_err(|lost| Stop::failed(lost.to_string())),
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let mut now = Stamp::of(&self.program.program);
            if now == seen {
                continue;
            }
            // Editors write several times; what comes within a moment belongs together.
            loop {
                std::thread::park_timeout(WATCH / 4);
                let later = Stamp::of(&self.program.program);
                if later == now {
                    break;
                }
                now = later;
            }
            seen = now;
            match self.exchange(voice, running, live) {
                Ok(()) => {}
                Err(stop) if live.database.is_closed() => return Err(stop),
                Err(stop) if stop.message.is_empty() => voice.mention("the old program goes on"),
                Err(stop) if stop.message.contains('\n') => {
                    voice.mention(format!("{}\nthe old program goes on", stop.message));
                }
                Err(stop) => voice.mention(format!("{}; the old program goes on", stop.message)),
            }
        }
    }

    fn exchange(&self, voice: Voice, running: &Running, live: &mut Live) -> Result<(), Stop> {
        let start = Instant::now();
        let project = Project::read(&self.program.program)?;
        live.checked.update(&project);
        live.checked.require_sound(voice)?;
        let lowered = live.checked.lower(voice)?;
        let places = super::test::places(&lowered.core, &live.checked.db);
        let mut new = Native::compile_with_places(&lowered.core, places)?;
        let evolves = new.planned.schema != live.schema;
        if evolves {
            let differences = tenon_launcher::differences(&live.schema, &new.planned.schema);
            if !differences.is_empty() {
                let list: String = differences.iter().map(|what| format!("\n  {what}")).collect();
                return Err(Stop::failed(format!("what is stored has another shape now:{list}")));
            }
        }
        // All that can be known to fail fails here, before the store changes hands.
        let limits = limits(&project.config.limits);
        serve(&new.loaded, &live.database, limits)?;
        if evolves {
            self.evolve(running, live, &new.planned.schema)?;
        }
        match new.compile_for_data(&lowered.core, &live.database) {
            Ok(Some(better)) => new = better,
            Ok(None) => {}
            Err(stop) => voice.mention(format!("not planned for the data that is there: {}", stop.message)),
        }
        running.swap(serve(&new.loaded, &live.database, limits)?);
        live.loaded = new.loaded;
        live.limits = limits;
        let stored = if evolves { ", with what is stored" } else { "" };
        voice.mention(format!("exchanged{stored} in {:.0?}", start.elapsed()));
        Ok(())
    }

    /// Opens the store in a new shape. If what is stored does not fit it, the old program goes on over the store as it was.
    fn evolve(&self, running: &Running, live: &mut Live, schema: &Schema) -> Result<(), Stop> {
        // Queries are answered meanwhile; a handler that begins in this moment waits for the next program.
        live.database.close();
        match tenon_launcher::open_after(&live.database, schema, &self.data.data) {
            Ok(database) => {
                live.database = database;
                live.schema = schema.clone();
                Ok(())
            }
            Err(why) => {
                let again = |why| Stop::failed(format!("the store cannot be opened again: {why}"));
                live.database =
                    tenon_launcher::open_after(&live.database, &live.schema, &self.data.data).map_err(again)?;
                running.swap(serve(&live.loaded, &live.database, live.limits)?);
                Err(Stop::failed(why))
            }
        }
    }
}

/// A compiled program over a database, for the server.
fn serve(loaded: &Arc<Loaded>, database: &Arc<Database>, limits: Limits) -> Result<tenon_server::Program, Stop> {
    let log = tenon_launcher::serve::log_to_stderr();
    let service = NativeService::new(loaded.clone(), database.clone(), limits, log);
    tenon_server::Program::new(Arc::new(service)).map_err(|error| Stop::failed(error.to_string()))
}

/// Tells where the program listens and how to call it.
fn announce(voice: Voice, serving: &Serving, core: &ir::Program, ready: Duration) -> Result<(), Stop> {
    if voice.json {
        voice.answer(&serde_json::json!({ "address": serving.running.address().to_string() }))?;
    }
    voice.say(tenon_launcher::serve::describe(&serving.running, &core.api, ready))
}
