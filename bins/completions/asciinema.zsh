#compdef asciinema@NAMES@
# Completions for asciinema and its programs, for zsh.
# Install as `_asciinema` in a directory of $fpath, or in ~/.zshrc after compinit:
#     source <(asciinema completions zsh)

_asciinema_commands() {
  local -a commands=(
    @DESCRIPTIONS@
  )
  _describe -t commands command commands
}

# The markers of the cast on the command line, except labels with escapes or control characters.
_asciinema_times() {
  local -a labels
  local at file
  for ((at = $#words; at > 1; at--)); do
    [[ $at != $CURRENT && $words[at-1] != (-o|--output) ]] || continue
    file=${${(Q)words[at]}/#\~\//$HOME/}
    [[ -f $file && -r $file ]] || continue
    labels=("${(@f)$(sed -n '@MARKERS@' <$file 2>/dev/null)}")
    break
  done
  labels=(${labels:#})
  local expl
  _wanted markers expl marker compadd -a labels
}

_asciinema_input() {
  _alternative 'files:cast:_files -g "*.(cast|json)(-.)"' 'urls:URL:_urls'
}

# Completes the arguments of a program.
_asciinema_program() { # PROGRAM
  case $1 in
    @PROGRAMS@
    *) _default ;;
  esac
}

_asciinema() {
  if [[ $service != asciinema ]]; then
    _asciinema_program ${service#asciinema-}
  elif ((CURRENT > 2)); then
    local program=${words[2]/#%record/rec}
    shift words
    ((CURRENT--))
    _asciinema_program $program
  elif [[ $words[2] == -* ]]; then
    _arguments '(- *)'{-h,--help}'[list the commands]' '(- *)'{-V,--version}'[print the version]'
  else
    _asciinema_commands
  fi
}

# If autoloaded, this file is the body of the function; if sourced, it only registers it.
if [[ $funcstack[1] == _asciinema ]]; then
  _asciinema "$@"
else
  compdef _asciinema asciinema@NAMES@
fi
