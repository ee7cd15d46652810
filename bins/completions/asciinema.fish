# Completions for asciinema and its programs, for fish 3.4 and later.
# Install as `asciinema.fish` in a directory of $fish_complete_path, or in config.fish:
#     asciinema completions fish | source

# Succeeds if asciinema is about to run one of these commands.
function __asciinema_runs # COMMAND...
    set -l words (commandline -opc)
    set -q words[2]; and contains -- $words[2] $argv
end

# Succeeds if asciinema has no command yet.
function __asciinema_has_no_command
    test (count (commandline -opc)) -eq 1
end

# The markers of the cast on the command line, except labels with escapes or control characters.
function __asciinema_times
    set -l words (commandline -op)
    for at in (seq (count $words) -1 2)
        contains -- $words[(math $at - 1)] -o --output; and continue
        set -l file (string replace -r '^~/' "$HOME/" -- $words[$at])
        if test -f "$file" -a -r "$file"
            sed -n '@MARKERS@' <$file 2>/dev/null
            return
        end
    end
end

# Files with one of these endings, and directories; all files if there are none.
function __asciinema_files # ENDING...
    set -l all (complete -C "'' "(commandline -ct))
    set -l pattern '(/|'(string join '|' (string escape --style=regex -- $argv))')$'
    string match -e -r -- $pattern $all; or printf '%s\n' $all
end

# The name and operands of a program, with arguments for `complete`.
function __asciinema_program # NAME WHAT-IT-DOES [WORD...]
    complete -c asciinema -n __asciinema_has_no_command -f -a $argv[1] -d $argv[2]
    complete -c asciinema-$argv[1] -f $argv[3..]
    set -l names $argv[1]
    test $argv[1] = rec; and set -a names record
    complete -c asciinema -n "__asciinema_runs $names" -f $argv[3..]
end

# An option of a program, with arguments for `complete`.
function __asciinema_option # PROGRAM WORD...
    complete -c asciinema-$argv[1] $argv[2..]
    set -l names $argv[1]
    test $argv[1] = rec; and set -a names record
    complete -c asciinema -n "__asciinema_runs $names" $argv[2..]
end

complete -c asciinema -e
complete -c asciinema -f
complete -c asciinema -n __asciinema_has_no_command -s h -l help -d 'list the commands'
complete -c asciinema -n __asciinema_has_no_command -s V -l version -d 'print the version'
@PROGRAMS@

functions -e __asciinema_program __asciinema_option
