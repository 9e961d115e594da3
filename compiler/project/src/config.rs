//! `tenon.toml`.

use serde::Deserialize;
use tenon_check::db::{Settings, WireNames};

/// `tenon.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The program's name; the first step of its modules in `use`.
    pub name: Option<String>,
    /// The program's version, for documents.
    pub version: Option<String>,
    /// The wire.
    #[serde(default)]
    pub http: Http,
    /// What a call may use.
    #[serde(default)]
    pub limits: Limits,
}

/// `[http]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// `"camelCase"`: how names are spelled on the wire; otherwise as in the program.
    pub names: Option<Names>,
    /// Stands before the path of every endpoint, such as `"/api"`.
    pub prefix: Option<String>,
}

/// Spellings.
#[derive(Clone, Copy, Debug, Deserialize)]
pub enum Names {
    /// `camelCase`
    #[serde(rename = "camelCase")]
    Camel,
    /// As in the program.
    #[serde(rename = "snake_case")]
    Snake,
}

/// `[limits]`: absent ones have the runtime's defaults.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Steps of a call.
    pub fuel: Option<u64>,
    /// Bytes of memory of a call.
    pub memory: Option<u64>,
    /// Depth of calls within a call.
    pub depth: Option<u32>,
    /// Bytes of a request's body.
    pub body: Option<u64>,
    /// Milliseconds of a request.
    pub time: Option<u64>,
}

/// Why a text is no `tenon.toml`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigError {
    /// What is wrong, in words for people; may have several lines.
    pub message: String,
    /// The bytes that it is about, where they are known.
    pub range: Option<std::ops::Range<usize>>,
}

impl Config {
    /// Reads the text of a `tenon.toml`.
    ///
    /// # Errors
    /// It is not TOML, says something that nobody reads, its name is none, or its prefix is no path.
    pub fn parse(text: &str) -> Result<Config, ConfigError> {
        let config: Config = toml::from_str(text)
            .map_err(|error| ConfigError { message: error.to_string().trim_end().to_owned(), range: error.span() })?;
        if let Some(name) = &config.name
            && !is_name(name)
        {
            let range = text.find(&format!("\"{name}\"")).map(|start| start + 1..start + 1 + name.len());
            let line = range.as_ref().and_then(|range| text.get(..range.start)).map(|before| before.lines().count());
            let at = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            let message = format!(
                "{at}`name = \"{name}\"` cannot be a program's name: other modules say it in `use`, so write it in lower_snake, as \"shop\""
            );
            return Err(ConfigError { message, range });
        }
        if let Some(prefix) = &config.http.prefix
            && (!prefix.starts_with('/') || prefix.ends_with('/') || prefix.contains(['{', '}', '?', '#', ' ']))
        {
            let message = format!("`prefix = \"{prefix}\"` should look like \"/api\"");
            let range = text.find(prefix.as_str()).map(|start| start..start + prefix.len());
            return Err(ConfigError { message, range });
        }
        Ok(config)
    }

    /// What the checker knows of it. `fallback` names a program that does not name itself.
    pub fn settings(&self, fallback: &str) -> Settings {
        Settings {
            name: self.name.as_deref().unwrap_or(fallback).into(),
            names: match self.http.names {
                Some(Names::Camel) => WireNames::Camel,
                _ => WireNames::AsWritten,
            },
            prefix: self.http.prefix.as_deref().unwrap_or("").into(),
        }
    }
}

/// Whether a text can stand in `use`.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_says_what_is_wrong_and_where() {
        let text = "name = \"shop\"\n[http]\nprefix = \"api/\"\n";
        let error = Config::parse(text).unwrap_err();
        assert_eq!(error.message, "`prefix = \"api/\"` should look like \"/api\"");
        assert_eq!(&text[error.range.unwrap()], "api/");
        for name in ["a b", "", "9a", "Shop", "ä"] {
            let text = format!("version = \"1\"\nname = \"{name}\"\n");
            let error = Config::parse(&text).unwrap_err();
            assert!(error.message.starts_with(&format!("line 2: `name = \"{name}\"`")), "{}", error.message);
            assert_eq!(&text[error.range.unwrap()], name);
        }
        let text = "nome = \"shop\"\n";
        let error = Config::parse(text).unwrap_err();
        assert_eq!(&text[error.range.unwrap()], "nome");
    }

    #[test]
    fn settings_of_a_config() {
        let config = Config::parse("[http]\nnames = \"camelCase\"\nprefix = \"/api\"\n").unwrap();
        let settings = config.settings("folder");
        assert_eq!((&*settings.name, settings.names, &*settings.prefix), ("folder", WireNames::Camel, "/api"));
    }
}
