//! Holds back the sequences of a recording that could harm a terminal, by [`super::rules`].

use memchr::memchr;

use super::rules::{self, ENQ, Verdict};
use super::{Csi, End, Kind, Part, Token, Tokenizer};

/// Saves the terminal's own title on its stack of titles.
const SAVE_TITLE: &[u8] = b"\x1b[22;0t";

/// Cancels an unfinished string.
const CANCEL: u8 = 0x18;

/// Filters the output written to a terminal. Everything else passes byte for byte.
///
/// A sequence is passed on only when it is complete, so that nothing written between two pieces of
/// output falls inside one.
#[derive(Debug, Default)]
pub struct Guard {
    tokenizer: Tokenizer,
    /// True if the current long string is held back.
    holds_string: bool,
    has_saved_title: bool,
}

impl Guard {
    /// Appends the allowed part of the next piece to `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut tokens = self.tokenizer.tokens(bytes);
        while let Some(token) = tokens.next() {
            let is_later_part = matches!(token.kind,
                Kind::String(string) if matches!(string.part, Part::Middle | Part::Last));
            if is_later_part {
                if !self.holds_string {
                    push_without_questions(token.bytes, out);
                    let is_cut_off = matches!(token.kind, Kind::String(string) if string.end == End::CutOff);
                    out.extend(is_cut_off.then_some(CANCEL));
                }
                continue;
            }
            let verdict = verdict(&token);
            if let Kind::String(_) = token.kind {
                self.holds_string = verdict == Verdict::Hold;
                if verdict == Verdict::Undo && !std::mem::replace(&mut self.has_saved_title, true) {
                    out.extend_from_slice(SAVE_TITLE);
                }
            }
            match (verdict, token.kind) {
                (Verdict::Hold, _) => {
                    // Control characters within the sequence take effect separately.
                    out.extend(token.controls().filter(|&control| control != ENQ));
                    if let Kind::Csi(csi) = token.kind {
                        push_other_modes(csi, out);
                    }
                }
                _ => push_without_questions(token.bytes, out),
            }
        }
    }

    /// Drops the unfinished sequence: the next piece starts outside of any.
    pub fn restart(&mut self) {
        *self = Guard { has_saved_title: self.has_saved_title, ..Guard::default() };
    }
}

/// Appends a token that passes. An ENQ within a sequence may take effect, even in a string.
fn push_without_questions(token: &[u8], out: &mut Vec<u8>) {
    if memchr(ENQ, token).is_some() {
        out.extend(token.iter().filter(|&&byte| byte != ENQ));
    } else {
        out.extend_from_slice(token);
    }
}

fn verdict(token: &Token<'_>) -> Verdict {
    match token.kind {
        // Terminals ignore these, but disagree on what ends one, and on how long one may be.
        Kind::Broken => Verdict::Hold,
        Kind::String(string) if string.end == End::CutOff => Verdict::Hold,
        // More parameters than are examined.
        Kind::Csi(csi) if matches!(csi.last, b'h' | b'l') && csi.values().len() >= MOST_MODES => {
            Verdict::Hold
        }
        Kind::Csi(csi) if csi.function().2 == 0 => Verdict::Hold,
        _ => rules::rule_of(token).map_or(Verdict::Pass, |rule| rule.verdict),
    }
}

/// The maximum number of modes examined in one sequence.
const MOST_MODES: usize = 32;

/// Appends the permitted modes of a sequence that sets several.
fn push_other_modes(csi: &Csi, out: &mut Vec<u8>) {
    let is_mode_switch = matches!(csi.function(), (b'?', 0, b'h' | b'l'));
    if !is_mode_switch || csi.has_sub_parameters() || csi.values().len() >= MOST_MODES {
        return;
    }
    let passing: Vec<String> = { csi.values().iter() }
        .filter(|&&mode| !rules::is_held_mode(mode, csi.last == b'h'))
        .map(u16::to_string)
        .collect();
    if !passing.is_empty() {
        out.extend_from_slice(format!("\x1b[?{}{}", passing.join(";"), char::from(csi.last)).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vt::{RULES, rule_of};
    use proptest::prelude::*;

    /// Sequences for every rule that holds back.
    const HELD: &[&str] = &[
        "\x05",
        "\x1b[c",
        "\x1b[0c",
        "\x1b[>c",
        "\x1b[=c",
        "\x1b[>0q",
        "\x1bZ",
        "\x1b[6n",
        "\x1b[?6n",
        "\x1b[?996n",
        "\x1b[x",
        "\x1b[?2026$p",
        "\x1b[4$p",
        "\x1b[2$w",
        "\x1b[?u",
        "\x1b[?4m",
        "\x1b[?1;1;0S",
        "\x1bP$qm\x1b\\",
        "\x1bP+q544e\x1b\\",
        "\x1b[1;1;1;1;1;1*y",
        "\x1b[#R",
        "\x1b[1;1;2;2#|",
        "\x1b['|",
        "\x1b[1;2'z",
        "\x1b[?2048h",
        "\x1b]11;?\x07",
        "\x1b]4;1;?\x1b\\",
        "\x1b]52;c;?\x07",
        "\x1b[18t",
        "\x1b[21t",
        "\x1b[8;24;80t",
        "\x1b[3;0;0t",
        "\x1b[22;0t",
        "\x1b[23;0t",
        "\x1b[2t",
        "\x1b[>2t",
        "\x1b[132$|",
        "\x1b[50*|",
        "\x1b]52;c;aGVsbG8=\x1b\\",
        "\x1b]5522;type=write\x1b\\",
        "\x1b]4;1;red\x07",
        "\x1b]10;#fff\x07",
        "\x1b]19;#fff\x07",
        "\x1b]21;foreground=red\x07",
        "\x1b]104\x07",
        "\x1b]111\x1b\\",
        "\x1b]P1ff0000\x07",
        "\x1b[1#P",
        "\x1b]50;fixed\x07",
        "\x1bP0;0{ @x\x1b\\",
        "\x1b]9;hello\x07",
        "\x1b]9;4;1;50\x07",
        "\x1b]99;;hello\x1b\\",
        "\x1b]777;notify;a;b\x07",
        "\x1b]1337;File=inline=1:AAAA\x07",
        "\x1b]3;WM_NAME=x\x07",
        "\x1b]46;/tmp/log\x07",
        "\x1b]51;Efind-file x\x07",
        "\x1b]l title\x1b\\",
        "\x1b[i",
        "\x1b[5i",
        "\x1b[?4i",
        "\x1bP0;1|17/6c730d\x1b\\",
        "\x1b[1 t",
        "\x1b[8 u",
        "\x1b[1q",
        "\x1b[?2l",
        "\x1b[?38h",
        "\x1b[?46h",
        "\x1b[61\"p",
        "\x1b[1+p",
        "\x1b[4;1y",
        "\x1b%@",
        "\x1b_Gt=f,a=T;L2V0Yy9wYXNzd2Q=\x1b\\",
        "\x1b_Ga=T,t=t;L3RtcC94\x1b\\",
        "\x1b_Gt=s;eA==\x1b\\",
        "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\",
        "\x1bPtmux;x\x1b\\",
        "\x1bPx\x1b\\",
        "\x1bP=1s\x01\x1b\\",
        "\x1bP1;2p S\x1b\\",
        "\x1b_anything\x1b\\",
        "\x1bXanything\x1b\\",
        "\x1b^anything\x1b\\",
        // Terminals ignore controls in strings, or execute them.
        "\x1b]\x0152;c;eA==\x07",
        "\x1b]5\x7f2;c;eA==\x1b\\",
        "\x1b]133;\n?\x07",
        "\x1b_G\x01t\n=f;eA==\x1b\\",
        "\x1b]22;?__current__\x1b\\",
        // Numbers that may be taken for smaller ones.
        "\x1b]4294967348;c;eA==\x07",
        "\x1b[?67584h",
        "\u{9b}6n",
        "\u{9d}52;c;eA==\u{9c}",
        "\u{90}$qm\u{9c}",
        "\u{9f}x\u{9c}",
        "\u{9a}",
        // Cancelled by CAN or another sequence: some terminals execute even those.
        "\x1b]52;c;eA==\x1b[m",
        // Longer than any legitimate one.
        TOO_LONG,
    ];

    const TOO_LONG: &str = {
        const BYTES: [u8; 2000] = {
            let mut bytes = [b'0'; 2000];
            (bytes[0], bytes[1], bytes[1999]) = (0x1b, b'[', b'n');
            bytes
        };
        match std::str::from_utf8(&BYTES) {
            Ok(text) => text,
            Err(_) => "",
        }
    };

    /// Sequences that draw, or that are reset at the end.
    const PASSED: &[&str] = &[
        "text ż界😀\r\n\t\x08\x07\x7f",
        "\x1b[1;31;48;2;1;2;3;4:3m",
        "\x1b[2J\x1b[H\x1b[3;4H\x1b[K\x1b[5;10r\x1b[?7l\x1b[4h\x1b[3J\x1b[!p\x1bc",
        "\x1b[?1049h\x1b[?25l\x1b[?2004;1000;1006h\x1b[?1004h\x1b[>1u\x1b[<u\x1b[=1u\x1b[>4;2m\x1b[?2026h",
        "\x1b7\x1b8\x1b(0\x1b)B\x1b=\x1b>\x0e\x0f\x1bM\x1b#8\x1b[ q\x1b[2 q\x1b[1\"q\x1b%G",
        "\x1b]8;id=1;http://example.org/?\x1b\\link\x1b]8;;\x1b\\",
        "\x1b]133;A\x07\x1b]7;file:///\x07\x1b]633;A\x07",
        "\x1bPq#0;2;0;0;0~-\x1b\\\x1bP0;1;0q~\x1b\\",
        "\x1b_Ga=T,f=24,s=1,v=1;AAAA\x1b\\\x1b_Gm=0;AAAA\x1b\\",
        "\x1b[1;1;2;2$r\x1b[1;1;2;2$t\x1b[5b\x1b[2Z",
        "\u{9b}31m\u{84}\u{85}",
        "\x1bP=1s\x1b\\\x1bP=2s\x1b\\",
    ];

    fn guarded<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> String {
        let (mut guard, mut out) = (Guard::default(), Vec::new());
        for piece in pieces {
            guard.push(piece, &mut out);
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn unsafe_sequences_are_held_back_wherever_they_are_cut() {
        for held in HELD {
            // The sequence that cancels another is not part of it.
            let held = held.strip_suffix("\x1b[m").unwrap_or(held);
            for end in ["", "\x1b[m"] {
                let whole = format!("a{held}{end}b");
                let is_given_up = whole.contains("eA==\x1b[m");
                if is_given_up != held.ends_with("eA==") {
                    continue;
                }
                for at in 0..=whole.len() {
                    let (front, back) = whole.as_bytes().split_at(at);
                    assert_eq!(guarded([front, back]), format!("a{end}b"), "{held:?} cut at {at}");
                }
            }
        }
    }

    #[test]
    fn everything_else_passes_byte_for_byte_wherever_it_is_cut() {
        for passed in PASSED {
            for at in 0..=passed.len() {
                let (front, back) = passed.as_bytes().split_at(at);
                let (mut guard, mut out) = (Guard::default(), Vec::new());
                guard.push(front, &mut out);
                guard.push(back, &mut out);
                assert_eq!(out, passed.as_bytes(), "{passed:?} cut at {at}");
            }
        }
    }

    #[test]
    fn every_rule_is_tested() {
        let mut tried = Vec::new();
        for sequence in HELD.iter().chain(PASSED).chain(&["\x1b]2;title\x07"]) {
            let mut tokenizer = Tokenizer::default();
            let mut tokens = tokenizer.tokens(sequence.as_bytes());
            while let Some(token) = tokens.next() {
                tried.extend(rule_of(&token).map(|rule| rule.name));
            }
        }
        for rule in RULES {
            assert!(tried.contains(&rule.name), "{}", rule.name);
        }
    }

    #[test]
    fn only_the_unsafe_one_of_several_modes_is_held_back() {
        assert_eq!(guarded([&b"\x1b[?25;2048;7h"[..]]), "\x1b[?25;7h");
        assert_eq!(guarded([&b"\x1b[?2;1l"[..]]), "\x1b[?1l");
        let many = format!("\x1b[?{}2048h", "1;".repeat(32));
        assert_eq!(guarded([many.as_bytes()]), "");
    }

    #[test]
    fn a_wrapper_is_removed_and_its_contents_are_checked() {
        let wrapped = "a\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\x1b[6n\x1b\x1b[31m\x1b\\b";
        assert_eq!(guarded([wrapped.as_bytes()]), "a\x1b[31m\x1b\\b");
        let wrapped = "a\x1bP\x1b]52;c;eA==\x07\x1b\\b";
        assert_eq!(guarded([wrapped.as_bytes()]), "a\x1b\\b");
    }

    #[test]
    fn controls_within_a_sequence_take_effect_without_it() {
        assert_eq!(guarded([&b"\x1b[\n6\x05n\x1b[\r3\x051m"[..]]), "\n\x1b[\r31m");
        // They do not hide its introducer either.
        assert_eq!(guarded([&b"\x1b\n]52;c;eA==\x07\x1b\r[6n\x1b\x7fP$qm\x1b\\b"[..]]), "\n\rb");
        assert_eq!(guarded([&b"\x1b\x05]2;\x05title\x07"[..]]), "\x1b[22;0t\x1b]2;title\x07");
        assert_eq!(guarded([&b"\x1b]8;;http:\x05//a\x07"[..]]), "\x1b]8;;http://a\x07");
    }

    #[test]
    fn the_title_is_saved_before_the_first_is_shown() {
        let shown = guarded([&b"a\x1b]0;one\x07b\x1b]2;two\x1b\\"[..]]);
        assert_eq!(shown, "a\x1b[22;0t\x1b]0;one\x07b\x1b]2;two\x1b\\");
    }

    #[test]
    fn a_long_string_is_held_back_or_passed_as_a_whole() {
        let long = "A".repeat(3 << 20);
        let held = format!("a\x1b]52;c;{long}\x07b\x1b_Gt=f;{long}\x1b\\c");
        assert_eq!(guarded(held.as_bytes().chunks(10_007)), "abc");
        let image = format!("a\x1b_Gf=24;{long}\x1b\\b");
        assert_eq!(guarded(image.as_bytes().chunks(10_007)), image);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_input_produces_unsafe_output(
            pieces in prop::collection::vec(
                prop_oneof![
                    "[a-z0-9;:?>=$qGPZ\\[\\]\\\\_ cnt]{1,4}",
                    "[\x00-\x1f\x7f\u{80}-\u{a0}]",
                    "\x1b[\\[\\]P_X^\\\\%(]",
                    prop::sample::select(HELD).prop_map(str::to_string),
                    prop::sample::select(PASSED).prop_map(str::to_string),
                ],
                0..20,
            ),
            cut in 1usize..9,
        ) {
            let input = pieces.concat();
            let whole = guarded([input.as_bytes()]);
            prop_assert_eq!(&guarded(input.as_bytes().chunks(cut)), &whole);
            let mut tokenizer = Tokenizer::default();
            let mut tokens = tokenizer.tokens(whole.as_bytes());
            while let Some(token) = tokens.next() {
                let is_own = token.bytes == SAVE_TITLE;
                prop_assert!(is_own || verdict(&token) != Verdict::Hold, "{:?} of {:?}", token, input);
                prop_assert!(is_own || token.controls().all(|control| control != ENQ));
            }
            prop_assert!(!tokenizer.is_within_sequence());
        }
    }
}
