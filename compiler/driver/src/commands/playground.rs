//! `tenon playground`: the page that people try the language on, with a native engine behind it, for this machine only.

use crate::report::{Stop, Voice};
use clap::Args;
use std::path::{Path, PathBuf};
use tenon_playground_server::{Settings, serve};

/// See the module documentation.
#[derive(Args, Debug)]
pub struct Playground {
    /// Listen on this port; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The folder of the built page; the default is found beside this executable or in its workspace
    #[arg(long)]
    page: Option<PathBuf>,
}

impl Playground {
    /// Runs the command, until the process is ended.
    ///
    /// # Errors
    /// The page is not built, or the port is taken.
    pub fn run(self, voice: Voice) -> Result<(), Stop> {
        let page = match self.page {
            Some(page) => page,
            None => find().ok_or_else(|| {
                Stop::failed(
                    "the page is not built: run `playground/build` in the workspace of Tenon (it needs Node.js with npm), \
                     or name the folder of a built page with `--page`",
                )
            })?,
        };
        let shown = page.display().to_string();
        let settings = Settings { page, port: self.port };
        serve(&settings, |address| {
            if voice.json {
                // It serves all the same where nobody reads this.
                let _ = voice.answer(&serde_json::json!({ "address": address.to_string() }));
            }
            voice.mention(format!("the playground is at http://{address}/ (for this machine only; Ctrl-C ends it)"));
        })
        .map_err(|error| Stop::failed(format!("cannot serve the page in `{shown}`: {error}")))
    }
}

/// The built page: beside the executable, or in the target folder that the executable lies in.
fn find() -> Option<PathBuf> {
    let executable = std::env::current_exe().ok()?;
    let folder = executable.parent()?;
    let beside = folder.join("playground");
    let above = folder.ancestors().map(|folder| folder.join("playground/page"));
    std::iter::once(beside).chain(above).find(|page: &PathBuf| is_page(page))
}

fn is_page(folder: &Path) -> bool {
    folder.join("index.html").is_file() && folder.join("main.js").is_file()
}
