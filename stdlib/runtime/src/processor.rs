//! What code asks of the processor that runs it: the features that a program was compiled with, and whether they are here.

use serde::{Deserialize, Serialize};

/// The processor that a program was compiled for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Processor {
    /// The architecture, as Rust names it: `x86_64`.
    pub architecture: String,
    /// The features that the code may use, by the names of [`Feature`].
    pub features: Vec<String>,
}

/// A feature of processors that code may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Its name, as the system's own list of the processor has it.
    pub name: &'static str,
    /// How the code generator names it.
    pub flag: &'static str,
    /// Whether every processor has it that Tenon builds programs for: x86-64-v2, the processors of 2009 and later; on
    /// aarch64 what all have.
    pub baseline: bool,
    /// Whether this processor has it.
    pub here: bool,
}

macro_rules! features {
    ($detected:ident: $($name:tt $flag:literal $baseline:literal;)*) => {
        vec![$(Feature {
            name: $name,
            flag: $flag,
            baseline: $baseline,
            here: std::arch::$detected!($name),
        }),*]
    };
}

/// The features of this architecture.
#[cfg(target_arch = "x86_64")]
pub fn features() -> Vec<Feature> {
    features! { is_x86_feature_detected:
        "cmpxchg16b" "has_cmpxchg16b" true;
        "sse3" "has_sse3" true;
        "ssse3" "has_ssse3" true;
        "sse4.1" "has_sse41" true;
        "sse4.2" "has_sse42" true;
        "popcnt" "has_popcnt" true;
        "lzcnt" "has_lzcnt" false;
        "bmi1" "has_bmi1" false;
        "bmi2" "has_bmi2" false;
        "fma" "has_fma" false;
        "avx" "has_avx" false;
        "avx2" "has_avx2" false;
        "avx512f" "has_avx512f" false;
        "avx512dq" "has_avx512dq" false;
        "avx512vl" "has_avx512vl" false;
        "avx512vbmi" "has_avx512vbmi" false;
        "avx512bitalg" "has_avx512bitalg" false;
    }
}

/// The features of this architecture.
#[cfg(target_arch = "aarch64")]
pub fn features() -> Vec<Feature> {
    features! { is_aarch64_feature_detected:
        "lse" "has_lse" false;
        "fp16" "has_fp16" false;
    }
}

impl Processor {
    /// This architecture with some of its features.
    pub fn with(features: impl IntoIterator<Item = Feature>) -> Processor {
        Processor {
            architecture: std::env::consts::ARCH.to_owned(),
            features: features.into_iter().map(|feature| feature.name.to_owned()).collect(),
        }
    }

    /// What this processor lacks of it, by name; nothing if it runs the code.
    pub fn missing(&self) -> Vec<String> {
        self.missing_of(std::env::consts::ARCH, &features())
    }

    fn missing_of(&self, architecture: &str, features: &[Feature]) -> Vec<String> {
        if self.architecture != architecture {
            return vec![self.architecture.clone()];
        }
        let here = |name: &String| features.iter().any(|feature| feature.name == name && feature.here);
        self.features.iter().filter(|name| !here(name)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let all = features();
        let here = Processor::with(all.iter().copied().filter(|feature| feature.here));
        assert_eq!(here.missing(), [] as [String; 0]);
        // An older processor, an unknown feature, and another architecture.
        let older: Vec<Feature> =
            all.iter().map(|feature| Feature { here: feature.here && feature.baseline, ..*feature }).collect();
        let newer: Vec<String> =
            all.iter().filter(|feature| feature.here && !feature.baseline).map(|f| f.name.to_owned()).collect();
        assert_eq!(here.missing_of(&here.architecture, &older), newer);
        let unknown = Processor { features: vec!["tenth-sense".to_owned()], ..here.clone() };
        assert_eq!(unknown.missing(), ["tenth-sense"]);
        let other = Processor { architecture: "mips".to_owned(), ..here };
        assert_eq!(other.missing(), ["mips"]);
    }
}
