//! The system's fonts, for characters in no other font.
//!
//! The characters of a font are read from one of its tables rather than the whole file, and only as
//! many fonts are examined as it takes to find a character.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use ttf_parser::cmap;

use super::face::FontData;

/// The font directories, below the user's home directory and elsewhere.
const HOME_FOLDERS: [&str; 3] = [".local/share/fonts", ".fonts", "Library/Fonts"];
const FOLDERS: [&str; 4] =
    ["/usr/local/share/fonts", "/usr/share/fonts", "/Library/Fonts", "/System/Library/Fonts"];

/// The maximum depth of nested font directories, generously; links may form loops.
const DEEPEST: usize = 8;

/// A larger character table than any font has.
const LARGEST_TABLE: u32 = 16 << 20;

/// The system's fonts, in the order in which they are tried.
pub struct SystemFonts {
    candidates: Vec<Candidate>,
}

/// A font that may have a missing character.
struct Candidate {
    path: PathBuf,
    index: u32,
    /// The characters it has, once they have been read.
    characters: Option<Vec<RangeInclusive<u32>>>,
    /// The font, once it has been needed.
    font: Option<FontData>,
}

impl SystemFonts {
    /// Lists the system's fonts: monospaced ones first, upright before bold before slanted, then by
    /// name, so that the result is the same each time.
    pub fn find() -> SystemFonts {
        let home = env::home_dir().unwrap_or_default();
        let mut paths = Vec::new();
        for folder in HOME_FOLDERS.iter().map(|folder| home.join(folder)).chain(FOLDERS.map(PathBuf::from)) {
            collect(&folder, DEEPEST, &mut paths);
        }
        paths.sort_by_cached_key(|path| (rank(path), path.clone()));
        paths.dedup();
        let mut candidates = Vec::new();
        for path in paths {
            for index in 0..fonts_in(&path).unwrap_or(0) {
                candidates.push(Candidate { path: path.clone(), index, characters: None, font: None });
            }
        }
        SystemFonts { candidates }
    }

    /// The first font with a character.
    pub fn with(&mut self, character: char) -> Option<&FontData> {
        let code = character as u32;
        let has = |candidate: &mut Candidate| {
            let characters = candidate
                .characters
                .get_or_insert_with(|| characters(&candidate.path, candidate.index).unwrap_or_default());
            characters.iter().any(|range| range.contains(&code))
        };
        let candidate =
            self.candidates.iter_mut().find_map(|candidate| has(candidate).then_some(candidate))?;
        if candidate.font.is_none() {
            let bytes = fs::read(&candidate.path).ok()?;
            candidate.font = FontData::new(bytes.into(), candidate.index);
        }
        candidate.font.as_ref()
    }
}

/// Collects the files below a directory that are fonts by their names.
fn collect(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_font = path.extension().is_some_and(|extension| {
            ["ttf", "otf", "ttc", "otc"].iter().any(|known| extension.eq_ignore_ascii_case(known))
        });
        if is_font {
            paths.push(path);
        } else if depth > 0 && path.is_dir() {
            collect(&path, depth - 1, paths);
        }
    }
}

/// The rank of a font by its name; lower comes first.
fn rank(path: &Path) -> (bool, bool, bool) {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let says = |word: &str| name.contains(word);
    (
        !says("mono"),
        says("italic") || says("oblique"),
        says("bold") || says("black") || says("light") || says("thin"),
    )
}

/// The number of fonts in a file.
fn fonts_in(path: &Path) -> io::Result<u32> {
    let mut start = [0; 12];
    File::open(path)?.read_exact(&mut start)?;
    let count = u32::from_be_bytes([start[8], start[9], start[10], start[11]]);
    Ok(if start.starts_with(b"ttcf") { count.min(64) } else { 1 })
}

/// The characters in a font.
fn characters(path: &Path, index: u32) -> io::Result<Vec<RangeInclusive<u32>>> {
    let mut file = File::open(path)?;
    let table = table(&mut file, index, *b"cmap")?;
    let mut ranges: Vec<RangeInclusive<u32>> = Vec::new();
    for subtable in cmap::Table::parse(&table).into_iter().flat_map(|table| table.subtables) {
        if !subtable.is_unicode() {
            continue;
        }
        let mut add = |code: u32| match ranges.last_mut() {
            Some(last) if *last.end() + 1 == code => *last = *last.start()..=code,
            _ => ranges.push(code..=code),
        };
        // A code may be listed without a glyph.
        subtable.codepoints(|code| {
            if subtable.glyph_index(code).is_some_and(|glyph| glyph.0 != 0) {
                add(code);
            }
        });
    }
    Ok(ranges)
}

/// Reads one table of a font, using the directory at its front.
fn table(file: &mut File, index: u32, tag: [u8; 4]) -> io::Result<Vec<u8>> {
    let mut start = [0; 12];
    file.read_exact(&mut start)?;
    if start.starts_with(b"ttcf") {
        file.seek(SeekFrom::Start(12 + 4 * u64::from(index)))?;
        let offset = read_u32(file)?;
        file.seek(SeekFrom::Start(offset.into()))?;
        file.read_exact(&mut start)?;
    }
    for _ in 0..u16::from_be_bytes([start[4], start[5]]) {
        let mut name = [0; 4];
        file.read_exact(&mut name)?;
        let (_checksum, offset, length) = (read_u32(file)?, read_u32(file)?, read_u32(file)?);
        if name == tag && length <= LARGEST_TABLE {
            file.seek(SeekFrom::Start(offset.into()))?;
            let mut table = Vec::new();
            file.take(length.into()).read_to_end(&mut table)?;
            return Ok(table);
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

fn read_u32(file: &mut File) -> io::Result<u32> {
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes))
}
