# Completions for asciinema and its programs, for bash 4.3 and later, without bash-completion.
# Install as `asciinema` in a directory of bash-completion, or in ~/.bashrc:
#     source <(asciinema completions bash)

_asciinema_commands='@COMMANDS@'

# Sets `arguments` and `options` for a program. A word of `options` is a name, or NAME=KIND if it
# takes a value; a kind is text, file, cast, recording, time, or the values separated by |.
_asciinema_program() { # PROGRAM
  case $1 in
    @PROGRAMS@
  esac
}

# Splits the command line into `words`, without quotes, as the shell would; nothing in it is run.
# The cursor is at the end of word `current`; `quote` is the open quote there, and `kept` the part of
# the word that readline does not replace, since it also breaks words at quotes, = and :.
_asciinema_split() {
  local at character last=0 open='' behind=''
  words=('') current=0 quote='' kept=''
  for ((at = 0; at <= ${#COMP_LINE}; at++)); do
    if ((at == COMP_POINT)); then
      # Text after the cursor is another word.
      current=$last quote=$open kept=$behind open=''
      words[++last]=''
    fi
    character=${COMP_LINE:at:1}
    case $open$character in
      "''" | '""')
        open=''
        continue
        ;;
      \" | \')
        open=$character behind=${words[last]}
        continue
        ;;
      # shellcheck disable=SC1003 # a backslash
      \\ | '"\')
        if ((at + 1 < ${#COMP_LINE} && at + 1 != COMP_POINT)); then
          ((at++))
          [[ $open && ${COMP_LINE:at:1} != [\"\\\$\`] ]] && words[last]+=$character
          words[last]+=${COMP_LINE:at:1}
        fi
        continue
        ;;
      ' ' | $'\t' | $'\n')
        [[ ${words[last]} ]] && words[++last]=''
        behind=''
        continue
        ;;
    esac
    words[last]+=$character
    [[ ! $open && $character == [=:] && $COMP_WORDBREAKS == *"$character"* ]] && behind=${words[last]}
  done
}

# Offers candidates that begin with the word at the cursor.
_asciinema_offer() { # CANDIDATE...
  local candidate
  for candidate; do
    [[ $candidate == "$word"* ]] || continue
    candidate=${candidate#"$kept"}
    case $quote in
      '') printf -v candidate %q "$candidate" ;;
      \") candidate=${candidate//[\"\\\$\`]/\\&} ;;
    esac
    COMPREPLY+=("$candidate")
  done
}

# Offers files with one of these endings, and directories; all files if there are none.
_asciinema_files() { # PREFIX ENDING...
  local prefix=$1 path=${word#"$1"} file home='' fitting=() others=()
  shift
  [[ $path == \~/* ]] && home=$HOME path=$HOME${path#\~}
  local has_failglob=''
  shopt -q failglob && has_failglob=yes && shopt -u failglob
  for file in "$path"*; do
    [[ -e $file ]] || continue
    # If nothing matches, the name is the pattern itself, which is not a file.
    local ending fits=''
    [[ -d $file ]] && fits=yes
    for ending; do [[ $file == *"$ending" ]] && fits=yes; done
    [[ $home ]] && file="~${file#"$home"}"
    file=$prefix$file
    others+=("${file#"$kept"}")
    [[ $fits ]] && fitting+=("${file#"$kept"}")
  done
  [[ $has_failglob ]] && shopt -s failglob
  # Readline quotes them itself, and appends a slash to a directory.
  compopt -o filenames 2>/dev/null
  COMPREPLY=("${fitting[@]}")
  ((${#fitting[@]})) || COMPREPLY=("${others[@]}")
}

# Offers the markers of the cast on the command line, except labels with escapes or control
# characters.
_asciinema_times() { # PREFIX
  local at file labels=()
  for ((at = ${#words[@]} - 1; at > 0; at--)); do
    [[ $at != "$current" && ${words[at - 1]} != @(-o|--output) ]] || continue
    file=${words[at]}
    [[ $file == \~/* ]] && file=$HOME${file#\~}
    [[ -f $file && -r $file ]] || continue
    mapfile -t labels < <(sed -n '@MARKERS@' <"$file" 2>/dev/null)
    break
  done
  _asciinema_offer "${labels[@]/#/$1}"
}

_asciinema_value() { # KIND PREFIX
  local candidates=()
  case $1 in
    '' | text) ;;
    file) _asciinema_files "$2" '' ;;
    cast) _asciinema_files "$2" .cast .json ;;
    recording) _asciinema_files "$2" .cast .txt ;;
    time) _asciinema_times "$2" ;;
    *)
      IFS='|' read -ra candidates <<<"$1"
      _asciinema_offer "${candidates[@]/#/$2}"
      ;;
  esac
}

_asciinema() {
  local words current quote kept option
  _asciinema_split
  COMPREPLY=()
  local word=${words[current]} before=${words[current - 1]} program=${words[0]##*/} arguments='' options=''
  if [[ $program == asciinema ]]; then
    if ((current == 1)); then
      # shellcheck disable=SC2086 # a list of words
      _asciinema_offer $_asciinema_commands --help --version
      return
    fi
    program=${words[1]}
    [[ $program == record ]] && program=rec
  fi
  _asciinema_program "${program#asciinema-}"

  local at
  for ((at = 1; at < current; at++)); do
    # There are no options after --.
    [[ ${words[at]} == -- ]] && options='' before=''
  done
  # shellcheck disable=SC2086
  for option in $options; do
    [[ $option == *=* ]] || continue
    if [[ $before == "${option%%=*}" ]]; then
      _asciinema_value "${option#*=}" ''
      return
    elif [[ $word == "${option%%=*}="* ]]; then
      _asciinema_value "${option#*=}" "${option%%=*}="
      return
    fi
  done
  if [[ $word == -* && $options ]]; then
    # shellcheck disable=SC2086
    set -- $options
    _asciinema_offer "${@%%=*}"
  else
    _asciinema_value "$arguments" ''
  fi
}

complete -F _asciinema asciinema@NAMES@
