//! A folder for stores, and how fast its disk flushes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tenon_driver::report::Stop;

use crate::measure::median;

/// A folder that goes when this goes.
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new folder below `TENON_BENCH_DIR`, or where temporary files go.
    pub fn new() -> Result<Scratch, Stop> {
        let base = std::env::var_os("TENON_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let number = std::process::id();
        let path = (0..).map(|n| base.join(format!("tenon-bench-{number}-{n}"))).find(|path| !path.exists());
        let path = path.ok_or_else(|| Stop::failed("there is no free name for a folder"))?;
        std::fs::create_dir_all(&path)?;
        Ok(Scratch(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("`{}` stays: {error}", self.0.display());
        }
    }
}

/// The median time of an append of 4 KiB with a flush, in microseconds.
pub fn probe(folder: &Path) -> Result<f64, Stop> {
    let mut file = std::fs::File::create(folder.join("probe"))?;
    let block = [b'x'; 4096];
    let mut times = Vec::new();
    for _ in 0..300 {
        let start = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(median(times))
}
