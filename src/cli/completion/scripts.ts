import { COMPLETE_COMMAND } from './complete.js';

/** Shells that there is a script for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** One of {@link SHELLS}. */
export type Shell = (typeof SHELLS)[number];

/** What a shell is to read in order to complete command lines of ours: it asks us, and puts the answers in place. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}

/** Needs bash 4.4; does without the package bash-completion, but uses it for the commands that are run by ours. */
const BASH = `# Completion of memsched for bash, made by "memsched completion bash".
_memsched() {
  local answer kind at count
  COMPREPLY=()
  mapfile -t answer < <(command memsched ${COMPLETE_COMMAND} bash "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2> /dev/null)
  read -r kind at count <<< "\${answer[0]-}"
  case $kind in
    these)
      compopt +o bashdefault +o default -o nosort
      [[ $at == open ]] && compopt -o nospace
      COMPREPLY=("\${answer[@]:1}")
      ;;
    folders) compopt +o bashdefault +o default -o dirnames ;;
    inner)
      if ((count == COMP_CWORD + 1)) && declare -F _command_offset > /dev/null; then
        _command_offset "$at"
      elif ((at == count - 1)); then
        mapfile -t COMPREPLY < <(compgen -c -- "$2")
      fi
      ;;
  esac
}
# Where nothing is suggested, bash itself does what it does for files.
complete -o bashdefault -o default -F _memsched memsched
`;

/** For a folder of `$fpath`, and to be sourced after compinit. */
const ZSH = `#compdef memsched
# Completion of memsched for zsh, made by "memsched completion zsh".
_memsched() {
  local -a answer values shown kind ending
  local line tab=$'\\t' described=
  local -i width=0
  answer=("\${(@f)$(command memsched ${COMPLETE_COMMAND} zsh -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2> /dev/null)}")
  kind=(\${=answer[1]})
  [[ $PREFIX == --*=* ]] && compset -P "\${(b)PREFIX%%=*}="
  case $kind[1] in
    these)
      for line in "\${(@)answer[2,-1]}"; do
        values+=("\${line%%$tab*}")
        ((\${#values[-1]} > width)) && width=\${#values[-1]}
      done
      for line in "\${(@)answer[2,-1]}"; do
        if [[ -n \${line#*$tab} ]]; then
          described=-l
          shown+=("\${(r:width:)line%%$tab*}  -- \${line#*$tab}")
        else
          shown+=("\${line%%$tab*}")
        fi
      done
      [[ $kind[2] == open ]] && ending=(-S '')
      compadd -V memsched $described "\${ending[@]}" -d shown -a values
      ;;
    files) _files ;;
    folders) _files -/ ;;
    inner)
      shift $kind[2] words
      ((CURRENT -= kind[2]))
      _normal
      ;;
  esac
}
if [[ $funcstack[1] == _memsched ]]; then
  _memsched "$@"
else
  compdef _memsched memsched
fi
`;

/** For a file `memsched.fish` in a folder of `$fish_complete_path`, and to be sourced. */
const FISH = `# Completion of memsched for fish, made by "memsched completion fish".
function __memsched_complete
    set -l tokens (commandline -opc)
    set -l current (commandline -ct)
    set -l answer (command memsched ${COMPLETE_COMMAND} fish -- $tokens[2..-1] "$current" 2> /dev/null)
    set -l kind (string split ' ' -- $answer[1])
    # What comes before the value in --option=value.
    set -l before (string match -r -- '^--[^=]*=' "$current")
    set -l value (string replace -r -- '^--[^=]*=' '' "$current")
    switch "$kind[1]"
        case these
            test (count $answer) -gt 1; and printf '%s\\n' $answer[2..-1]
        case files
            printf '%s\\n' "$before"(__fish_complete_path "$value")
        case folders
            printf '%s\\n' "$before"(__fish_complete_directories "$value")
        case inner
            set -l first (math $kind[2] + 1)
            set -l inner
            test $first -le (count $tokens); and set inner (string escape -- $tokens[$first..-1])
            complete -C (string join ' ' -- $inner "$current")
    end
end
complete -c memsched -f -k -a '(__memsched_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
