//! What stands in an image beside the code: the processor that it is for, and the numbers that it shares with the runtime.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod harness;

use harness::Both;
use tenon_codegen::{Cpu, Options};
use tenon_runtime::processor::features;
use tenon_value::Value;

#[test]
fn code_is_for_this_processor_or_for_all() {
    for cpu in [Cpu::Native, Cpu::Baseline] {
        let mut both = Both::with(
            "fn f(n: Int, x: Float) -> Text pure { return to_text(((n * n) + div_int(n, 7))) }",
            Options { cpu, verify: true, ..Options::default() },
        );
        let expected: Vec<String> = features()
            .into_iter()
            .filter(|feature| if cpu == Cpu::Baseline { feature.baseline } else { feature.here })
            .map(|feature| feature.name.to_owned())
            .collect();
        assert_eq!(both.image.processor.features, expected);
        assert_eq!(both.image.processor.missing(), [] as [String; 0]);
        both.value("f", &[12.into(), Value::Float(1.5)]);
    }
}

/// What the hash of the interface covers is what the code generator takes from there; so it takes nothing from elsewhere.
#[test]
fn numbers_that_are_shared_come_from_the_contract() {
    let forbidden =
        ["offset_of!", "size_of::<", "tenon_store::layout", "tenon_runtime::buffer", "tenon_runtime::context"];
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let text = std::fs::read_to_string(&path).unwrap();
            let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            let text = code.join("\n");
            for word in forbidden {
                assert!(
                    !text.contains(word),
                    "{} has `{word}`: take it from `tenon_runtime::contract`",
                    path.display()
                );
            }
        }
    }
    assert!(files > 10, "{files} files were read");
}

#[test]
fn a_function_that_needs_too_much_stack_is_refused() {
    let joined = |count: usize| {
        let texts = vec!["t"; count].join(", ");
        let text = format!("fn f(t: Text) -> Text pure {{ return concat({texts}) }}");
        Both::of(tenon_core::text::parse(&text).unwrap(), Options::default())
    };
    joined(1_000).unwrap();
    let refused = joined(20_000).err().unwrap();
    assert!(refused.message.contains("KiB of stack, and 256 are the most"), "{refused}");
}
