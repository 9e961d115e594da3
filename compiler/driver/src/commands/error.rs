//! `tenon error`: the page of a diagnostic code.

use crate::report::{Stop, Voice};
use clap::Args;
use tenon_diagnostics::{CATALOGUE, find_code};

/// See the module documentation.
#[derive(Args, Debug)]
pub struct Explain {
    /// `T0211`, `211` or a name such as `maybe-none`; without one, all codes are listed
    code: Option<String>,
}

impl Explain {
    /// Runs the command.
    ///
    /// # Errors
    /// There is no such code.
    pub fn run(self, voice: Voice) -> Result<(), Stop> {
        let Some(text) = self.code else {
            return list(voice);
        };
        let Some(code) = find_code(&text) else {
            return Err(Stop::usage(format!("there is no diagnostic `{text}`; `tenon error` lists all")));
        };
        let info = code.info();
        if voice.json {
            voice.answer(&serde_json::json!({
                "code": code.to_string(), "name": info.name, "rule": info.rule, "page": info.page,
            }))?;
            return Ok(());
        }
        voice.say(format!("{code} {}\n\n{}\n", info.name, sentence(info.rule)))?;
        voice.say(info.page.trim_end())?;
        Ok(())
    }
}

fn list(voice: Voice) -> Result<(), Stop> {
    if voice.json {
        let rows: Vec<_> = CATALOGUE
            .iter()
            .map(|(code, info)| serde_json::json!({ "code": code.to_string(), "name": info.name, "rule": info.rule }))
            .collect();
        voice.answer(&serde_json::Value::Array(rows))?;
        return Ok(());
    }
    for (code, info) in CATALOGUE {
        voice.say(format!("{code}  {:<24} {}", info.name, info.rule))?;
    }
    Ok(())
}

fn sentence(rule: &str) -> String {
    let mut chars = rule.chars();
    match chars.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), chars.as_str()),
        None => String::new(),
    }
}
