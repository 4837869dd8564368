//! The file of the access log, or standard output: lines go in, and old files go when there are too many.
//!
//! A file that has grown over its size becomes `NAME.1`, the one before it `NAME.2`, and so on. A file that somebody
//! else moved away (logrotate) is noticed, and a new one is begun. Only the writer's thread writes here.

use super::line::Lines;
use super::packed::Record;
use crate::settings::AccessLogSettings;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

pub struct AccessLog {
    settings: AccessLogSettings,
    /// None: standard output, or a file that could not be opened again.
    file: Option<File>,
    lines: Lines,
    buffer: Vec<u8>,
}

impl AccessLog {
    /// Opens or begins the file; `-` is standard output.
    ///
    /// # Errors
    /// The file cannot be opened; the text names it.
    pub fn open(settings: AccessLogSettings) -> io::Result<Self> {
        let mut log = Self { settings, file: None, lines: Lines::default(), buffer: Vec::new() };
        if !log.is_standard_output() {
            log.file = Some(append_to(&log.settings.path)?);
        }
        Ok(log)
    }

    /// Writes a line for each record.
    ///
    /// # Errors
    /// What the disk says; the next lines try again.
    pub fn write<'r>(&mut self, records: impl Iterator<Item = Record<'r>>) -> io::Result<()> {
        self.buffer.clear();
        for record in records {
            self.lines.write(&mut self.buffer, &record)?;
        }
        if self.is_standard_output() {
            let mut output = io::stdout().lock();
            return output.write_all(&self.buffer).and_then(|()| output.flush());
        }
        let length = self.place()?;
        let Some(file) = &mut self.file else { return Err(io::ErrorKind::NotFound.into()) };
        file.write_all(&self.buffer).inspect_err(|_| {
            // Half a line would spoil the next one; a disk that refuses this too has nothing better to say.
            file.set_len(length).ok();
        })
    }

    fn is_standard_output(&self) -> bool {
        self.settings.path == Path::new("-")
    }

    /// Sees to the file that the next lines go to; how long it is.
    fn place(&mut self) -> io::Result<u64> {
        let path = &self.settings.path;
        let there = fs::metadata(path).ok();
        let known = self.file.as_ref().map(File::metadata).transpose()?;
        let same = known.zip(there).filter(|(known, there)| (known.dev(), known.ino()) == (there.dev(), there.ino()));
        let mut length = same.as_ref().map_or(0, |(known, _)| known.len());
        let full = length > 0 && length + self.buffer.len() as u64 > self.settings.bytes;
        if full && self.settings.bytes > 0 {
            self.make_room()?;
        }
        if same.is_none() || full {
            let file = self.file.insert(append_to(path)?);
            length = file.metadata()?.len();
        }
        Ok(length)
    }

    /// Every file becomes one older; the oldest goes.
    fn make_room(&self) -> io::Result<()> {
        let files = self.settings.files.max(1);
        for number in (1..files).rev() {
            match fs::rename(self.older(number), self.older(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(&self.settings.path, self.older(1))
    }

    fn older(&self, number: u32) -> PathBuf {
        let mut name = self.settings.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path).map_err(|error| {
        io::Error::new(error.kind(), format!("cannot open the access log {}: {error}", path.display()))
    })
}
