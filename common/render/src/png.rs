//! PNG stills.
//!
//! A picture of a terminal rarely has more than 256 colors: a pixel is then an index, which is far
//! shorter than a color.

use std::collections::HashMap;
use std::io::{self, Write};

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError, Filter};

use crate::canvas::{Canvas, CanvasCell};
use crate::paint::{Paint, Painter};
use crate::theme::Rgb;

/// The number of steps from the background to the text.
pub const STEPS: u8 = 16;

/// Writes a picture of the canvas.
///
/// # Errors
///
/// Errors of the sink.
pub fn write(mut out: impl Write, canvas: &Canvas, painter: &mut Painter) -> io::Result<()> {
    let cells: Vec<CanvasCell> = canvas.shown().collect();
    let all = painter.all();
    let sheet = painter.sheet(&cells, all, |_| Paint::Yes);
    let mut colors: Vec<Rgb> = painter.all_colors(&sheet).into_iter().collect();
    colors.sort_unstable();
    let layout = painter.layout;
    let mut encoder = Encoder::new(&mut out, layout.width(), layout.height());
    encoder.set_compression(Compression::High);
    encoder.set_filter(Filter::NoFilter);
    let mut outcome = Ok(());
    let mut keep = |result: io::Result<()>| {
        if outcome.is_ok() {
            outcome = result;
        }
    };
    if colors.len() <= 256 {
        encoder.set_color(ColorType::Indexed);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_palette(colors.iter().flat_map(|c| [c.red, c.green, c.blue]).collect::<Vec<u8>>());
        let indexes: HashMap<Rgb, u8> = colors.iter().copied().zip(0..=u8::MAX).collect();
        let mut writer = encoder.write_header().map_err(io_error)?;
        let mut stream = writer.stream_writer().map_err(io_error)?;
        let index = |color| indexes.get(&color).copied().unwrap_or(0);
        painter.picture(&sheet, index, |pixels| keep(stream.write_all(pixels)));
        keep(stream.finish().and_then(|()| writer.finish()).map_err(io_error));
    } else {
        encoder.set_color(ColorType::Rgb);
        encoder.set_depth(BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(io_error)?;
        let mut stream = writer.stream_writer().map_err(io_error)?;
        let bytes = |color: Rgb| [color.red, color.green, color.blue];
        painter.picture(&sheet, bytes, |pixels| keep(stream.write_all(pixels.as_flattened())));
        keep(stream.finish().and_then(|()| writer.finish()).map_err(io_error));
    }
    outcome?;
    out.flush()
}

fn io_error(error: EncodingError) -> io::Error {
    match error {
        EncodingError::IoError(error) => error,
        other => io::Error::other(other),
    }
}
