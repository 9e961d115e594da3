//! `tenon build`: one executable that carries a program; no compiler inside, no C toolchain needed.

use crate::compile::Checked;
use crate::engine::{Native, own_limits};
use crate::project::Project;
use crate::report::{Stop, Voice};
use clap::Args;
use std::path::{Path, PathBuf};

/// See the module documentation.
#[derive(Args, Debug)]
pub struct Build {
    #[command(flatten)]
    program: crate::cli::Program,
    /// The executable to write; the default is the program's name
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// The processors that it is for
    #[arg(long, value_enum, default_value = "baseline")]
    cpu: Cpu,
}

/// Which processors an executable is for.
#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Cpu {
    /// All of this architecture since about 2009 (x86-64-v2)
    Baseline,
    /// This one, and those that have all that it has
    Native,
}

impl Build {
    /// Runs the command.
    ///
    /// # Errors
    /// The program has errors, the launcher is not beside `tenon`, or the file cannot be written.
    pub fn run(self, voice: Voice) -> Result<(), Stop> {
        let project = Project::read(&self.program.program)?;
        let checked = Checked::new(&project);
        checked.require_sound(voice)?;
        let lowered = checked.lower(voice)?;
        let cpu = match self.cpu {
            Cpu::Baseline => tenon_codegen::Cpu::Baseline,
            Cpu::Native => tenon_codegen::Cpu::Native,
        };
        let mut image = Native::image(&lowered.core, cpu)?;
        image.interface.sites = super::test::places(&lowered.core, &checked.db);
        image.interface.limits = own_limits(&project.config.limits);
        let launcher = launcher()?;
        let bytes =
            std::fs::read(&launcher).map_err(|error| Stop::failed(format!("`{}`: {error}", launcher.display())))?;
        let output = self.output.unwrap_or_else(|| PathBuf::from(&project.name));
        if output.is_dir() {
            return Err(Stop::failed(format!("`{}` is a folder: say `--output FILE`", output.display())));
        }
        write(&output, &tenon_launcher::trailer::attach(&bytes, &image.to_bytes()))
            .map_err(|error| Stop::failed(format!("`{}`: {error}", output.display())))?;
        if voice.json {
            voice.answer(&serde_json::json!({ "output": output }))?;
        }
        voice.say(format!("built `{}`", output.display()))?;
        Ok(())
    }
}

/// The launcher stands beside this binary: the same workspace command builds both.
fn launcher() -> Result<PathBuf, Stop> {
    let own = std::env::current_exe()?;
    let path = own.with_file_name("tenon-launcher");
    if path.is_file() {
        return Ok(path);
    }
    Err(Stop::failed(format!(
        "there is no `{}`; `cargo build -p tenon-launcher` with the same profile makes it",
        path.display()
    )))
}

/// Writes beside and renames, so that a running executable is not overwritten.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    std::fs::write(&beside, bytes)?;
    std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o755))?;
    std::fs::rename(&beside, path)
}
