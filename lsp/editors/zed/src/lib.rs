//! The extension of Zed: which program is the language server of Tenon, and what it is told.
//!
//! Zed compiles this for WebAssembly when the extension is installed; the language itself is described by files beside.

use zed_extension_api::settings::LspSettings;
use zed_extension_api::{self as zed, Command, LanguageServerId, Result, Worktree, serde_json};

struct Tenon;

impl zed::Extension for Tenon {
    fn new() -> Self {
        Tenon
    }

    /// `tenon lsp`: the program that the settings name, else the one in `PATH`.
    fn language_server_command(&mut self, server: &LanguageServerId, worktree: &Worktree) -> Result<Command> {
        let settings = LspSettings::for_worktree(server.as_ref(), worktree)?.binary;
        let (path, arguments, env) = match settings {
            Some(binary) => (binary.path, binary.arguments, binary.env),
            None => (None, None, None),
        };
        let command = path.or_else(|| worktree.which("tenon")).ok_or(
            "`tenon` is not in PATH: install it, or say in the settings where it is: \
             \"lsp\": { \"tenon\": { \"binary\": { \"path\": \"/where/tenon\" } } }",
        )?;
        let mut variables = worktree.shell_env();
        variables.extend(env.into_iter().flatten());
        Ok(Command { command, args: arguments.unwrap_or_else(|| vec!["lsp".to_owned()]), env: variables })
    }

    /// What the settings say under `initialization_options`.
    fn language_server_initialization_options(
        &mut self,
        server: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Option<serde_json::Value>> {
        Ok(LspSettings::for_worktree(server.as_ref(), worktree)?.initialization_options)
    }
}

zed::register_extension!(Tenon);
