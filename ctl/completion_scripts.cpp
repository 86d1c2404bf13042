// SPDX-License-Identifier: Apache-2.0
#include "ctl/completion.hpp"

namespace tcpctl::ctl {
namespace {

constexpr std::string_view kBash = R"script(# bash completion for tcpctl; it asks tcpctl itself.
_tcpctl() {
  # readline cuts words at ':' and '=' too; they are put together again as they stand on the line.
  local rest=${COMP_LINE:0:COMP_POINT} words=() i word trimmed
  for ((i = 0; i <= COMP_CWORD; i++)); do
    trimmed=${rest#"${rest%%[![:space:]]*}"}
    word=${COMP_WORDS[i]}
    ((i == COMP_CWORD)) && word=$trimmed
    if ((i == 0)) || [[ $trimmed != "$rest" ]]; then
      words+=("$word")
    else
      words[-1]+=$word
    fi
    rest=${trimmed#"$word"}
  done
  local current=${words[-1]#[\'\"]} cut= line candidates=()
  words[-1]=$current
  # What readline replaces begins behind the last of its cuts.
  [[ $current == *[:=]* && $COMP_WORDBREAKS == *:* ]] && cut=${current%"${current##*[:=]}"}
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "${current##*=}")
      return
    fi
    line=${line%%$'\t'*}
    [[ $line == "$current"* ]] && candidates+=("${line#"$cut"}")
  done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
  COMPREPLY=("${candidates[@]}")
  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=,] ]] && compopt -o nospace 2>/dev/null
}
complete -F _tcpctl tcpctl
)script";

constexpr std::string_view kZsh = R"script(#compdef tcpctl
# zsh completion for tcpctl; it asks tcpctl itself.
_tcpctl() {
  local line text help
  local -a lines candidates
  lines=("${(@f)$("${words[1]}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "${lines[1]}" == ":files" ]]; then
    compset -P '*='
    _files
    return
  fi
  for line in "${lines[@]}"; do
    [[ -n "$line" ]] || continue
    text="${line%%$'\t'*}"
    help="${line#*$'\t'}"
    candidates+=("${text//:/\\:}:${help}")
  done
  _describe -t values tcpctl candidates
}
if [[ "${funcstack[1]}" == "_tcpctl" ]]; then
  _tcpctl "$@"
else
  compdef _tcpctl tcpctl
fi
)script";

constexpr std::string_view kFish = R"script(# fish completion for tcpctl; it asks tcpctl itself.
function __tcpctl_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
    if test "$lines[1]" = ":files"
        __fish_complete_path (string replace -r '^--[^=]*=' '' -- "$current")
        return
    end
    printf '%s\n' $lines
end
complete -c tcpctl -f -a '(__tcpctl_complete)'
)script";

}  // namespace

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return {};
}

}  // namespace tcpctl::ctl
