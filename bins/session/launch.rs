//! Starts the programs that show a session, then the recorder, and ends them in order.
//!
//! The recorder determines the session: it ends when the recorder exits, whatever happens to the
//! others. The recorder streams the cast to this process, which copies it to every program and to
//! the file. Only a recording that is appended to is written by the recorder itself, and read back
//! as it grows.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::cli::{self, Failure, Program};
use common::config::Config;
use common::io::sibling;
use common::live::relay_id;
use common::notifier::Notifier;
use common::tty::{self, Interest, Signal, Signals};
use nix::sys::signal::kill;
use nix::unistd::Pid;

use crate::feed::{Recorded, feed};
use crate::options::Options;
use crate::sink::{Messages, Sink};

/// The `main` of both programs.
pub fn run(program: &'static Program) -> ExitCode {
    cli::run(program, |args| {
        tty::ignore_write_signals();
        let config = Config::load()?;
        let options = Options::read(args, &config)?;
        let shows = options.local.is_some() || options.remote.is_some();
        if program.name == "asciinema-stream" && !shows {
            return Err(Failure::Usage("one of --local and --remote is required".to_string()));
        }
        if !shows && options.file.is_none() {
            let what = "one of --output-file, --stream-local and --stream-remote is required";
            return Err(Failure::Usage(what.to_string()));
        }
        hold(&options, &config)
    })
}

/// Runs the session.
fn hold(options: &Options, config: &Config) -> cli::Result<()> {
    let is_enabled = config.optional_flag("notifications", "enabled")?.unwrap_or(true);
    let notifier = Notifier::new(is_enabled, config.text("notifications", "command")?.map(OsString::from));
    let log = options.log_file.as_ref().map(|path| {
        let file = OpenOptions::new().append(true).create(true).open(path);
        file.map_err(|error| Failure::io(&cli::source_name(path), &error))
    });
    let messages = Messages::new(notifier, options.is_quiet, log.transpose()?);

    let mut signals = Signals::catch(&[Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGCHLD])
        .map_err(|error| Failure::io("signals", &error))?;
    let mut target = Target::open(options)?;
    let (mut sinks, relay_id) = start_sinks(options, &messages)?;
    let notice = |text: &str| messages.pass(&format!("asciinema: {text}"));
    let name = options.file.as_deref().map(cli::source_name);
    if let Some(name) = &name {
        notice(&format!("recording asciicast to {name}"));
    }
    notice("press <ctrl-d> or type \"exit\" when you're done");

    let mut inputs: Vec<ChildStdin> = sinks.iter_mut().filter_map(|sink| sink.stdin.take()).collect();
    inputs.extend(target.converter_input());
    let has_ended = Arc::new(AtomicBool::new(false));
    let (source, output): (Box<dyn Read + Send>, Stdio) = match options.file.as_ref() {
        Some(file) if options.appends => {
            (Box::new(Recorded::new(file.clone(), Arc::clone(&has_ended))), Stdio::null())
        }
        _ => {
            let (source, output) = io::pipe().map_err(|error| Failure::io("pipe", &error))?;
            (Box::new(source), output.into())
        }
    };
    let file = target.cast.take();
    // Before the recorder: a session that nobody sees or keeps is not to begin.
    let feeder = thread::Builder::new().name("feeder".to_string()).spawn(move || feed(source, inputs, file));
    let feeder = feeder.map_err(|error| Failure::io("the recorder", &error))?;
    let mut recorder = start_recorder(options, relay_id, output)?;
    let status = wait(&mut recorder, &mut signals).map_err(|error| Failure::io("the recorder", &error))?;
    has_ended.store(true, Ordering::Release);
    let written = feeder.join().unwrap_or(Ok(()));
    let mut is_good = true;
    for sink in sinks {
        is_good &= sink.finish(&messages);
    }
    is_good &= target.finish();
    notice("recording finished");
    if let Some(name) = name {
        written.map_err(|error| Failure::io(&name, &error))?;
        if is_good && status.success() {
            notice(&format!("asciicast saved to {name}"));
        }
    }
    match code(status) {
        0 if is_good => Ok(()),
        0 => Err(Failure::Status(1)),
        code => Err(Failure::Status(code)),
    }
}

/// Starts the programs that show the session, and waits until all of them are ready. Returns them,
/// and the ID that keeps the session from being published into itself.
fn start_sinks(options: &Options, messages: &Messages) -> cli::Result<(Vec<Sink>, Option<String>)> {
    let mut sinks = Vec::new();
    let mut id = None;
    if let Some(address) = &options.local {
        let args = address.as_ref().map_or(Vec::new(), |address| vec!["--listen".into(), address.clone()]);
        sinks.push(Sink::start("asciinema-serve", &args, messages)?);
    }
    if let Some(stream) = &options.remote {
        let mut args = options.relay.clone();
        args.extend(["--env".into(), OsString::from(&options.variables)]);
        args.extend(stream.iter().flat_map(|stream| ["--stream".into(), stream.clone()]));
        sinks.push(Sink::start("asciinema-relay", &args, messages)?);
    }
    let mut ready = Vec::new();
    for sink in &sinks {
        let address = sink.address();
        if sink.publishes() {
            id = address.as_deref().map(relay_id);
        }
        ready.push(address.is_some());
    }
    if !ready.contains(&false) {
        return Ok((sinks, id));
    }
    // A program that is not ready has reported why.
    let statuses = sinks.into_iter().zip(ready).map(|(sink, is_ready)| sink.abandon(is_ready, messages));
    let statuses: Vec<i32> = statuses.collect();
    let is_usage = statuses.contains(&2);
    Err(Failure::Status(if is_usage { 2 } else { 1 }))
}

/// Starts the recorder in our terminal, with its stdout, which only a recording that is appended to
/// does not use.
fn start_recorder(options: &Options, relay_id: Option<String>, output: Stdio) -> cli::Result<Child> {
    let mut command = Command::new(sibling("asciinema-rec"));
    command.args(&options.recorder).arg("--quiet");
    let format = match options.format.as_deref() {
        Some("asciicast-v2") => "asciicast-v2",
        // As 3.x records; it includes the exit status, which is sent to viewers.
        _ => "asciicast-v3",
    };
    match options.file.as_ref().filter(|_| options.appends) {
        Some(file) => command.arg("--append").arg("--").arg(file),
        None => command.args(["--output-format", format, "-"]),
    };
    command.stdout(output);
    command.envs(relay_id.map(|id| ("ASCIINEMA_RELAY_ID", id)));
    command.spawn().map_err(|error| Failure::io("asciinema-rec", &error))
}

/// Waits for the recorder; a signal that would end us is passed on to it.
fn wait(recorder: &mut Child, signals: &mut Signals) -> io::Result<ExitStatus> {
    loop {
        if let Some(status) = recorder.try_wait()? {
            return Ok(status);
        }
        let mut interest = Interest::default();
        interest.read(signals.as_fd());
        tty::wait(&interest, None)?;
        for signal in signals.arrived().into_iter().filter(|&signal| signal != Signal::SIGCHLD) {
            // It may just have exited.
            let _ = kill(Pid::from_raw(recorder.id().cast_signed()), signal);
        }
    }
}

/// The output of the session, unless the recorder writes it itself.
#[derive(Default)]
struct Target {
    /// The file that receives the cast.
    cast: Option<File>,
    /// The program that converts the cast, if the file is in another format.
    converter: Option<Child>,
}

impl Target {
    fn open(options: &Options) -> cli::Result<Target> {
        let Some(path) = &options.file else { return Ok(Target::default()) };
        let is_text = path.as_encoded_bytes().ends_with(b".txt");
        let format = match options.format.as_deref() {
            Some(format @ ("raw" | "txt")) => Some(format),
            None if is_text => Some("txt"),
            _ => None,
        };
        if options.appends {
            return match format {
                Some(format) => {
                    Err(Failure::Usage(format!("cannot append to {format} output while streaming")))
                }
                // The recorder finds the end of the recording.
                None => Ok(Target::default()),
            };
        }
        let file = create(path, options.overwrites)?;
        let Some(format) = format else { return Ok(Target { cast: Some(file), converter: None }) };
        let mut command = Command::new(sibling("asciinema-convert"));
        command.args(["-f", format, "-"]).stdin(Stdio::piped()).stdout(file);
        let converter = command.spawn().map_err(|error| Failure::io("asciinema-convert", &error))?;
        Ok(Target { cast: None, converter: Some(converter) })
    }

    fn converter_input(&mut self) -> Option<ChildStdin> {
        self.converter.as_mut()?.stdin.take()
    }

    /// Waits until the file is complete. Returns whether it is.
    fn finish(self) -> bool {
        let mut converter = self.converter;
        converter.as_mut().is_none_or(|converter| converter.wait().is_ok_and(|status| status.success()))
    }
}

/// Creates the file to record to, and its parent directories.
fn create(path: &OsStr, overwrites: bool) -> cli::Result<File> {
    let name = cli::source_name(path);
    let failed = |error: io::Error| Failure::io(&name, &error);
    if !overwrites && fs::metadata(path).is_ok_and(|there| there.len() > 0) {
        return Err(Failure::Failed(format!(
            "{name} already exists, aborting; use --overwrite to replace it or --append to continue it"
        )));
    }
    if let Some(folder) = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    File::create(path).map_err(failed)
}

/// The status as a shell reports it.
fn code(status: ExitStatus) -> u8 {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    u8::try_from(code).unwrap_or(u8::MAX)
}
